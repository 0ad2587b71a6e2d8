"""Running a request within a command, and reporting its state."""

from __future__ import annotations

from django.core.management.base import CommandError
from django.utils import timezone

from ops.deletion.models import DeletionRequest, State
from ops.jobs import starting


def finish(request: DeletionRequest) -> str:
    """Run the request's job here if it is due; returns a sentence on its state. Raises CommandError if it failed."""
    request.refresh_from_db()
    if request.job is not None and request.runs_at and request.runs_at <= timezone.now():
        job = starting.run_now(request.job)
        request.refresh_from_db()
        if job.error:
            raise CommandError(job.error)
    receipt = request.receipt
    if receipt is not None:
        return f"Done. Receipt {receipt.pk}."
    if request.state == State.REQUESTED:
        return (
            "The account is closed. A second person has to approve it: manage.py approve_deletion "
            f"{request.pk} --by USERNAME"
        )
    return f"Request {request.pk}: {request.status_text}"
