"""Running jobs in tests, without a worker."""

from __future__ import annotations

from django.utils import timezone

from ops.jobs import leases, running
from ops.jobs.models import Job


def run_all_jobs() -> list[Job]:
    """Run every free job, and those that they start, in this process; return the jobs in their new states."""
    done: list[Job] = []
    while job := leases.free(timezone.now()).order_by("created_at").first():
        running.run(job.pk)
        job.refresh_from_db()
        done.append(job)
    return done
