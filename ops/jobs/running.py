"""Doing a job: in batches whose effects and cursor are stored together, so that it can be taken up after any death."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import Error, connection
from django.utils import timezone

from messaging.editors import editing_as
from ops.audit.context import Facts, one_action
from ops.jobs import leases, troubles
from ops.jobs.keeping import Keeper
from ops.jobs.kinds import Kind, KindWithRollback, kind_of
from ops.jobs.leases import LeaseLost
from ops.jobs.models import Job
from ops.jobs.run import Cancelled, HandOver, JobFailed, Run
from ops.jobs.write_ahead import WriteAheadLog

logger = logging.getLogger(__name__)

Outcome = TypeVar("Outcome")

# Seconds before trying again after trouble that passes by itself: a database that is started anew takes half a minute.
PAUSES = (0.5, 1.0, 3.0, 5.0, 10.0, 10.0)
ROLL_BACK_AGAIN_AFTER = timedelta(seconds=20)  # where rolling back failed

NOBODY_KNOWS = "Something went wrong that nobody expected; whoever runs the console finds it in the log."
UNKNOWN_KIND = "This version of the console does not know what to do here: the job is of another version."


def run(job_id: Any, *, seconds: float | None = None, keep: bool = False) -> bool:
    """Do a job until it ends or must be given back; False where nobody may take it up now.

    ``keep`` holds it through long steps, for workers. ``seconds`` is how long this may take; then the job is given back
    (work notices it at its next batch or beat). Raises JobFailed where the database does not even take how it ended: it
    is taken up again when its lease is over.
    """
    job = leases.claim(job_id, now=timezone.now())
    if job is None:
        return False
    logger.info("Job %s (%s): taken up, attempt %d.", job.pk, job.kind, job.attempts)
    keeper = Keeper(job)
    with (
        one_action(Facts(action=job.action)),
        editing_as(job.requester),
        keeper if keep else nullcontext(),
        WriteAheadLog() as log,
    ):
        try:
            _to_its_end_or_back(Run(job, seconds=seconds, progressed=keeper.progressed, log=log))
        except LeaseLost:
            logger.warning("Job %s (%s): somebody else took it over.", job.pk, job.kind)
        except Error as error:
            logger.error("Job %s (%s) could not be ended:\n%s", job.pk, job.kind, troubles.for_the_log(error))
            raise JobFailed(troubles.in_words(error)) from None
    return True


def _to_its_end_or_back(run: Run) -> None:
    try:
        _to_its_end(run)
    except HandOver:
        leases.give_back(run.job)
        logger.info("Job %s (%s): given back.", run.job.pk, run.job.kind)


def _to_its_end(run: Run) -> None:
    job, kind = run.job, kind_of(run.job)
    if not job.ending:
        try:
            if job.started_at is None:
                # Cancelled while it waited. What was begun finds out by itself, unless all of it is done already.
                raise Cancelled
            if kind is None:
                raise JobFailed(UNKNOWN_KIND)
            if job.fruitless > settings.JOBS_MOST_DEATHS:
                raise JobFailed(_worn_out(job))
            result = _steadily(run, kind.work)
            progress = {"done": run.done, "total": run.total}
        except (LeaseLost, HandOver):
            raise
        except Cancelled:
            _steadily(run, lambda run: leases.begin_ending(job, Job.Ending.CANCELLED, ""))
        except Exception as error:
            sentence = _sentence(job, error)
            _steadily(run, lambda run: leases.begin_ending(job, Job.Ending.FAILED, sentence))
        else:
            _steadily(run, lambda run: leases.end(job, Job.State.FINISHED, result=result or {}, **progress))
            logger.info("Job %s (%s): finished.", job.pk, job.kind)
            return
    _roll_back(run, kind)


def _roll_back(run: Run, kind: Kind | None) -> None:
    """Undo what was done and end the job. Where that fails, a worker tries again later.

    A job at whose rollback worker after worker dies ends as it is: people have to see why, and ask to resume it.
    """
    job = run.job
    roll_back = kind.roll_back if isinstance(kind, KindWithRollback) else None
    if roll_back is not None and job.fruitless > settings.JOBS_MOST_DEATHS:
        _steadily(run, lambda run: leases.end(job, Job.State.FAILED, ending=job.ending))
        logger.error("Job %s (%s) is not rolled back: %d workers died at it.", job.pk, job.kind, job.fruitless - 1)
        return
    try:
        if roll_back is not None:
            _steadily(run, roll_back)
        _steadily(run, lambda run: leases.end(job, Job.State(job.ending)))
    except (LeaseLost, HandOver):
        raise
    except Exception as error:
        logger.error("Job %s (%s) is not taken back yet:\n%s", job.pk, job.kind, troubles.for_the_log(error))
        leases.give_back(job, until=timezone.now() + ROLL_BACK_AGAIN_AFTER)
    else:
        logger.info("Job %s (%s): ended as %s.", job.pk, job.kind, job.ending)


def _steadily(run: Run, work: Callable[[Run], Outcome]) -> Outcome:
    """What ``work`` returns; called again, from the last batch on, after trouble that passes by itself."""
    failures, batches = 0, run.batches
    while True:
        run.rewind()
        try:
            return work(run)
        except Exception as error:
            failures = failures + 1 if run.batches == batches else 1
            batches = run.batches
            if not troubles.is_passing(error) or failures > len(PAUSES):
                raise
            logger.warning("Job %s: %s; trying again.", run.job.pk, type(error).__name__)
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
            run.wait(PAUSES[failures - 1])


def _sentence(job: Job, error: Exception) -> str:
    """What people read about a failure. What nobody foresaw is for the log, not for them."""
    if isinstance(error, JobFailed):
        return str(error)
    logger.error("Job %s (%s) failed:\n%s", job.pk, job.kind, troubles.for_the_log(error))
    return troubles.in_words(error) or NOBODY_KNOWS


def _worn_out(job: Job) -> str:
    return (
        f"The worker died {job.fruitless - 1} times in a row at this work, perhaps for lack of memory; "
        "whoever runs the console finds more in the log of the system."
    )
