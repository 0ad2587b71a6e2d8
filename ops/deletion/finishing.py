"""What commands do with a request in their own process, and say of it."""

from __future__ import annotations

from django.core.management.base import CommandError
from django.utils import timezone

from ops.deletion.models import DeletionRequest, State
from ops.jobs import starting


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
    return f"Request {request.pk}: {request.status_text}"
