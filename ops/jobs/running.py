"""Doing a job: in batches whose effects and cursor are stored together, so that it can be taken up after any death."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, TypeVar

from django.conf import settings
from django.db import Error, connection, transaction
from django.utils import timezone

from messaging.editors import editing_as
from ops.audit.context import Facts, one_action
from ops.jobs import leases, troubles
from ops.jobs.keeping import Keeper
from ops.jobs.kinds import kind_of
from ops.jobs.leases import LeaseLost
from ops.jobs.models import Job
from ops.jobs.write_ahead import WriteAheadLog

logger = logging.getLogger(__name__)

Outcome = TypeVar("Outcome")

BEAT_EVERY = 1.0  # seconds between two signs of life
LONG_BATCH = 2.0  # seconds: longer ones keep others waiting, which is worth a line in the log
# Others who wait for SQLite's one lock look for it every 0.1 s: who takes it again at once starves them.
LOCKED_ENOUGH, ROOM = 0.8, 0.12
# Seconds before trying again after trouble that passes by itself: a database that is started anew takes half a minute.
PAUSES = (0.5, 1.0, 3.0, 5.0, 10.0, 10.0)
TAKE_BACK_AGAIN = timedelta(seconds=20)  # when what could not be taken back is tried again

NOBODY_KNOWS = "Something went wrong that nobody expected; whoever runs the console finds it in the log."
UNKNOWN_KIND = "This version of the console does not know what to do here: the job is of another version."

# Set by a worker that is asked to end: jobs are given back after their batch.
stopping = SimpleNamespace(asked=False)


class JobFailed(Exception):
    """The job cannot be done; the text is the sentence for people. What was done is taken back."""


class Cancelled(Exception):
    """Somebody asked for the job to be cancelled. What was done is taken back."""


class HandOver(Exception):
    """The job is given back, so that another worker goes on with it: the time is used up, or this process ends."""


class Run:
    """What the work of a job is given: its ``params``, its ``cursor`` and the ways to go on.

    ``cursor`` (a dict for JSON) is the work's own: it is stored with each batch, and found again after a death.
    """

    def __init__(
        self,
        job: Job,
        *,
        seconds: float | None = None,
        progressed: Callable[[], None] = lambda: None,
        log: WriteAheadLog | None = None,
    ) -> None:
        self.job = job
        self.params: dict[str, Any] = job.params
        self.requester = job.requester
        self.done: int = job.done
        self.total: int | None = job.total
        self.batches = 0  # how many of this run brought the job further
        self.held = 0.0  # seconds for which the last one kept others from writing
        self._progressed = progressed
        self._log = log or WriteAheadLog()
        self._until = None if seconds is None else time.monotonic() + seconds
        self._beaten = time.monotonic()
        self._in_batch = False
        self._locked_for = 0.0
        self._unlocked_at = 0.0
        self.rewind()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """A transaction: what is done within is stored together with cursor and progress, or not at all.

        Raises Cancelled and HandOver before it begins; LeaseLost before it begins or when it ends.
        """
        self._go_on()
        self._make_room()
        begun = None
        self._in_batch = True
        try:
            with transaction.atomic(durable=True):
                begun = time.monotonic()
                self._refuse_cancelled(leases.locked(self.job))
                yield
                # A batch that only looks how far the work is brings it no further.
                further = (self.cursor, self.done) != (self.job.cursor, self.job.done)
                fruit = {"fruitless": 0} if further else {}
                leases.renew(self.job, cursor=self.cursor, done=self.done, total=self.total, **fruit)
        finally:
            self._in_batch = False
            self._note_locked(begun)
        self._stored(further)

    def advance(self, done: int | None = None, total: int | None = None) -> None:
        """Say within a batch how far it brings the job; stored with the batch."""
        self.done = self.done if done is None else done
        self.total = self.total if total is None else total

    def beat(self, done: int | None = None, total: int | None = None) -> None:
        """Say outside of batches how far the work is and that it goes on; as often as one likes.

        Raises Cancelled, HandOver and LeaseLost.
        """
        self.advance(done, total)
        if self._in_batch:
            return
        self._go_on()
        if time.monotonic() - self._beaten >= BEAT_EVERY:
            self._beat()
            self._progressed()
            self._beaten = time.monotonic()

    def rewind(self) -> None:
        """Back to what the last batch stored."""
        self.cursor: dict[str, Any] = deepcopy(self.job.cursor)
        self.done, self.total = self.job.done, self.job.total

    @property
    def must_end(self) -> bool:
        """Whether the job is to be given back: this process ends, or the time for it is used up."""
        return stopping.asked or (self._until is not None and time.monotonic() >= self._until)

    def wait(self, seconds: float) -> None:
        """Pause, but not longer than this run may go on. Raises HandOver."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._go_on()
            time.sleep(min(left, 0.1))

    def _refuse_cancelled(self, stored: Job) -> None:
        """Raise Cancelled where somebody asked for that before it began to be taken back."""
        if stored.cancel_requested_at is not None and not self.job.ending:
            raise Cancelled

    def _go_on(self) -> None:
        if self.must_end:
            raise HandOver

    def _beat(self) -> None:
        """A database that is busy misses a beat; there will be others."""
        try:
            leases.renew(self.job, done=self.done, total=self.total)
            self._refuse_cancelled(Job.objects.only("cancel_requested_at").get(pk=self.job.pk))
        except Error as error:
            if connection.in_atomic_block or not troubles.is_passing(error):
                raise
            logger.warning("Job %s: a sign of life could not be stored (%s).", self.job.pk, type(error).__name__)

    def _stored(self, further: bool) -> None:
        self.batches += further
        self._progressed()
        self._beaten = time.monotonic()
        self.job.cursor, self.job.done, self.job.total = deepcopy(self.cursor), self.done, self.total

    def _make_room(self) -> None:
        if connection.vendor != "sqlite":
            return
        self._log.write_back()
        room = time.monotonic() - self._unlocked_at
        if self._locked_for >= LOCKED_ENOUGH and room < ROOM:
            time.sleep(ROOM - room)
            room = ROOM
        if room >= ROOM:
            self._locked_for = 0.0

    def _note_locked(self, begun: float | None) -> None:
        self._unlocked_at = time.monotonic()
        if begun is None:
            return
        self.held = self._unlocked_at - begun
        self._locked_for += self.held
        self._log.grew(self.held)
        if self.held > LONG_BATCH:
            logger.warning("Job %s (%s): a batch took %.1f s.", self.job.pk, self.job.kind, self.held)


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
    _take_back(run, kind.take_back if kind else None)


def _take_back(run: Run, take_back: Callable[[Run], None] | None) -> None:
    """Undo what was done and end the job; where even that fails, somebody tries again later.

    Where worker after worker dies at it, people have to see why: the job ends as it is, and goes on when they ask.
    """
    job = run.job
    if take_back is not None and job.fruitless > settings.JOBS_MOST_DEATHS:
        _steadily(run, lambda run: leases.end(job, Job.State.FAILED, ending=job.ending))
        logger.error("Job %s (%s) is not taken back: %d workers died at it.", job.pk, job.kind, job.fruitless - 1)
        return
    try:
        if take_back is not None:
            _steadily(run, take_back)
        _steadily(run, lambda run: leases.end(job, Job.State(job.ending)))
    except (LeaseLost, HandOver):
        raise
    except Exception as error:
        logger.error("Job %s (%s) is not taken back yet:\n%s", job.pk, job.kind, troubles.for_the_log(error))
        leases.give_back(job, until=timezone.now() + TAKE_BACK_AGAIN)
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
