"""Workers die at any moment: stored batches stay, and the next worker does the interrupted one, once."""

from __future__ import annotations

from typing import Any

import pytest

from ops.jobs import starting
from ops.jobs.models import Job
from ops.jobs.tests import counting

pytestmark = pytest.mark.processes

NUMBERS = sorted(counting.name_of(number) for number in range(150))


def prepare() -> None:
    starting.start(counting.NAME, requester=None, title="Counting", params={"to": 150, "by": 3, "pause": 0.01})


def prepare_failing() -> None:
    params = {"to": 150, "by": 3, "pause": 0.01, "stumble": 140}
    starting.start(counting.NAME, requester=None, title="Counting", params=params)


def look() -> Any:
    job = Job.objects.get()
    return {"counted": counting.counted(), "result": job.result, "done": job.done, "cursor": job.cursor}


def test_a_job_whose_workers_are_killed_at_any_moment_does_everything_once(databases: Any) -> None:
    calm, killed = databases.compare(f"{__name__}.prepare", f"{__name__}.look", kills=20, seed=1, share=25)
    assert (killed.states, killed.errors) == (["finished"], [""])
    assert killed.found == calm.found
    assert killed.found["counted"] == NUMBERS
    assert killed.deaths == 20


def test_a_failed_job_whose_workers_are_killed_leaves_nothing_behind(databases: Any) -> None:
    killed = databases.run(f"{__name__}.prepare_failing", f"{__name__}.look", kills=20, seed=2, longest=0.06)
    assert (killed.states, killed.errors) == (["failed"], [counting.SORRY])
    assert killed.found["counted"] == []
    assert killed.deaths == 20
