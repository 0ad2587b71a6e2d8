"""The one long-running process for jobs: it keeps workers alive, and sweeps every few seconds."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.utils import timezone

from ops.jobs import errors, starting
from ops.jobs.worker import rounds
from ops.serving.frames import with_room

logger = logging.getLogger(__name__)

CHECK_EVERY = 0.2  # seconds between two checks that workers are alive
QUICK_DEATH = 5.0  # seconds: a worker that lived for less is replaced only after a pause
LONGEST_PAUSE = 10.0  # seconds of that pause, at most
STOP_TIMEOUT = 3.5  # seconds that workers have to end; honcho kills them after five
COMMAND_TIMEOUT = settings.EMAIL_TIMEOUT + 2.0  # seconds that a scheduled command has: one may be sending a message


class WorkerProcess:
    """A worker process, and its replacements when it dies."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.not_before = 0.0
        self.pause = 0.5

    def ensure_alive(self) -> None:
        """Start a worker if none is alive: immediately, or after growing pauses if workers die quickly."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            self._died(now)
        if self.process is None and now >= self.not_before:
            # A session of its own: Ctrl-C in a terminal reaches the supervisor alone, which then ends its workers.
            self.process = subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, str(settings.BASE_DIR / "manage.py"), "work", "--for", str(os.getpid())],
                start_new_session=True,
            )
            self.started = now

    def terminate(self) -> None:
        """Signal the worker to end."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, until: float) -> None:
        """Wait ``until`` (time.monotonic) for the worker to end, then kill it; the next one resumes its job."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _died(self, now: float) -> None:
        quick = now - self.started < QUICK_DEATH
        self.pause = min(2 * self.pause, LONGEST_PAUSE) if quick else 0.5
        self.not_before = now + self.pause if quick else now
        logger.warning("A worker ended (%s); another is started.", self.process and self.process.returncode)
        self.process = None


class Supervisor:
    """Keeps ``processes`` workers alive and sweeps every few seconds, until a signal ends it."""

    def __init__(self, processes: int) -> None:
        self.workers = [WorkerProcess() for _ in range(processes)]
        self.stopping = False
        self.pruned_at: datetime | None = None
        self.last_runs: dict[str, datetime] = {}
        self.round: threading.Thread | None = None

    def run(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        sweep_at = 0.0
        while not self.stopping:
            for worker in self.workers:
                worker.ensure_alive()
            if time.monotonic() >= sweep_at:
                self._sweep(timezone.now())
                sweep_at = time.monotonic() + settings.JOBS_SWEEP_SECONDS
            time.sleep(CHECK_EVERY)
        self._stop_workers()

    def _stop(self, signum: int, frame: Any) -> None:
        self.stopping = True

    def _stop_workers(self) -> None:
        until = time.monotonic() + STOP_TIMEOUT
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait(until)
        if self.round is not None:
            self.round.join(COMMAND_TIMEOUT)

    def _sweep(self, now: datetime) -> None:
        """Wake workers for free jobs, and begin a round if none is under way.

        If the database is unavailable or locked, the next sweep tries again.
        """
        try:
            kicked = starting.kick(now)
        except Error as error:
            logger.warning("Jobs cannot be looked for: %s", errors.advice(error))
            connection.close()
            return
        if kicked:
            logger.info("%d job(s) that nobody works on: workers were asked again.", kicked)
        if self.round is None or not self.round.is_alive():
            # A thread, because some commands take minutes, and a process would take 80 MB. A daemon, so that no command
            # delays the end for so long.
            self.round = threading.Thread(target=with_room, args=(self._do_round, now), daemon=True)
            self.round.start()

    def _do_round(self, now: datetime) -> None:
        """Prune the queue and run the commands that are due, one after the other, until the supervisor is to end."""
        try:
            if self.pruned_at is None or now - self.pruned_at >= rounds.PRUNE_EVERY:
                rounds.prune_queue(now)
                self.pruned_at = now
            rounds.run_due(self.last_runs, now, is_over=lambda: self.stopping)
        except Error as error:
            logger.warning("Scheduled commands cannot be run: %s", errors.advice(error))
        finally:
            connection.close()  # that of this thread
