"""What the work of a job is given: batches whose effects, cursor and progress are stored together.

This module knows neither the kinds of jobs nor how they are run, so that both can import it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from types import SimpleNamespace
from typing import Any

from django.db import Error, connection, transaction

from ops.jobs import leases, troubles
from ops.jobs.models import Job
from ops.jobs.write_ahead import WriteAheadLog

logger = logging.getLogger(__name__)

BEAT_EVERY = 1.0  # seconds between two signs of life
LONG_BATCH = 2.0  # seconds: longer ones keep others waiting, which is worth a line in the log
# Others who wait for SQLite's one lock look for it every 0.1 s: who takes it again at once starves them.
LOCKED_ENOUGH, ROOM = 0.8, 0.12

# Set by a worker that is asked to end: it gives its job back after the batch.
shutdown = SimpleNamespace(requested=False)


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
        return shutdown.requested or (self._until is not None and time.monotonic() >= self._until)

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
