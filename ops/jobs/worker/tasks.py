"""The one task of Django's tasks API: a kick, so that a worker claims a job. All other data is in the job's row."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings

from ops.jobs import running

# Django's own from 6.0 on; before that, and for the queue on Redis, the library that it is based on.
BUILT_IN = find_spec("django.tasks") is not None and settings.JOBS_QUEUE == "database"
task: Any = import_module("django.tasks" if BUILT_IN else "django_tasks").task


@task
def run_job(job_id: str) -> None:
    """Run a free job: this one, or another requester's whose turn it is. Each job has a kick, so all of them run."""
    running.run_next_in_turn(job_id, hold_lease=True)
