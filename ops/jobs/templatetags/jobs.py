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
    """How far a job is now."""
    return progresses.progress_of(job, timezone.now())


@register.filter
def took(job: Job) -> str:
    """How long an ended job took."""
    return progresses.took(job)


@register.filter
def undoes_work(job: Job) -> bool:
    """Whether a job that fails or is cancelled leaves nothing behind."""
    return progresses.undoes_work(job)


@register.filter
def rollback_failure(job: Job) -> str:
    """Why an ended job was not rolled back, and what is left of it, as sentences; "" where nothing is to be done."""
    return progresses.rollback_failure(job)


@register.filter
def cancel_note(job: Job) -> str:
    """What cancelling a job does, as a sentence; "" where that needs none."""
    kind = kind_of(job)
    return str(kind.cancel_note) if kind else ""


@register.filter
def why_no_cancel(job: Job) -> str:
    """Why a job cannot be cancelled, as a sentence with what to do instead; "" where it can."""
    return starting.why_no_cancel(job)


@register.filter
def may_cancel(user: Any, job: Job) -> bool:
    """Whether somebody may cancel a job now."""
    return permissions.may_cancel(user, job)


@register.filter
def may_retry(user: Any, job: Job) -> bool:
    """Whether somebody may start a job again now."""
    return permissions.may_retry(user, job)
