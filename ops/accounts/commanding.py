"""What the commands about accounts have in common: who is meant, who does it, and how far it came."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from django.utils import timezone

from ops.accounts.deletion_models import DeletionRequest, State
from ops.jobs import starting


def account(username: str) -> Any:
    """The account of that name. Raises CommandError."""
    found = get_user_model().objects.filter(username=username).first()
    if found is None:
        raise CommandError(f"There is no account “{username}”: check the spelling, capital letters count.")
    return found


def add_by(parser: ArgumentParser) -> None:
    parser.add_argument("--by", metavar="USERNAME", help="whose act this is in the audit trail; nobody's without it")


def acting(options: dict[str, Any], permission: str = "") -> Any:
    """Whoever ``--by`` names, or None. Raises CommandError where they could not do this in the console: nobody is put
    down as the second person whose role does not make them one."""
    if not options["by"]:
        return None
    found = account(options["by"])
    if not (found.is_staff and found.is_active):
        raise CommandError(f"{options['by']} is not active staff: name somebody who may sign in to the console.")
    if permission and not found.has_perm(permission):
        raise CommandError(f"{options['by']} may not do this in the console: name somebody whose role allows it.")
    return found


def finish(request: DeletionRequest) -> str:
    """Do what can be done in this process, and say where the request stands now."""
    request.refresh_from_db()
    if request.job is not None and request.runs_at and request.runs_at <= timezone.now():
        job = starting.run_now(request.job)
        request.refresh_from_db()
        if job.error:
            raise CommandError(job.error)
    receipt = request.receipt
    if receipt is not None:
        return f"Done: receipt {receipt.pk}."
    if request.state == State.REQUESTED:
        return (
            f"The account is closed. A second person approves it: manage.py approve_deletion {request.pk} --by USERNAME"
        )
    return f"Request {request.pk}: {request.words}"
