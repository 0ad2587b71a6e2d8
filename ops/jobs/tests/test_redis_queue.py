"""The queue on Redis: JOBS_QUEUE=redis wakes workers through RQ; everything else stays the same."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest
import redis
from django.conf import settings

from ops.jobs.tests import waiting
from ops.jobs.tests.installations import Installation, children_of, kill

pytestmark = [
    pytest.mark.skipif(not settings.REDIS_URL, reason="Needs Redis: set REDIS_URL."),
    pytest.mark.skipif(find_spec("django_tasks_rq") is None, reason="Needs django-tasks-rq: make .venv/.stamp-dev."),
]


@pytest.fixture(scope="module")
def installation(databases: Any) -> Installation:
    """An installation with its queue on Redis."""
    redis_environment = {"JOBS_QUEUE": "redis", "REDIS_URL": settings.REDIS_URL}
    return databases.fresh(JOBS_LEASE_SECONDS="1", JOBS_SWEEP_SECONDS="1", **redis_environment)


@pytest.fixture
def place(installation: Installation) -> Iterator[Installation]:
    """The installation without jobs, and with a Redis database that is emptied before and after."""
    server = redis.from_url(settings.REDIS_URL)
    server.flushdb()
    call(installation, "forget")
    yield installation
    server.flushdb()


def call(place: Installation, name: str, **arguments: Any) -> Any:
    return place.call(f"{waiting.__name__}.{name}", **arguments)


def test_jobs_are_done_over_redis_and_survive_a_killed_worker(place: Installation) -> None:
    call(place, "start", to=150, pause=0.02)
    with place.going("work", "--processes", "1") as supervisor:
        call(place, "until_done", number=5)
        kill(children_of(supervisor)[0])
        assert call(place, "until_ended") == {"state": "finished", "error": "", "attempts": 2, "counted": 150}


def test_a_worker_that_is_asked_to_end_gives_its_job_back(place: Installation) -> None:
    call(place, "start", to=150, pause=0.02)
    with place.going("work", "--processes", "1") as supervisor:
        call(place, "until_done", number=5)
        supervisor.terminate()
        assert supervisor.wait(5) == 0
    assert call(place, "until_free")["state"] == "running"


def test_a_queue_that_was_emptied_loses_no_job(place: Installation) -> None:
    call(place, "start", to=5)
    redis.from_url(settings.REDIS_URL).flushdb()
    with place.going("work", "--processes", "1"):
        assert call(place, "until_ended")["state"] == "finished"


def test_a_silent_redis_costs_a_page_less_than_a_second_and_loses_no_job(databases: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        place = databases.fresh(JOBS_QUEUE="redis", REDIS_URL=address)
        assert call(place, "seconds_to_start", to=5) < 1
        assert call(place, "facts")["state"] == "queued"
