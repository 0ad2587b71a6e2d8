"""The processes of ``manage.py work`` run jobs, are replaced when they die, and end when asked to."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, BinaryIO

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from ops.jobs.tests import waiting
from ops.jobs.tests.installations import Installation, children_of, kill, lives
from ops.jobs.tests.killing import on_server
from ops.jobs.tests.management.commands import take_long

pytestmark = pytest.mark.processes

ON_POSTGRESQL = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
LONG = {"to": 150, "pause": 0.02}


@pytest.fixture(scope="module")
def installation(databases: Any) -> Installation:
    """An installation with leases of one second."""
    return databases.fresh(JOBS_LEASE_SECONDS="1", JOBS_SWEEP_SECONDS="1")


@dataclass
class Workers:
    """A supervisor and its workers. Each process takes more than a second to start, so tests reuse those of earlier
    tests, unless they have ended."""

    place: Installation
    stack: ExitStack
    number: int = 0
    supervisor: subprocess.Popen[bytes] | None = None

    def supervised(self, least: int = 1) -> subprocess.Popen[bytes]:
        """Return the running supervisor of at least so many workers, starting one if there is none."""
        if self.supervisor is None or self.supervisor.poll() is not None or self.number < least:
            self.stack.close()
            # Two is the command's default.
            options = () if least == 2 else ("--processes", str(least))
            self.number, self.supervisor = least, self.stack.enter_context(self.place.going("work", *options))
        return self.supervisor

    def ids(self) -> list[int]:
        """Return the ids of the workers, once all of them have started."""
        assert self.supervisor is not None
        supervisor = self.supervisor
        waiting.until(lambda: len(children_of(supervisor)) == self.number, f"the start of {self.number} workers")
        return children_of(supervisor)

    def call(self, name: str, **arguments: Any) -> Any:
        return self.place.call(f"{waiting.__name__}.{name}", **arguments)


@pytest.fixture(scope="module")
def kept(installation: Installation) -> Iterator[Workers]:
    """The workers that the tests of this module share."""
    with ExitStack() as stack:
        yield Workers(installation, stack)


@pytest.fixture
def workers(kept: Workers) -> Workers:
    """The shared workers, without the job of an earlier test."""
    kept.call("forget")
    return kept


def test_the_command_runs_jobs(workers: Workers) -> None:
    workers.supervised()
    workers.call("start", to=5)
    assert workers.call("until_ended") == {"state": "finished", "error": "", "attempts": 1, "counted": 5}


def test_a_killed_worker_is_replaced_and_its_job_resumed(workers: Workers) -> None:
    workers.supervised()
    before = workers.ids()
    workers.call("start", **LONG)
    workers.call("until_done", number=5)
    for worker in before:
        kill(worker)
    assert workers.call("until_ended") == {"state": "finished", "error": "", "attempts": 2, "counted": 150}
    assert not set(workers.ids()) & set(before)


@pytest.mark.postgresql
@pytest.mark.skipif(not ON_POSTGRESQL, reason="Only a database server can be away.")
def test_a_database_that_is_away_for_a_while_is_waited_for(workers: Workers, databases: Any) -> None:
    supervisor, address = workers.supervised(), workers.place.database
    name = address.rpartition("/")[2]
    workers.call("start", **LONG)
    workers.call("until_done", number=5)
    on_server(databases.server, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    on_server(databases.server, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address)
    on_server(databases.server, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    ended = workers.call("until_ended")
    assert (ended["state"], ended["counted"]) == ("finished", 150)
    assert supervisor.poll() is None


def test_a_terminated_worker_releases_its_job_and_the_next_one_resumes_it(workers: Workers) -> None:
    supervisor, before = workers.supervised(), workers.ids()
    workers.call("start", **LONG)
    workers.call("until_done", number=5)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(5) == 0
    assert not any(lives(worker) for worker in before)
    left = workers.call("until_free")
    assert (left["state"], left["attempts"]) == ("running", 0)
    assert 5 < left["counted"] < 150
    workers.supervised(2)
    assert workers.call("until_ended") == {"state": "finished", "error": "", "attempts": 1, "counted": 150}


def test_a_long_step_of_a_living_worker_is_not_taken_by_another(workers: Workers) -> None:
    """The lease lasts one second here, and each step takes three without a heartbeat."""
    workers.supervised(2)
    workers.ids()
    workers.call("start", to=2, pause=3)
    assert workers.call("until_ended") == {"state": "finished", "error": "", "attempts": 1, "counted": 2}


def test_as_many_workers_run_as_were_asked_for(workers: Workers) -> None:
    """So one person's small export need not wait for another's large import."""
    workers.supervised(2)
    assert len(workers.ids()) == 2


def test_workers_do_not_outlive_their_supervisor(workers: Workers) -> None:
    supervisor, before = workers.supervised(), workers.ids()
    workers.call("start", **LONG)
    workers.call("until_done", number=5)
    kill(supervisor.pid)
    waiting.until(lambda: not any(lives(worker) for worker in before), "the end of the workers")
    assert workers.call("until_free")["state"] == "running"


@pytest.fixture
def long_command(workers: Workers) -> Iterator[BinaryIO]:
    """A scheduled command of a new supervisor, which is under way until this is closed."""
    workers.stack.close()
    pipe = workers.place.folder / take_long.PIPE
    os.mkfifo(pipe)
    workers.supervised()
    with pipe.open("wb") as command:  # opening a pipe waits for whoever reads it: the command has begun
        pipe.unlink()
        yield command


@pytest.mark.once  # it waits for as long as the supervisor does
def test_workers_are_replaced_and_ended_during_a_long_scheduled_command(
    workers: Workers, long_command: BinaryIO
) -> None:
    supervisor, before = workers.supervised(), workers.ids()
    kill(before[0])
    waiting.until(lambda: set(children_of(supervisor)) - set(before), "the start of another worker")
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(settings.EMAIL_TIMEOUT + 10) == 0
    assert not workers.call("names_of_groups")


def test_a_scheduled_command_that_ends_soon_is_done_before_the_supervisor_ends(
    workers: Workers, long_command: BinaryIO
) -> None:
    supervisor = workers.supervised()
    workers.ids()
    supervisor.send_signal(signal.SIGTERM)
    waiting.until(lambda: not children_of(supervisor), "the end of the workers")
    long_command.close()
    assert supervisor.wait(5) == 0
    assert workers.call("names_of_groups") == [take_long.DONE]


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_an_invalid_number_of_processes_is_refused(number: str) -> None:
    with pytest.raises(CommandError, match=f"{number} is not a number of processes: 1 or more."):
        call_command("work", f"--processes={number}")
