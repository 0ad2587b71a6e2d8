"""Starting, cancelling and retrying jobs."""

from __future__ import annotations

import logging
import time
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ops.audit import context
from ops.audit.recording import record
from ops.jobs import leases, running
from ops.jobs.events import JobEvent
from ops.jobs.kinds import kind_of
from ops.jobs.models import Job
from ops.jobs.notices import notices
from ops.jobs.run import JobFailed
from ops.jobs.worker import tasks

logger = logging.getLogger(__name__)

IN_THE_REQUEST = 2.0  # seconds that a page may work before it hands over to a worker
STOPPED = (Job.State.FAILED, Job.State.CANCELLED)  # over, but not finished
# The changes that ``retry`` makes to a job that is over: to resume its rollback, and in addition to start it over.
RESUME: dict[str, Any] = {
    "state": Job.State.QUEUED,
    "attempts_without_progress": 0,
    **dict.fromkeys(("ended_at", "heartbeat_at", "lease_until")),
}
START_OVER: dict[str, Any] = {
    "cursor": {},
    "result": {},
    "done": 0,
    "error": "",
    "attempts": 0,
    **dict.fromkeys(("cancel_requested_at", "started_at")),
}
POLL_EVERY = 0.2  # seconds between two checks of a job that another process runs


class NotPossible(Exception):
    """A job cannot be cancelled or retried; the text is the message for people."""


def start(
    kind: str,
    *,
    requester: Any,
    title: str,
    params: dict[str, Any],
    total: int | None = None,
    here: bool = False,
    kick: bool = True,
) -> Job:
    """Store a job for ``requester`` (a user or None) and wake a worker for it once this transaction is committed.

    ``title`` is shown to people, ``params`` (JSON) are passed to the work. With ``here``, outside of a transaction,
    the job runs in this process for up to 2 s, so that small jobs are over when this returns; a worker does the rest.
    Without ``kick`` no worker is woken at first: the caller runs the job (``run_now``, ``do_here``).
    """
    now = timezone.now()
    job = Job(
        kind=kind,
        title=title[: Job._meta.get_field("title").max_length],
        params=params,
        total=total,
        requester=requester,
        action=context.current().action,
        created_at=now,
        kicked_at=now,
    )
    if here:
        # Committed before it runs: if this process dies, a worker resumes it like any other.
        with transaction.atomic(durable=True):
            job.save(force_insert=True)
        do_here(job)
        return job
    job.save(force_insert=True)
    if kick:
        _kick_after_commit(job)
    return job


def run_now(job: Job) -> Job:
    """Run a job in this process until it ends, for commands and tests; return it in its new state.

    Waits if another process runs it. Ctrl-C cancels it: it is rolled back, then KeyboardInterrupt is raised. A job
    whose rollback failed is returned RUNNING, with its ``error``; a worker tries again. Raises JobFailed if not even
    the job's end could be stored.
    """
    try:
        while not running.run(job.pk):
            job.refresh_from_db()
            if job.state not in leases.UNDER_WAY:
                break
            time.sleep(POLL_EVERY)
    except KeyboardInterrupt:
        _cancel_interrupted(job)
        raise
    job.refresh_from_db()
    return job


def do_here(job: Job) -> None:
    """Run a job in this process for as long as a page may take; a worker does the rest. Not in a transaction."""
    try:
        running.run(job.pk, seconds=IN_THE_REQUEST)
    except JobFailed:
        logger.warning("Job %s: its end could not be stored; a worker claims it again.", job.pk)
    job.refresh_from_db()
    if job.state in leases.UNDER_WAY:
        _kick(job)


def kick(now: datetime) -> int:
    """Wake a worker for every job that none works on and none was woken for lately; return how many jobs."""
    stale = leases.free(now).filter(Q(kicked_at__isnull=True) | Q(kicked_at__lte=now - leases.lease()))
    kicked = 0
    for job in stale.order_by("created_at"):
        if stale.filter(pk=job.pk).update(kicked_at=now):
            _kick(job)
            kicked += 1
    return kicked


def cancel(job: Job, *, by: Any) -> None:
    """Cancel a job: immediately if it has not started, else after its current batch. Not in a transaction.

    Raises NotPossible, NotRecorded.
    """
    why_not = why_no_cancel(job)
    if why_not:
        raise NotPossible(why_not)
    under_way = Job.objects.filter(pk=job.pk, state__in=leases.UNDER_WAY, ending="")
    with transaction.atomic():
        if not under_way.filter(cancel_requested_at=None).update(cancel_requested_at=timezone.now()):
            raise NotPossible(_("This is over, or being cancelled, already."))
        record(JobEvent.JOB_CANCELLED, actor=by, target=job, label=job.title)
        notices.notify_cancelled(job, by=by)
    job.refresh_from_db()
    if job.state == Job.State.QUEUED:
        # Its subject (an import, say) waits for its end: it is rolled back like any other, which does not take long.
        do_here(job)
    elif job.state in leases.UNDER_WAY:
        _kick(job)


def retry(job: Job, *, by: Any) -> None:
    """Start a failed or cancelled job from its beginning, or resume its rollback if that failed.

    Raises NotPossible, NotRecorded.
    """
    why_not = why_no_retry(job)
    if why_not:
        raise NotPossible(why_not)
    over = Job.objects.filter(pk=job.pk, state__in=STOPPED, ending=job.ending)
    changes = {**RESUME, "kicked_at": timezone.now()}
    if not job.ending:
        changes |= {**START_OVER, "action": context.current().action}
    with transaction.atomic():
        if not over.update(**changes):
            raise NotPossible(_("This was started again already."))
        record(JobEvent.JOB_RETRIED, actor=by, target=job, label=job.title)
        job.refresh_from_db()
        _kick_after_commit(job)


def roll_back(job: Job) -> bool:
    """Have a worker roll back a job that ended without a rollback, and end it in the same state. Returns False if it is
    not such a job; one whose rollback failed is left to ``retry``."""
    ended = Job.objects.filter(pk=job.pk, state__in=STOPPED, ending="")
    changes = dict.fromkeys(("ended_at", "lease_until", "kicked_at"))
    return bool(ended.update(state=Job.State.RUNNING, ending=F("state"), **changes))


def why_no_cancel(job: Job) -> str:
    """Return why the job cannot be cancelled, as a sentence with what to do instead; "" if it can."""
    kind = kind_of(job)
    return kind.why_no_cancel(job) if kind else ""


def why_no_retry(job: Job) -> str:
    """Return why the job cannot be started again, as a sentence; "" if it can."""
    if job.state not in STOPPED:
        return _("Only what failed or was cancelled can be tried again.")
    kind = kind_of(job)
    if kind is None:
        return str(running.UNKNOWN_KIND)
    # A rollback that failed can always be resumed: what it left behind blocks everything else.
    return "" if job.ending else kind.why_no_retry(job)


def _cancel_interrupted(job: Job) -> None:
    """Cancel the job that this process was running, and roll it back."""
    Job.objects.filter(pk=job.pk, state__in=leases.UNDER_WAY).update(
        cancel_requested_at=timezone.now(), lease_token=None, lease_until=None
    )
    running.run(job.pk)


def _kick_after_commit(job: Job) -> None:
    transaction.on_commit(lambda: _kick(job))


def _kick(job: Job) -> None:
    """Wake a worker; if the queue cannot be reached, the supervisor's sweep tries again."""
    try:
        tasks.run_job.enqueue(str(job.pk))
    except Exception as error:
        why = type(error).__name__
        logger.warning("Job %s: the queue cannot be reached; it is asked again soon. (%s)", job.pk, why)
