"""Doing jobs in tests, without a worker."""

from __future__ import annotations

from django.utils import timezone

from ops.jobs import leases, running
from ops.jobs.models import Job


def run_all_jobs() -> list[Job]:
    """Do every job that waits, and those that they start, in this process; the jobs as they are then."""
    done: list[Job] = []
    while job := leases.free(timezone.now()).order_by("created_at").first():
        running.run(job.pk)
        job.refresh_from_db()
        done.append(job)
    return done
