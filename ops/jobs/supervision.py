"""What keeps workers alive and finds jobs that nobody works on: the one long-running process for jobs."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import Error, connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from ops.jobs import starting, troubles

logger = logging.getLogger(__name__)

LOOK_EVERY = 0.2  # seconds between two looks whether workers live
QUICK_DEATH = 5.0  # seconds: a worker that lived shorter is not started again at once
LONGEST_PAUSE = 10.0
PATIENCE = 3.5  # seconds that workers have to end; honcho kills what is there after five
TIDY_EVERY = timedelta(days=1)
DEAD_TASKS = timedelta(days=7)  # a task that runs for so long died with its worker


class Workplace:
    """One worker process after another."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.not_before = 0.0
        self.pause = 0.5

    def keep(self) -> None:
        """Start a worker where none lives; soon after a death, but not again and again without a pause."""
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

    def end(self, patience_until: float) -> None:
        """Wait for the worker, which was told to end; what does not is killed, and its job taken up by the next."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, patience_until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def tell_to_end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def _died(self, now: float) -> None:
        quick = now - self.started < QUICK_DEATH
        self.pause = min(2 * self.pause, LONGEST_PAUSE) if quick else 0.5
        self.not_before = now + self.pause if quick else now
        logger.warning("A worker ended (%s); another is started.", self.process and self.process.returncode)
        self.process = None


class Supervisor:
    """Keeps ``processes`` workers alive and sweeps every few seconds, until a signal ends it."""

    def __init__(self, processes: int) -> None:
        self.places = [Workplace() for _ in range(processes)]
        self.ending = False
        self.tidied_at: datetime | None = None
        self.rounds_made: dict[str, datetime] = {}

    def run(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._end)
        sweep_at = 0.0
        while not self.ending:
            for place in self.places:
                place.keep()
            if time.monotonic() >= sweep_at:
                self._sweep(timezone.now())
                sweep_at = time.monotonic() + settings.JOBS_SWEEP_SECONDS
            time.sleep(LOOK_EVERY)
        self._end_workers()

    def _end(self, signum: int, frame: Any) -> None:
        self.ending = True

    def _end_workers(self) -> None:
        until = time.monotonic() + PATIENCE
        for place in self.places:
            place.tell_to_end()
        for place in self.places:
            place.end(until)

    def _sweep(self, now: datetime) -> None:
        """Look for jobs that nobody works on; a database that is away or locked is asked again next time."""
        try:
            kicked = starting.kick(now)
            if kicked:
                logger.info("%d job(s) that nobody works on: workers were asked again.", kicked)
            if self.tidied_at is None or now - self.tidied_at >= TIDY_EVERY:
                tidy(now)
                self.tidied_at = now
            make_rounds(self.rounds_made, now)
        except Error as error:
            logger.warning("Jobs cannot be looked for: %s", troubles.in_words(error))
            connection.close()


def make_rounds(made: dict[str, datetime], now: datetime) -> None:
    """Run the commands of ``settings.JOBS_ROUNDS`` whose time has come; ``made`` keeps when that was last.

    One that fails, over a folder that cannot be read perhaps, keeps neither the others nor jobs from going on.
    """
    for command, seconds in settings.JOBS_ROUNDS.items():
        if command in made and now - made[command] < timedelta(seconds=seconds):
            continue
        made[command] = now
        try:
            call_command(command, verbosity=0)
        except Error:
            raise
        except Exception as error:
            logger.error("“%s” failed, and is run again later:\n%s", command, troubles.for_the_log(error))


def tidy(now: datetime) -> None:
    """Forget old kicks: those that were done, and those whose worker died. RQ does that by itself in Redis."""
    if settings.JOBS_QUEUE != "database":
        return
    call_command("prune_db_task_results", verbosity=0)
    DBTaskResult.objects.running().filter(started_at__lt=now - DEAD_TASKS).delete()
