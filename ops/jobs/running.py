"""Running a job to its end: its work, retries after transient errors, rollback after a failure or cancellation."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import Error, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy, ngettext

from messaging.editors import editing_as
from messaging.languages.own import in_language_of
from messaging.languages.wording import numbered
from ops.audit.context import Facts, one_action
from ops.console.limits.query_time import unlimited
from ops.jobs import errors, leases
from ops.jobs.kinds import Kind, KindWithRollback, kind_of
from ops.jobs.leases import LeaseLost, LeaseRenewer
from ops.jobs.models import Job
from ops.jobs.notices import notices
from ops.jobs.run import Cancelled, HandOver, JobFailed, Run
from ops.jobs.sqlite import WriteAheadLog

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

# Seconds before each retry after a transient error: a database that restarts takes half a minute.
RETRY_PAUSES = (0.5, 1.0, 3.0, 5.0, 10.0, 10.0)
ROLL_BACK_AGAIN_AFTER = timedelta(seconds=20)  # if rolling back failed

UNEXPECTED = gettext_lazy("Something unexpected went wrong; the system administrator finds it in the log.")
UNKNOWN_KIND = gettext_lazy("This version of the console does not know what to do here: the job is of another version.")


def run(job_id: Any, *, seconds: float | None = None, hold_lease: bool = False) -> bool:
    """Run a job until it ends or must be given back; return False if it is not free.

    ``hold_lease`` renews its lease during long steps, for workers. After ``seconds`` the job is given back, at its next
    batch or beat. Raises JobFailed if not even the job's end could be stored: it is claimed again when its lease ends.
    """
    job = leases.claim(job_id, now=timezone.now())
    if job is None:
        return False
    logger.info("Job %s (%s): claimed, attempt %d.", job.pk, job.kind, job.attempts)
    renewer = LeaseRenewer(job)
    with (
        one_action(Facts(action=job.action)),
        editing_as(job.requester),
        in_language_of(job.requester),  # the requester reads the messages of the work
        renewer if hold_lease else nullcontext(),
        unlimited(),
        WriteAheadLog() as log,
    ):
        try:
            _run_or_release(Run(job, seconds=seconds, on_progress=renewer.extend, log=log))
        except LeaseLost:
            logger.warning("Job %s (%s): another worker took it over.", job.pk, job.kind)
        except Error as error:
            logger.error("Job %s (%s) could not be ended:\n%s", job.pk, job.kind, errors.for_log(error))
            raise JobFailed(errors.advice(error)) from None
    return True


def run_next_in_turn(job_id: Any, *, hold_lease: bool = False) -> None:
    """Run the job whose turn it is, in a worker woken for ``job_id``; do nothing if none is free."""
    # If another worker was quicker, look for the next one.
    while (turn := leases.next_in_turn(job_id, now=timezone.now())) is not None:
        if run(turn, hold_lease=hold_lease):
            return


def _run_or_release(run: Run) -> None:
    try:
        _run_to_end(run)
    except HandOver:
        leases.release(run.job)
        logger.info("Job %s (%s): given back.", run.job.pk, run.job.kind)


def _run_to_end(run: Run) -> None:
    job, kind = run.job, kind_of(run.job)
    if not job.ending:
        try:
            result = _work(run, kind)
            progress = {"done": run.done, "total": run.total}
        except (LeaseLost, HandOver):
            raise
        except Cancelled:
            _with_retries(run, lambda run: leases.start_rollback(job, Job.Ending.CANCELLED, ""))
        except Exception as error:
            sentence = _sentence(job, error)
            _with_retries(run, lambda run: leases.start_rollback(job, Job.Ending.FAILED, sentence))
        else:
            _with_retries(run, lambda run: _end(job, Job.State.FINISHED, result=result or {}, **progress))
            logger.info("Job %s (%s): finished.", job.pk, job.kind)
            return
    _roll_back(run, kind)


def _work(run: Run, kind: Kind | None) -> dict[str, Any] | None:
    job = run.job
    if job.started_at is None:
        # Cancelled before it started. A job that has started is cancelled at its next batch, if it has one left.
        raise Cancelled
    if kind is None:
        raise JobFailed(UNKNOWN_KIND)
    if job.attempts_without_progress > settings.JOBS_MOST_DEATHS:
        deaths = job.attempts_without_progress - 1
        sentence = ngettext(
            "The worker died %(number)s time in a row at this work, perhaps for lack of memory; the system "
            "administrator finds details in the system log.",
            "The worker died %(number)s times in a row at this work, perhaps for lack of memory; the system "
            "administrator finds details in the system log.",
            deaths,
        )
        raise JobFailed(numbered(sentence, deaths))
    return _with_retries(run, kind.work)


def _roll_back(run: Run, kind: Kind | None) -> None:
    """Undo what was done and end the job. If that fails, a worker tries again later.

    If worker after worker dies in the rollback, the job ends without it: people have to find out why, and resume it.
    """
    job = run.job
    roll_back = kind.roll_back if isinstance(kind, KindWithRollback) else None
    deaths = job.attempts_without_progress - 1
    if roll_back is not None and deaths >= settings.JOBS_MOST_DEATHS:
        _with_retries(run, lambda run: _end(job, Job.State.FAILED, ending=job.ending))
        logger.error("Job %s (%s) is not rolled back: %d workers died at it.", job.pk, job.kind, deaths)
        return
    try:
        if roll_back is not None:
            _with_retries(run, roll_back)
        _with_retries(run, lambda run: _end(job, Job.State(job.ending)))
    except (LeaseLost, HandOver):
        raise
    except Exception as error:
        logger.error("Job %s (%s) is not rolled back yet:\n%s", job.pk, job.kind, errors.for_log(error))
        leases.release(job, until=timezone.now() + ROLL_BACK_AGAIN_AFTER)
    else:
        logger.info("Job %s (%s): ended as %s.", job.pk, job.kind, job.ending)


def _end(job: Job, state: Job.State, **changes: Any) -> None:
    """End a job and notify the people concerned, in one transaction. Raises LeaseLost."""
    with transaction.atomic():
        leases.end(job, state, **changes)
        notices.notify_ended(job, state, changes.get("result", {}))


def _with_retries(run: Run, work: Callable[[Run], Result]) -> Result:
    """Return what ``work`` returns; after a transient error call it again, from the last batch on.

    Only retries in a row without a batch that makes progress are limited.
    """
    failures, batches = 0, run.batches
    while True:
        run.rewind()
        try:
            return work(run)
        except Exception as error:
            failures = failures + 1 if run.batches == batches else 1
            batches = run.batches
            if not errors.is_transient(error) or failures > len(RETRY_PAUSES):
                raise
            logger.warning("Job %s: %s; trying again.", run.job.pk, type(error).__name__)
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
            run.wait(RETRY_PAUSES[failures - 1])


def _sentence(job: Job, error: Exception) -> str:
    """Return the message about a failure for people. Details of unexpected errors are only logged."""
    if isinstance(error, JobFailed):
        return str(error)
    logger.error("Job %s (%s) failed:\n%s", job.pk, job.kind, errors.for_log(error))
    return errors.advice(error) or str(UNEXPECTED)
