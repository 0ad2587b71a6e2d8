"""One person's jobs do not hold up another's: workers take turns, whichever job the queue names first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from messaging.tests.cast import make_user
from ops.jobs import leases
from ops.jobs.models import Job
from ops.jobs.starting import start
from ops.jobs.worker import tasks


@pytest.fixture
def wait(register: Any, db: Any) -> Callable[..., Job]:
    """A function that creates a job that has waited for a minute, one second less than the previous one."""
    kind = register(lambda run: None)
    number = iter(range(60))

    def wait(who: Any) -> Job:
        title = who.get_username() if who else "nobody"
        job = start(kind, requester=who, title=title, params={}, kick=False)
        Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(seconds=60 - next(number)))
        return job

    return wait


def done_in_order(kicks: list[Job]) -> list[str]:
    """Run the tasks of these jobs one after the other, as a single worker does; return the requesters of jobs in
    order."""
    for job in kicks:
        tasks.run_job.call(str(job.pk))
    assert not leases.free(timezone.now()).exists()
    return list(Job.objects.order_by("started_at").values_list("title", flat=True))


def test_later_requesters_do_not_wait_for_all_jobs_of_another(wait: Any) -> None:
    alice, bob, eve = (make_user(name) for name in ("alice", "bob", "eve"))
    jobs = [wait(who) for who in (alice, alice, alice, alice, bob, bob, eve)]
    assert done_in_order(jobs) == ["alice", "bob", "eve", "alice", "bob", "alice", "alice"]


def test_jobs_without_a_requester_take_turns(wait: Any) -> None:
    alice = make_user("alice")
    assert done_in_order([wait(who) for who in (None, None, None, alice)]) == ["nobody", "alice", "nobody", "nobody"]


def test_people_without_a_running_job_come_first(wait: Any) -> None:
    alice, bob = make_user("alice"), make_user("bob")
    running, second, other = wait(alice), wait(alice), wait(bob)
    leases.claim(other.pk, now=timezone.now() - timedelta(hours=1))  # a turn long ago, which has ended
    Job.objects.filter(pk=other.pk).update(lease_until=None)
    assert leases.claim(running.pk, now=timezone.now())
    assert leases.next_in_turn(second.pk, now=timezone.now()) == other.pk


def test_a_job_that_was_just_created_is_not_given_to_others(wait: Any) -> None:
    alice, bob = make_user("alice"), make_user("bob")
    kicked, fresh = wait(alice), wait(bob)
    Job.objects.filter(pk=fresh.pk).update(created_at=timezone.now())
    leases.claim(kicked.pk, now=timezone.now())
    assert leases.next_in_turn(kicked.pk, now=timezone.now()) is None
    assert leases.next_in_turn(fresh.pk, now=timezone.now()) == fresh.pk
