"""Who may work on a job: exactly one at a time, for as long as they show that they live.

Every change of a job under way asks for its token in the same statement, so that a worker whose lease somebody else
took over in the meantime changes nothing any more.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Case, DateTimeField, F, Q, QuerySet, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone

from ops.jobs.models import Job

UNDER_WAY = (Job.State.QUEUED, Job.State.RUNNING)


class LeaseLost(Exception):
    """Somebody else works on this job now: whoever sees this stops, and nothing of the open batch is stored."""


def lease() -> timedelta:
    """How long a worker may be silent before another takes up its job."""
    return timedelta(seconds=settings.JOBS_LEASE_SECONDS)


def free(now: datetime) -> QuerySet[Job]:
    """Jobs under way that nobody works on at ``now``."""
    unleased = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    return Job.objects.filter(unleased, state__in=UNDER_WAY)


def claim(job_id: Any, *, now: datetime) -> Job | None:
    """Take up a job that nobody works on: the job with a new token, or None where somebody was faster."""
    token = uuid.uuid4()
    # What is cancelled before it began never begins.
    begins = When(started_at=None, cancel_requested_at=None, then=Value(now))
    claimed = (
        free(now)
        .filter(pk=job_id)
        .update(
            state=Job.State.RUNNING,
            lease_token=token,
            lease_until=now + lease(),
            heartbeat_at=now,
            started_at=Case(begins, default=F("started_at"), output_field=DateTimeField()),
            # The time before, in which a worker was dead or none was there, is no time in which work was done.
            measured_from=now,
            measured_done=F("done"),
            attempts=F("attempts") + 1,
            fruitless=F("fruitless") + 1,
        )
    )
    return Job.objects.select_related("requester").filter(lease_token=token).first() if claimed else None


def locked(job: Job) -> Job:
    """The job as it is stored, locked until the transaction ends. Raises LeaseLost."""
    held = _held(job).select_for_update(no_key=True).first()
    if held is None:
        raise LeaseLost
    return held


def renew(job: Job, **changes: Any) -> None:
    """Store changes and hold the job for another while. Raises LeaseLost."""
    now = timezone.now()
    done = changes.get("done", job.measured_done)
    if done < job.measured_done:
        # Whoever takes a job up may begin before the last sign of life: at the last batch.
        changes |= {"measured_from": now, "measured_done": done}
    _change(job, lease_until=now + lease(), heartbeat_at=now, **changes)
    job.measured_done = min(job.measured_done, done)


def give_back(job: Job, *, until: datetime | None = None) -> None:
    """Let others take up the job, at once or not before ``until``. Raises LeaseLost."""
    # An attempt that was given back is none: whoever goes on continues it. One that met with trouble is no death.
    # A batch of it has set its count to nothing already.
    no_death: dict[str, Any] = {"fruitless": Greatest(F("fruitless") - 1, 0)}
    spent = no_death if until else {"attempts": F("attempts") - 1, "fruitless": 0}
    _change(job, lease_token=None, lease_until=until, kicked_at=None, **spent)


def begin_ending(job: Job, ending: Job.Ending, error: str) -> None:
    """From now on the job is being taken back, which this attempt is the first to try. Raises LeaseLost."""
    changes: dict[str, Any] = {"ending": ending, "error": error, "fruitless": 1}
    _change(job, **changes)
    job.ending, job.error, job.fruitless = ending, error, 1


def end(job: Job, state: Job.State, **changes: Any) -> None:
    """The job is over; with its ``ending`` where it is not taken back. Raises LeaseLost."""
    changes = {"ending": "", **changes}
    _change(job, state=state, lease_token=None, lease_until=None, ended_at=timezone.now(), **changes)


def _held(job: Job) -> QuerySet[Job]:
    return Job.objects.filter(pk=job.pk, lease_token=job.lease_token, state=Job.State.RUNNING)


def _change(job: Job, **changes: Any) -> None:
    if not _held(job).update(**changes):
        raise LeaseLost
