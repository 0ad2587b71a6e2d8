"""The interface for the work of a job: batches whose effects, cursor and progress are stored together.

This module imports neither the kinds of jobs nor the code that runs them, so that both can import it.
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

from ops.console.limits.query_time import is_too_slow
from ops.jobs import errors, leases
from ops.jobs.models import Job
from ops.jobs.sqlite import WriteAheadLog

logger = logging.getLogger(__name__)

HEARTBEAT_EVERY = 1.0  # seconds
LONG_BATCH = 2.0  # seconds: a longer one keeps others waiting, and is logged
# SQLite has one lock, and others try for it every 0.1 s: a job that retakes it immediately starves them. So once
# batches have held it for LOCK_BUDGET seconds, the job leaves it free for LOCK_BREAK.
LOCK_BUDGET, LOCK_BREAK = 0.8, 0.12

# Set in a worker that gets a signal to end: it gives its job back after the batch.
stop = SimpleNamespace(requested=False)


class JobFailed(Exception):
    """The job cannot be done; the text is the message for people. It is rolled back."""


class Cancelled(Exception):
    """The job was cancelled. It is rolled back."""


class HandOver(Exception):
    """The job is given back for another worker to resume: its time is used up, or this process ends."""


class Run:
    """One attempt at a job, passed to its kind's ``work`` and ``roll_back``.

    ``params`` are those with which the job was started. The work may keep anything in ``cursor`` (a dict for JSON):
    each batch stores it, and the next attempt starts with it.
    """

    def __init__(
        self,
        job: Job,
        *,
        seconds: float | None = None,
        on_progress: Callable[[], None] = lambda: None,
        log: WriteAheadLog | None = None,
    ) -> None:
        self.job = job
        self.params: dict[str, Any] = job.params
        self.requester = job.requester
        self.done: int = job.done
        self.total: int | None = job.total
        self.batches = 0  # of this run, those that made progress
        self.batch_seconds = 0.0  # how long the last batch kept others from writing
        self._on_progress = on_progress
        self._log = log or WriteAheadLog()
        self._until = None if seconds is None else time.monotonic() + seconds
        self._last_heartbeat = time.monotonic()
        self._in_batch = False
        self._locked_for = 0.0
        self._unlocked_at = 0.0
        self.rewind()

    @contextmanager
    def batch(self, *, work_is_done: bool = False) -> Iterator[None]:
        """Run the ``with`` block in a transaction that also stores the cursor and the progress.

        Raises Cancelled and HandOver before it begins; LeaseLost before it begins or when it ends. With
        ``work_is_done``, because the work was done outside of a transaction, it is stored even if the job is to be
        given back.
        """
        if not work_is_done:
            self._refuse_to_continue()
        self._yield_to_others()
        started = None
        self._in_batch = True
        try:
            with transaction.atomic(durable=True):
                started = time.monotonic()
                self._refuse_cancelled(leases.lock(self.job))
                yield
                # A batch that changes neither cursor nor done (it only sets a total, say) is no progress.
                further = (self.cursor, self.done) != (self.job.cursor, self.job.done)
                progress = {"attempts_without_progress": 0} if further else {}
                leases.renew(self.job, cursor=self.cursor, done=self.done, total=self.total, **progress)
        finally:
            self._in_batch = False
            self._note_lock(started)
        self._note_stored(further)

    def advance(self, done: int | None = None, total: int | None = None) -> None:
        """Set the progress within a batch; it is stored with the batch."""
        self.done = self.done if done is None else done
        self.total = self.total if total is None else total

    def beat(self, done: int | None = None, total: int | None = None) -> None:
        """Report progress and renew the lease outside of batches; cheap enough to call for each row.

        Raises Cancelled, HandOver and LeaseLost.
        """
        self.advance(done, total)
        if self._in_batch:
            return
        self._refuse_to_continue()
        if time.monotonic() - self._last_heartbeat >= HEARTBEAT_EVERY:
            self._store_heartbeat()
            self._on_progress()
            self._last_heartbeat = time.monotonic()

    def rewind(self) -> None:
        """Return to what the last batch stored."""
        self.cursor: dict[str, Any] = deepcopy(self.job.cursor)
        self.done, self.total = self.job.done, self.job.total

    @property
    def must_end(self) -> bool:
        """Whether the job is to be given back: this process ends, or the time for it is used up."""
        return stop.requested or (self._until is not None and time.monotonic() >= self._until)

    def wait(self, seconds: float) -> None:
        """Pause, but not longer than this run may last. Raises HandOver."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._refuse_to_continue()
            time.sleep(min(left, 0.1))

    def _refuse_cancelled(self, asked_for: bool) -> None:
        """Raise Cancelled if cancelling was requested. A rollback cannot be cancelled."""
        if asked_for and not self.job.ending:
            raise Cancelled

    def _refuse_to_continue(self) -> None:
        if self.must_end:
            raise HandOver

    def _store_heartbeat(self) -> None:
        """Store a heartbeat; skip it if the database is busy, since others will follow."""
        try:
            leases.renew(self.job, done=self.done, total=self.total)
            stored = Job.objects.only("cancel_requested_at").get(pk=self.job.pk)
            self._refuse_cancelled(stored.cancel_requested_at is not None)
        except Error as error:
            if connection.in_atomic_block or not (errors.is_transient(error) or is_too_slow(error)):
                raise
            logger.warning("Job %s: a heartbeat could not be stored (%s).", self.job.pk, type(error).__name__)

    def _note_stored(self, further: bool) -> None:
        self.batches += further
        self._on_progress()
        self._last_heartbeat = time.monotonic()
        self.job.cursor, self.job.done, self.job.total = deepcopy(self.cursor), self.done, self.total

    def _yield_to_others(self) -> None:
        """On SQLite, checkpoint the log while nothing is locked, and leave the lock free for a moment when due."""
        if connection.vendor != "sqlite":
            return
        self._log.checkpoint()
        free_for = time.monotonic() - self._unlocked_at
        if self._locked_for >= LOCK_BUDGET and free_for < LOCK_BREAK:
            time.sleep(LOCK_BREAK - free_for)
            free_for = LOCK_BREAK
        if free_for >= LOCK_BREAK:
            self._locked_for = 0.0

    def _note_lock(self, started: float | None) -> None:
        self._unlocked_at = time.monotonic()
        if started is None:
            return
        self.batch_seconds = self._unlocked_at - started
        self._locked_for += self.batch_seconds
        self._log.add_write(self.batch_seconds)
        if self.batch_seconds > LONG_BATCH:
            logger.warning("Job %s (%s): a batch took %.1f s.", self.job.pk, self.job.kind, self.batch_seconds)
