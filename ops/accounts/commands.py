"""Helpers of management commands: finding an account, and the ``--by`` option."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError


def account(username: str) -> Any:
    """Return the account with this username. Raises CommandError if there is none."""
    found = get_user_model().objects.filter(username=username).first()
    if found is None:
        raise CommandError(f"There is no account “{username}”: check the spelling; usernames are case-sensitive.")
    return found


def add_by(parser: ArgumentParser) -> None:
    parser.add_argument("--by", metavar="USERNAME", help="who does this, for the audit trail; nobody by default")


def acting_staff(options: dict[str, Any], permission: str = "") -> Any:
    """Return the staff member given by ``--by``, or None. Raises CommandError if they may not do it in the console."""
    if not options["by"]:
        return None
    found = account(options["by"])
    if not (found.is_staff and found.is_active):
        raise CommandError(f"{options['by']} is not active staff: name somebody who may sign in to the console.")
    if permission and not found.has_perm(permission):
        raise CommandError(f"{options['by']} may not do this in the console: name somebody whose role allows it.")
    return found
