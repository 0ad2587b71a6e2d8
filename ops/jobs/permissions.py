"""Permissions for seeing, cancelling and retrying jobs."""

from __future__ import annotations

from typing import Any

from ops.jobs.kinds import all_kinds, kind_of
from ops.jobs.leases import UNDER_WAY
from ops.jobs.models import Job
from ops.jobs.starting import why_no_cancel, why_no_retry


def may_see_all(user: Any) -> bool:
    return user.is_active and user.is_staff and user.has_perm("jobs.view_job")


def may_see(user: Any, job: Job) -> bool:
    """Return whether this user may see the job: staff see jobs that they requested, and all with the permission."""
    return (user.is_active and user.is_staff and job.requester_id == user.pk) or may_see_all(user)


def has_jobs(user: Any) -> bool:
    """Return whether the console offers the list: to users who may start some kind of job, or see all."""
    return may_see_all(user) or any(user.has_perm(kind.permission) for kind in all_kinds() if kind.permission)


def may_control(user: Any, job: Job) -> bool:
    """Return whether this user may cancel and retry the job: requesters their own, superusers all."""
    return user.is_active and user.is_staff and (user.is_superuser or job.requester_id == user.pk)


def may_cancel(user: Any, job: Job) -> bool:
    """Return whether this user can cancel the job now."""
    under_way = job.state in UNDER_WAY and not job.ending and job.cancel_requested_at is None
    return under_way and not why_no_cancel(job) and may_control(user, job)


def may_retry(user: Any, job: Job) -> bool:
    """Return whether this user can retry the job, which requires the permission to start one of its kind."""
    return not why_no_retry(job) and may_control(user, job) and _may_start(user, job)


def _may_start(user: Any, job: Job) -> bool:
    kind = kind_of(job)
    return kind is not None and (not kind.permission or user.has_perm(kind.permission))
