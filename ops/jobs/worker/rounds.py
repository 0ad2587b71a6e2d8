"""The supervisor's work besides jobs: running the commands that rooms declare, and pruning the queue."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.management import call_command
from django.db import Error
from django_tasks_db.models import DBTaskResult

from ops.console.rooms import rooms
from ops.jobs import errors

logger = logging.getLogger(__name__)

PRUNE_EVERY = timedelta(days=1)
DEAD_AFTER = timedelta(days=7)  # a task that has run for longer died with its worker


def scheduled() -> dict[str, int]:
    """Return the commands that rooms declare (``Room.rounds``), each with the seconds between two runs."""
    return {command: seconds for room in rooms() for command, seconds in room.rounds.items()}


def run_due(last_runs: dict[str, datetime], now: datetime, *, is_over: Callable[[], bool] = lambda: False) -> None:
    """Run the scheduled commands that are due at ``now``, and record that in ``last_runs``; none once ``is_over``.

    A command that fails is logged, and stops neither the others nor jobs. Raises the database's errors.
    """
    for command, seconds in scheduled().items():
        if is_over():
            return
        if command in last_runs and now - last_runs[command] < timedelta(seconds=seconds):
            continue
        last_runs[command] = now
        try:
            call_command(command, verbosity=0)
        except Error:
            raise
        except Exception as error:
            logger.error("“%s” failed, and is run again later:\n%s", command, errors.for_log(error))


def prune_queue(now: datetime) -> None:
    """Delete old wake-up tasks from the database: done ones, and those whose worker died. RQ does that in Redis."""
    if settings.JOBS_QUEUE != "database":
        return
    call_command("prune_db_task_results", verbosity=0)
    DBTaskResult.objects.running().filter(started_at__lt=now - DEAD_AFTER).delete()
