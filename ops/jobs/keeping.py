"""Holding a job while its work is in one long step, such as a query over a million rows, and gives no sign of life."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType

from django.db import Error, connection

from ops.jobs import leases
from ops.jobs.models import Job

logger = logging.getLogger(__name__)

LONGEST_STEP = 900.0  # seconds: work that takes longer without a batch hangs, and another worker may take it up
PATIENCE = 1.0  # seconds that the end of a job waits for the thread


class Keeper:
    """Renews a job's lease, in a thread with a connection of its own, for as long as the block lasts.

    For workers, which do one job at a time in a process of their own: when the process dies, so does the thread, and
    the lease ends.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._hold, daemon=True)
        self.until = time.monotonic() + LONGEST_STEP

    def __enter__(self) -> Keeper:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self.thread.join(PATIENCE)

    def progressed(self) -> None:
        """The work goes on: its next step may take as long again."""
        self.until = time.monotonic() + LONGEST_STEP

    def _hold(self) -> None:
        try:
            while not self.over.wait(leases.lease().total_seconds() / 3) and time.monotonic() < self.until:
                self._renew()
        except leases.LeaseLost:
            pass  # The work notices by itself; or the job has just ended.
        finally:
            connection.close()

    def _renew(self) -> None:
        try:
            leases.renew(self.job)
        except Error as error:
            logger.warning("Job %s: its lease could not be renewed (%s).", self.job.pk, type(error).__name__)
            connection.close()
