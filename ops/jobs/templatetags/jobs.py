"""What templates say about jobs."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from ops.jobs import progress as progresses
from ops.jobs import starting, steering
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
def can_be_taken_back(job: Job) -> bool:
    """Whether failing and being cancelled undo what a job did."""
    return progresses.can_be_taken_back(job)


@register.filter
def not_taken_back(job: Job) -> str:
    """What is left of an ended job that was to be taken back, as sentences; "" where all is done."""
    return progresses.not_taken_back(job)


@register.filter
def cancelling(job: Job) -> str:
    """What cancelling a job does, as a sentence; "" where that needs none."""
    kind = kind_of(job)
    return kind.cancelling if kind else ""


@register.filter
def why_no_cancel(job: Job) -> str:
    """Why a job cannot be cancelled, as a sentence with what to do instead; "" where it can."""
    return starting.why_no_cancel(job)


@register.filter
def may_cancel(user: Any, job: Job) -> bool:
    """Whether somebody may cancel a job now."""
    return steering.may_cancel(user, job)


@register.filter
def may_retry(user: Any, job: Job) -> bool:
    """Whether somebody may start a job again now."""
    return steering.may_retry(user, job)
