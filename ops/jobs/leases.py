"""The lease of a job: one worker at a time may work on it, for as long as it renews the lease.

Every change of a job under way checks its token in the same statement, so that a worker that lost its lease to another
one changes nothing any more.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.db.models import Case, Count, DateTimeField, F, Max, Q, QuerySet, Value, When
from django.db.models.functions import Greatest
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from messaging.database.statements import Statement, compiled_statement, slot
from ops.jobs.models import Job

logger = logging.getLogger(__name__)

UNDER_WAY = (Job.State.QUEUED, Job.State.RUNNING)
IN_REQUEST_GRACE = timedelta(seconds=3)  # then a job no longer runs in the request that started it (IN_THE_REQUEST)
LONGEST_STEP = 900.0  # seconds: work without a batch for longer counts as hung, and another worker may claim it
JOIN_TIMEOUT = 1.0  # seconds that the end of a job waits for the thread of its LeaseRenewer


class LeaseLost(Exception):
    """Another worker has this job now: the work stops, and its open batch is not stored."""


def lease() -> timedelta:
    """Return how long a worker may be silent before another one may claim its job."""
    return timedelta(seconds=settings.JOBS_LEASE_SECONDS)


def free(now: datetime) -> QuerySet[Job]:
    """Return the jobs under way that no worker holds at ``now``."""
    unleased = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    return Job.objects.filter(unleased, state__in=UNDER_WAY)


def next_in_turn(job_id: Any, *, now: datetime) -> Any:
    """Return the id of the free job that a worker woken for the job ``job_id`` should run, or None.

    Requesters take turns: the one with the fewest running jobs comes first, then the one whose last turn was longest
    ago, each with their oldest job. Except for ``job_id``, jobs newer than IN_REQUEST_GRACE are left out, because the
    request that made them may still be running them.
    """
    waiting = free(now).filter(Q(pk=job_id) | Q(created_at__lte=now - IN_REQUEST_GRACE))
    oldest: dict[Any, Any] = {}
    for requester, pk in waiting.order_by("created_at", "pk").values_list("requester", "pk"):
        oldest.setdefault(requester, pk)
    running = Count("pk", filter=Q(state=Job.State.RUNNING, lease_until__gt=now))
    whose = Job.objects.filter(Q(requester__in=[one for one in oldest if one]) | Q(requester=None)).order_by()
    turns = {
        requester: (number, last.timestamp() if last else 0.0)
        for requester, number, last in whose.values("requester")
        .annotate(number=running, last=Max("measured_from"))
        .values_list("requester", "number", "last")
    }
    # Requesters who never had a turn are in the order of their oldest jobs.
    return oldest[min(oldest, key=lambda requester: turns[requester])] if oldest else None


def claim(job_id: Any, *, now: datetime) -> Job | None:
    """Start an attempt at a free job: return the job with a new token, or None if it is not free."""
    token = uuid.uuid4()
    # A job that was cancelled before it started never starts.
    starts = When(started_at=None, cancel_requested_at=None, then=Value(now))
    claimed = (
        free(now)
        .filter(pk=job_id)
        .update(
            state=Job.State.RUNNING,
            lease_token=token,
            lease_until=now + lease(),
            heartbeat_at=now,
            started_at=Case(starts, default=F("started_at"), output_field=DateTimeField()),
            # Measure the speed of this attempt only: before it, there may have been no worker, or a dead one.
            measured_from=now,
            measured_done=F("done"),
            attempts=F("attempts") + 1,
            attempts_without_progress=F("attempts_without_progress") + 1,
        )
    )
    return Job.objects.select_related("requester").filter(lease_token=token).first() if claimed else None


def lock(job: Job) -> bool:
    """Lock the stored job until the transaction ends; return whether to cancel it. Raises LeaseLost."""
    if not connection.in_atomic_block:
        raise TransactionManagementError("Outside of a transaction the lock would end at once.")
    prepare = Job._meta.pk.get_db_prep_value  # of both ids, which are UUIDs
    ids = {name: prepare(one, connection) for name, one in (("pk", job.pk), ("token", job.lease_token))}
    held = _locked(connection.alias).ask(using=connection.alias, **ids)
    if not held:
        raise LeaseLost
    return held[0][0] is not None


@cache
def _locked(using: str) -> Statement:
    """Return the query for when cancelling was requested; cached, since each batch runs it and Django takes 1 ms to
    write it."""
    held = Job.objects.filter(pk=slot("pk"), lease_token=slot("token"), state=Job.State.RUNNING).order_by()
    return compiled_statement(held.select_for_update(no_key=True).values("cancel_requested_at"), using=using)


def renew(job: Job, **changes: Any) -> None:
    """Store changes and extend the lease. Raises LeaseLost."""
    now = timezone.now()
    done = changes.get("done", job.measured_done)
    if done < job.measured_done:
        # An attempt starts at the last batch, which may be before the last heartbeat.
        changes |= {"measured_from": now, "measured_done": done}
    _change(job, lease_until=now + lease(), heartbeat_at=now, **changes)
    job.measured_done = min(job.measured_done, done)


def release(job: Job, *, until: datetime | None = None) -> None:
    """Let others claim the job, immediately or not before ``until``. Raises LeaseLost.

    An immediate release does not count as an attempt: the next worker continues this one. An attempt that ended in an
    error (``until``) counts, but not as a death; Greatest, because one of its batches may have reset the count to 0.
    """
    if until is None:
        counts: dict[str, Any] = {"attempts": F("attempts") - 1, "attempts_without_progress": 0}
    else:
        counts = {"attempts_without_progress": Greatest(F("attempts_without_progress") - 1, 0)}
    _change(job, lease_token=None, lease_until=until, kicked_at=None, **counts)


def start_rollback(job: Job, ending: Job.Ending, error: str) -> None:
    """Mark the job as being rolled back, and this attempt as the first one at that. Raises LeaseLost."""
    changes: dict[str, Any] = {"ending": ending, "error": error, "attempts_without_progress": 1}
    _change(job, **changes)
    job.ending, job.error, job.attempts_without_progress = ending, error, 1


def end(job: Job, state: Job.State, **changes: Any) -> None:
    """End the job. It keeps its ``ending`` only if that is among the changes. Raises LeaseLost."""
    changes = {"ending": "", **changes}
    _change(job, state=state, lease_token=None, lease_until=None, ended_at=timezone.now(), **changes)


class LeaseRenewer:
    """Renews a job's lease in a thread, with a connection of its own, until the ``with`` block ends.

    This keeps the job during one long step, such as a query over a million rows. It is for workers, which run one job
    at a time in a process of their own: if the process dies, so does the thread, and the lease ends.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.until = time.monotonic() + LONGEST_STEP

    def __enter__(self) -> LeaseRenewer:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join(JOIN_TIMEOUT)

    def extend(self) -> None:
        """Allow the next step LONGEST_STEP again, because the work has progressed."""
        self.until = time.monotonic() + LONGEST_STEP

    def _run(self) -> None:
        try:
            while not self.over.wait(lease().total_seconds() / 3) and time.monotonic() < self.until:
                self._renew()
        except LeaseLost:
            pass  # The work gets LeaseLost at its next batch, or the job has just ended.
        finally:
            connection.close()

    def _renew(self) -> None:
        try:
            renew(self.job)
        except Error as error:
            logger.warning("Job %s: its lease could not be renewed (%s).", self.job.pk, type(error).__name__)
            connection.close()


def _held(job: Job) -> QuerySet[Job]:
    return Job.objects.filter(pk=job.pk, lease_token=job.lease_token, state=Job.State.RUNNING)


def _change(job: Job, **changes: Any) -> None:
    if not _held(job).update(**changes):
        raise LeaseLost
