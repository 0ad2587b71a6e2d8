"""``manage.py work`` in processes: they do jobs, are replaced when they die, and end when they are asked to."""

from __future__ import annotations

import signal
import subprocess
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from ops.jobs.tests import waiting
from ops.jobs.tests.installations import Installation, children_of, kill, lives

pytestmark = pytest.mark.processes

ON_POSTGRESQL = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
WORK = ("work", "--processes", "1")
LONG = {"to": 150, "pause": 0.02}


@pytest.fixture(scope="module")
def installation(databases: Any) -> Installation:
    """Threadward with leases of a second."""
    return databases.fresh(JOBS_LEASE_SECONDS="1", JOBS_SWEEP_SECONDS="1")


@pytest.fixture
def place(installation: Installation) -> Installation:
    """The same without a job, which takes less time than a new one: to call it starts a process."""
    call(installation, "forget")
    return installation


def call(place: Installation, name: str, **arguments: Any) -> Any:
    return place.call(f"{waiting.__name__}.{name}", **arguments)


def the_worker(supervisor: subprocess.Popen[bytes]) -> int:
    return waiting.until(lambda: children_of(supervisor), "the start of a worker")[0]


def test_it_does_what_is_asked_for(place: Installation) -> None:
    with place.going(*WORK):
        call(place, "start", to=5)
        assert call(place, "until_ended") == {"state": "finished", "error": "", "attempts": 1, "counted": 5}


def test_a_killed_worker_is_replaced_and_its_job_resumed(place: Installation) -> None:
    call(place, "start", **LONG)
    with place.going(*WORK) as supervisor:
        call(place, "until_done", number=5)
        kill(the_worker(supervisor))
        assert call(place, "until_ended") == {"state": "finished", "error": "", "attempts": 2, "counted": 150}


def test_asked_to_end_it_gives_its_job_back_and_the_next_one_resumes_it(place: Installation) -> None:
    call(place, "start", **LONG)
    with place.going(*WORK) as supervisor:
        call(place, "until_done", number=5)
        worker = the_worker(supervisor)
        supervisor.send_signal(signal.SIGTERM)
        assert supervisor.wait(5) == 0
        assert not lives(worker)
    left = call(place, "until_free")
    assert (left["state"], left["attempts"]) == ("running", 0)
    assert 5 < left["counted"] < 150
    with place.going(*WORK):
        assert call(place, "until_ended") == {"state": "finished", "error": "", "attempts": 1, "counted": 150}


def test_workers_do_not_outlive_their_supervisor(place: Installation) -> None:
    call(place, "start", **LONG)
    with place.going(*WORK) as supervisor:
        call(place, "until_done", number=5)
        worker = the_worker(supervisor)
        kill(supervisor.pid)
        waiting.until(lambda: not lives(worker), "the end of the worker")
    assert call(place, "until_free")["state"] == "running"


def test_a_long_step_of_living_work_is_not_begun_by_a_second_worker(place: Installation) -> None:
    """The lease is of one second here, and each step takes three without a sign of life."""
    call(place, "start", to=2, pause=3)
    with place.going("work", "--processes", "2"):
        assert call(place, "until_ended") == {"state": "finished", "error": "", "attempts": 1, "counted": 2}


def test_two_jobs_are_done_at_once(place: Installation) -> None:
    """So that somebody's small export need not wait for somebody else's large import."""
    with place.going("work") as supervisor:
        waiting.until(lambda: len(children_of(supervisor)) == 2, "the start of two workers")


@pytest.mark.postgresql
@pytest.mark.skipif(not ON_POSTGRESQL, reason="Only a database server can be away.")
def test_a_database_that_is_away_for_a_while_is_waited_for(place: Installation, databases: Any) -> None:
    name = place.database.rpartition("/")[2]
    call(place, "start", **LONG)
    with place.going(*WORK) as supervisor:
        call(place, "until_done", number=5)
        databases.on_server(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        databases.on_server(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(place.database)
        databases.on_server(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        ended = call(place, "until_ended")
        assert (ended["state"], ended["counted"]) == ("finished", 150)
        assert supervisor.poll() is None


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_nonsense_is_refused_in_words(number: str) -> None:
    with pytest.raises(CommandError, match=f"{number} is not a number of processes: 1 or more."):
        call_command("work", f"--processes={number}")
