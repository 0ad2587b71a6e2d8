"""The one task of Django's tasks API: a kick, so that a worker takes up a job. What is done stands in the job's row."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings

from ops.jobs import running

# Django's own from 6.0 on; before, and for the queue on Redis, those that became Django's.
BUILT_IN = find_spec("django.tasks") is not None and settings.JOBS_QUEUE == "database"
task: Any = import_module("django.tasks" if BUILT_IN else "django_tasks").task


@task
def run_job(job_id: str) -> None:
    """Take up a job, where nobody else does it already."""
    running.run(job_id, keep=True)
