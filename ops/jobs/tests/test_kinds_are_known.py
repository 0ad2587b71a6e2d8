"""Rooms declare the kinds of their jobs; some kinds can be rolled back, and some of these only tidy up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ops.console.rooms import rooms
from ops.jobs import kinds, progress, starting
from ops.jobs.models import Job
from ops.jobs.run import JobFailed, Run
from ops.jobs.tests.working import run_all_jobs

RAIN = "It rained."


def fail(run: Run) -> None:
    raise JobFailed(RAIN)


def failed(kind: str) -> Job:
    starting.start(kind, requester=None, title="A walk", params={})
    (job,) = run_all_jobs()
    assert (job.state, job.ending, job.error) == ("failed", "", RAIN)
    return job


def test_the_kinds_of_every_room_are_known_and_have_names_of_their_own() -> None:
    declared = [kind for room in rooms() for kind in room.job_kinds()]
    names = [kind.name for kind in declared]
    assert names and len(set(names)) == len(names)
    assert {type(kind) for kind in declared} <= {type(kind) for kind in kinds.all_kinds()}
    assert [type(kinds.kind_of(Job(kind=name))) for name in names] == [type(kind) for kind in declared]


def test_a_kind_that_no_room_declares_is_unknown() -> None:
    assert kinds.kind_of(Job(kind="nobody.knows")) is None


@pytest.mark.django_db
def test_a_job_that_cannot_be_rolled_back_ends_where_it_failed(register: Callable[..., str]) -> None:
    assert not progress.undoes_work(failed(register(fail)))


@pytest.mark.django_db
def test_a_job_that_is_rolled_back_leaves_nothing_behind_unless_its_kind_says_so(register: Callable[..., str]) -> None:
    rolled_back: list[Any] = []
    assert progress.undoes_work(failed(register(fail, roll_back=rolled_back.append)))
    assert not progress.undoes_work(failed(register(fail, roll_back=rolled_back.append, undoes_work=False)))
    assert len(rolled_back) == 2
