"""Filters for templates that show jobs."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from ops.jobs import permissions, starting
from ops.jobs import progress as progresses
from ops.jobs.kinds import kind_of
from ops.jobs.models import Job
from ops.jobs.progress import Progress

register = template.Library()


@register.filter
def progress(job: Job) -> Progress:
    """Return the progress of a job now."""
    return progresses.progress_of(job, timezone.now())


@register.filter
def took(job: Job) -> str:
    """Return how long an ended job took."""
    return progresses.took(job)


@register.filter
def undoes_work(job: Job) -> bool:
    """Return whether a job that fails or is cancelled leaves nothing behind."""
    return progresses.undoes_work(job)


@register.filter
def rollback_failure(job: Job) -> str:
    """Return why an ended job was not rolled back, and what is left of it, in sentences; "" if it needs no action."""
    return progresses.rollback_failure(job)


@register.filter
def cancel_note(job: Job) -> str:
    """Return what cancelling a job does, as a sentence; "" if that needs none."""
    kind = kind_of(job)
    return str(kind.cancel_note) if kind else ""


@register.filter
def why_no_cancel(job: Job) -> str:
    """Return why a job cannot be cancelled, as a sentence with what to do instead; "" if it can."""
    return starting.why_no_cancel(job)


@register.filter
def may_cancel(user: Any, job: Job) -> bool:
    """Return whether this user can cancel a job now."""
    return permissions.may_cancel(user, job)


@register.filter
def may_retry(user: Any, job: Job) -> bool:
    """Return whether this user can start a job again now."""
    return permissions.may_retry(user, job)
