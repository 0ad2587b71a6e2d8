"""Waiting for what another process does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Group
from django_tasks_db.models import DBTaskResult

from ops.jobs import leases, starting
from ops.jobs.models import Job
from ops.jobs.tests import counting

LOOK_EVERY = 0.05
MOST_SECONDS = 40.0


def until(met: Callable[[], Any], what: str) -> Any:
    """What ``met`` returns as soon as it is true; fails after a while, saying ``what`` did not happen."""
    end = time.monotonic() + MOST_SECONDS
    while not (outcome := met()):
        assert time.monotonic() < end, f"{what} did not happen within {MOST_SECONDS:.0f} s."
        time.sleep(LOOK_EVERY)
    return outcome


# --- For Installation.call: in a process of its own, the one job there is ---------------------------------------


def forget() -> None:
    """Remove the job of an earlier test, with what it counted and the task by which workers know of it."""
    for rows in (DBTaskResult, Job, Group):
        rows.objects.all().delete()


def start(**params: Any) -> str:
    """Start a job that counts; its id."""
    return str(starting.start(counting.NAME, requester=None, title="Counting", params=params).pk)


def seconds_to_start(**params: Any) -> float:
    """How long starting a job takes."""
    begun = time.monotonic()
    start(**params)
    return time.monotonic() - begun


def until_done(number: int) -> int:
    """Wait until so much is done; how much it is then."""
    until(lambda: Group.objects.filter(name=counting.name_of(number)).exists(), f"counting to {number}")
    return Job.objects.get().done


def until_free() -> dict[str, Any]:
    """Wait until nobody works on the job."""
    until(lambda: Job.objects.filter(lease_token=None).exists(), "giving the job back")
    return facts()


def until_ended() -> dict[str, Any]:
    """Wait until the job is over."""
    until(lambda: Job.objects.exclude(state__in=leases.UNDER_WAY).exists(), "the end of the job")
    return facts()


def facts() -> dict[str, Any]:
    job = Job.objects.get()
    return {"state": job.state, "error": job.error, "attempts": job.attempts, "counted": len(counting.counted())}
