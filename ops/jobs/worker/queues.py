"""The worker of the queue's library. On a signal to end, it gives back its job after the current batch."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import Error, connection
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker

from ops.jobs import errors
from ops.jobs.run import stop

logger = logging.getLogger(__name__)

POLL_EVERY = 0.5  # seconds between two polls of the queue in the database
PARENT_EVERY = 1.0  # seconds between two checks that the supervisor is alive
LONGEST_PAUSE = 10.0  # seconds between two tries while the database or Redis is unavailable


def work(parent: int) -> None:
    """Wait for kicks and run jobs until a signal ends it, or until ``parent`` (a process id) is gone."""
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    if settings.JOBS_QUEUE == "redis":
        _work_for_redis()
    else:
        _work_for_database()


class DatabaseWorker(Worker):
    """The library's worker, which also waits while the database is unavailable."""

    def shutdown(self, signum: int, frame: Any) -> None:
        # A signal may arrive twice; at the second, the library would stop in the middle of a batch.
        if not stop.requested:
            stop.requested = True
            super().shutdown(signum, frame)

    def run(self) -> None:
        pause = POLL_EVERY
        while self.running:
            started = time.monotonic()
            try:
                super().run()
            except Error as error:
                pause = POLL_EVERY if time.monotonic() - started > LONGEST_PAUSE else min(2 * pause, LONGEST_PAUSE)
                logger.warning("The queue cannot be read (%s); trying again.", errors.advice(error))
                connection.close()
                time.sleep(pause)


def _work_for_database() -> None:
    worker = DatabaseWorker(
        queue_names=["*"],
        excluded_queue_names=[],
        interval=POLL_EVERY,
        batch=False,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=get_random_string(32),
    )
    worker.configure_signals()
    worker.run()


def _work_for_redis() -> None:
    """Run jobs in RQ's worker without child processes, so that a signal ends them cleanly: RQ kills children."""
    rq, django_rq, backend = (import_module(name) for name in ("rq", "django_rq", "django_tasks_rq.backend"))

    class RedisWorker(rq.SimpleWorker):  # type: ignore[name-defined]
        max_connection_wait_time = LONGEST_PAUSE

        def request_stop(self, signum: int, frame: Any) -> None:
            if not stop.requested:
                stop.requested = True
                super().request_stop(signum, frame)
                signal.signal(signal.SIGINT, self.request_stop)
                signal.signal(signal.SIGTERM, self.request_stop)

    django_rq.get_worker(worker_class=RedisWorker, job_class=backend.Job).work(logging_level="WARNING")


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_EVERY)
    logger.warning("The supervisor is gone; this worker ends.")
    os.kill(os.getpid(), signal.SIGTERM)
