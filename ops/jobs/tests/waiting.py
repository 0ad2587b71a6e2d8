"""Waiting for the effects of another process."""

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
    """Return the result of ``met`` as soon as it is true; fail after MOST_SECONDS, reporting that ``what`` did not
    happen."""
    end = time.monotonic() + MOST_SECONDS
    while not (outcome := met()):
        assert time.monotonic() < end, f"{what} did not happen within {MOST_SECONDS:.0f} s."
        time.sleep(LOOK_EVERY)
    return outcome


# --- For Installation.call: in another process, about the only job there is -------------------------------------


def forget() -> None:
    """Delete the job of an earlier test, with the numbers that it counted and the tasks that wake workers for it."""
    for rows in (DBTaskResult, Job, Group):
        rows.objects.all().delete()


def start(**params: Any) -> str:
    """Start a job that counts; return its id."""
    return str(starting.start(counting.NAME, requester=None, title="Counting", params=params).pk)


def seconds_to_start(**params: Any) -> float:
    """Return how many seconds it takes to start a job."""
    begun = time.monotonic()
    start(**params)
    return time.monotonic() - begun


def until_done(number: int) -> int:
    """Wait until this number has been counted; return how many are done by then."""
    until(lambda: Group.objects.filter(name=counting.name_of(number)).exists(), f"counting to {number}")
    return Job.objects.get().done


def until_free() -> dict[str, Any]:
    """Wait until no worker holds the job; return its facts."""
    until(lambda: Job.objects.filter(lease_token=None).exists(), "giving the job back")
    return facts()


def until_ended() -> dict[str, Any]:
    """Wait until the job is over; return its facts."""
    until(lambda: Job.objects.exclude(state__in=leases.UNDER_WAY).exists(), "the end of the job")
    return facts()


def names_of_groups() -> list[str]:
    return sorted(Group.objects.values_list("name", flat=True))


def facts() -> dict[str, Any]:
    job = Job.objects.get()
    return {"state": job.state, "error": job.error, "attempts": job.attempts, "counted": len(counting.counted())}
