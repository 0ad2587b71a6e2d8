"""Kills workers with -9 at random moments, and says what is there in the end.

For tests of kinds of jobs: name a function that prepares a database and starts jobs, and one that looks at the end
state, both by their dotted path, both without arguments. ``look`` returns what JSON can hold::

    from ops.jobs.tests.killing import databases  # noqa: F401 - a fixture

    def prepare() -> None:
        ...  # store what is needed, start one or more jobs

    def look() -> Any:
        return {"messages": Message.objects.count(), ...}

    def test_an_import_survives_its_workers(databases):
        calm, killed = databases.compare(f"{__name__}.prepare", f"{__name__}.look", kills=20, seed=4, share=4)
        assert killed.found == calm.found
        assert (killed.states, killed.deaths) == (["finished"], 20)

Each run has a fresh, migrated database of the kind that the tests run on (a file with SQLite) and a folder of its own
for files (VAR_DIR); what is compared begins with copies of what was prepared once. All are forked from one process,
for loading everything would take each a second.

A worker is killed up to ``longest`` seconds (or a ``share`` of the time that all takes undisturbed) after it claimed a
job or stored its first batch, wherever it is by then, and when it has stored some batches, up to ``batches``, at the
latest: how fast the machine is just now decides where workers die, not how many. Then its lease is over at once, as if
its 30 seconds had passed, and the next one goes on. After ``kills`` deaths workers may go on to the end. What takes
fewer than ``kills * batches`` batches may end earlier: ``deaths`` says how many died.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from itertools import count
from pathlib import Path
from select import select
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone
from django.utils.module_loading import import_string

from messaging.tests.migrated import copy_on_server, take_copy
from ops.jobs import leases, running
from ops.jobs.kinds import all_kinds
from ops.jobs.models import Job
from ops.jobs.run import Run
from ops.jobs.tests.forking import call_apart
from ops.jobs.tests.installations import Installation, end_after

MOST_SECONDS = 120  # for one run
SIGN = b"1"


@dataclass(frozen=True)
class Outcome:
    """How a run ended: the ``states`` of its jobs, what ``look`` found, how often a worker was killed while at work,
    and how many seconds workers were at work."""

    states: list[str]
    errors: list[str]
    found: Any
    deaths: int
    seconds: float


class Databases:
    """Makes fresh databases, as copies of the migrated one that other tests begin with, and runs jobs in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = "" if _is_sqlite() else os.environ["DATABASE_URL"].rpartition("/")[0]
        self.name = f"killing_{uuid4().hex[:12]}"
        self.made: list[str] = []
        self.installations: list[Installation] = []

    def run(self, prepare: str, look: str, **kills: Any) -> Outcome:
        """Do the jobs that ``prepare`` starts, killing workers as ``finish`` says, and look at the end."""
        return Outcome(**self._call("run", self.fresh(), prepare=prepare, look=look, **kills))

    def compare(self, prepare: str, look: str, **disturbed: Any) -> tuple[Outcome, Outcome]:
        """Do the jobs that ``prepare`` starts twice: undisturbed, and ``disturbed`` as ``compare`` says."""
        place, beside = self.fresh(), self._new()
        copy = {"database": beside.database, "folder": str(beside.folder)}
        calm, killed = self._call("compare", place, prepare=prepare, look=look, copy=copy, **disturbed)
        return Outcome(**calm), Outcome(**killed)

    def call(self, function: str, place: Installation, **arguments: Any) -> Any:
        """What the function with this dotted path returns (JSON), called there in a process of its own."""
        there = {"database": place.database, "folder": str(place.folder)}
        return self._loaded.call(f"{__name__}.alone", function=function, **there, **arguments)

    def fresh(self, **environment: str) -> Installation:
        """A new database with a folder for files; ``environment`` is set besides."""
        place = self._new(**environment)
        # Tests of other code have one of theirs there by now.
        if not take_copy(_name(place.database)):
            if self.server:
                on_server(self.server, f'CREATE DATABASE "{_name(place.database)}"')
            place.manage("migrate", "-v0")
        return place

    def _new(self, **environment: str) -> Installation:
        """The place of a database that is not made yet."""
        name = f"{self.name}_{len(self.made)}"
        self.made.append(name)
        address = f"{self.server}/{name}" if self.server else f"sqlite:///{self.folder / name}.sqlite3"
        place = Installation(address, self.folder / f"{name}.var", environment)
        self.installations.append(place)
        return place

    @cached_property
    def _loaded(self) -> Installation:
        """A process that has loaded everything and uses no database, from which those of runs are forked."""
        return self._new()

    def _call(self, name: str, place: Installation, **arguments: Any) -> Any:
        there = {"database": place.database, "folder": str(place.folder)}
        return self._loaded.call(f"{__name__}.apart", function=f"{__name__}.{name}", **there, **arguments)

    def drop(self) -> None:
        for installation in self.installations:
            installation.end()
        for name in self.made if self.server else ():
            on_server(self.server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def databases(tmp_path_factory: Any, django_db_setup: None) -> Iterator[Databases]:
    """Fresh databases for workers that are killed."""
    made = Databases(tmp_path_factory.mktemp("killing"))
    yield made
    made.drop()


def on_server(server: str, statement: str) -> None:
    """Do something on PostgreSQL, outside of all these databases."""
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(statement)


def _is_sqlite() -> bool:
    return settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")


def _name(address: str) -> str:
    """The path of a database's file, or on PostgreSQL its name."""
    return address.removeprefix("sqlite:///") if _is_sqlite() else address.rpartition("/")[2]


# --- In the process from which others are forked ----------------------------------------------------------------


def alone(*, function: str, **arguments: Any) -> Any:
    """Call the function in a process of its own. What it needs is loaded in this one."""
    import_string(function)
    return call_apart(function, **arguments)


def apart(*, function: str, prepare: str, look: str, **arguments: Any) -> Any:
    """Call ``run`` or ``compare`` in a process of its own. What several of them need is loaded in this one."""
    import_string(prepare), import_string(look), all_kinds()
    return call_apart(function, prepare=prepare, look=look, **arguments)


# --- In the process that kills ----------------------------------------------------------------------------------


def run(*, prepare: str, look: str, **kills: Any) -> dict[str, Any]:
    """Prepare, kill as ordered, wait for the end, look: an Outcome."""
    import_string(prepare)()
    return finish(look=look, **kills)


def compare(
    *, prepare: str, look: str, copy: dict[str, str], disturb: str = "", share: float = 1.0, **kills: Any
) -> list[dict[str, Any]]:
    """Prepare, and come to the end with a copy and without kills; then as ordered, with what the function ``disturb``
    changes in this process, and the time that it took divided by ``share`` for the longest: two Outcomes."""
    import_string(prepare)()
    connections.close_all()
    shutil.copytree(settings.VAR_DIR, copy["folder"])
    if _is_sqlite():
        shutil.copy(settings.DATABASES["default"]["NAME"], _name(copy["database"]))
    else:
        server, _, name = copy["database"].rpartition("/")
        copy_on_server(partial(on_server, server), name, of=settings.DATABASES["default"]["NAME"])
    calm = call_apart(f"{__name__}.finish", look=look, **copy)
    if disturb:
        import_string(disturb)()
    return [calm, finish(look=look, longest=calm["seconds"] / share, **kills)]


def finish(*, look: str, kills: int = 0, seed: int = 0, longest: float = 1.0, batches: int = 2) -> dict[str, Any]:
    """Kill as ordered, wait for the end, look: an Outcome."""
    fates = random.Random(seed)
    deaths, seconds, until = 0, 0.0, time.monotonic() + MOST_SECONDS
    while _some_left():
        assert time.monotonic() < until, f"The jobs did not end within {MOST_SECONDS:.0f} s."
        fate = Fate.drawn(fates, longest, batches) if deaths < kills else None
        worked, killed = _one_worker(fate)
        deaths, seconds = deaths + killed, seconds + worked
        _let_leases_end()
    jobs = list(Job.objects.order_by("created_at"))
    states, errors = [job.state for job in jobs], [job.error for job in jobs]
    return asdict(Outcome(states, errors, import_string(look)(), deaths, seconds))


@dataclass(frozen=True)
class Fate:
    """When a worker is killed: so many ``seconds`` after it stored ``first`` batches, or when it stored ``last``."""

    first: int
    seconds: float
    last: int

    @classmethod
    def drawn(cls, fates: random.Random, longest: float, batches: int) -> Fate:
        return cls(fates.randrange(2), fates.uniform(0, longest), fates.randint(1, batches))


def _one_worker(fate: Fate | None) -> tuple[float, bool]:
    """Let a worker live, without a ``fate`` to the end of all jobs; how long it worked, and whether it was killed."""
    connections.close_all()  # a process of its own needs connections of its own
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        _live(writing, fate)
    os.close(writing)
    os.read(reading, 1)
    begun = time.monotonic()
    if fate is not None:
        for _ in range(fate.first):
            os.read(reading, 1)
        _pass(fate.seconds, reading)
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    os.close(reading)
    return time.monotonic() - begun, os.WIFSIGNALED(status)


def _pass(seconds: float, reading: int) -> None:
    """Let so much time pass, or less where the worker on the other end is dead before."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if select([reading], [], [], left)[0] and not os.read(reading, 1):
            break


def _live(writing: int, fate: Fate | None) -> None:
    """A worker's life: all jobs that nobody works on, then the end. Writes when it begins, and after each batch."""
    # One that hangs says where, and dies: whoever waits for it would wait for ever.
    end_after(MOST_SECONDS)
    try:
        job = leases.free(timezone.now()).order_by("created_at").first()
        os.write(writing, SIGN)
        if fate is not None:
            _report_batches(writing, fate.last)
        while job:
            running.run(job.pk)
            job = leases.free(timezone.now()).order_by("created_at").first()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def _report_batches(writing: int, last: int) -> None:
    batch, stored = Run.batch, count(1)

    @contextmanager
    def reported(run: Run, **how: Any) -> Iterator[None]:
        with batch(run, **how):
            yield
        os.write(writing, SIGN)
        if next(stored) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    Run.batch = reported  # type: ignore[method-assign, assignment]


def _some_left() -> bool:
    return Job.objects.filter(state__in=leases.UNDER_WAY).exists()


def _let_leases_end() -> None:
    """As if the time of a lease had passed. Where a dead worker's statement still runs, this waits for it."""
    now = timezone.now()
    Job.objects.filter(lease_until__gt=now).update(lease_until=now)
