"""Killing workers with -9 at random moments, and comparing the state at the end.

To test a kind of job, name a function that prepares a database and starts jobs, and one that returns the end state,
both by their dotted path and without arguments. ``look`` returns what JSON can hold::

    from ops.jobs.tests.killing import databases  # noqa: F401 - a fixture

    def prepare() -> None:
        ...  # store what is needed, start one or more jobs

    def look() -> Any:
        return {"messages": Message.objects.count(), ...}

    def test_an_import_survives_its_workers(databases):
        calm, killed = databases.compare(f"{__name__}.prepare", f"{__name__}.look", kills=20, seed=4, share=4)
        assert killed.found == calm.found
        assert (killed.states, killed.deaths) == (["finished"], 20)

Each run has a fresh, migrated database of the kind that the tests use (with SQLite, a file) and a folder of its own for
files (VAR_DIR); both runs of a comparison start with one prepared state. All processes are forked from one, since
loading everything takes a second each.

A worker is killed up to ``longest`` seconds (or the undisturbed time divided by ``share``) after it started or stored
its first batch, and at the latest when it has stored a random number of batches, up to ``batches``: the speed of the
machine decides where workers die, not how many. The lease then ends immediately, as if its 30 seconds had passed, and
the next worker continues. After ``kills`` deaths workers may run to the end. Jobs of fewer than ``kills * batches``
batches may end earlier: ``deaths`` is the number of workers that died.
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
    """How a run ended: the ``states`` and ``errors`` of its jobs, the result of ``look``, how many workers were killed
    at work, and how many seconds workers were at work."""

    states: list[str]
    errors: list[str]
    found: Any
    deaths: int
    seconds: float


class Databases:
    """Creates fresh databases, as copies of the migrated one that other tests start with, and runs jobs in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = "" if _is_sqlite() else os.environ["DATABASE_URL"].rpartition("/")[0]
        self.name = f"killing_{uuid4().hex[:12]}"
        self.made: list[str] = []
        self.installations: list[Installation] = []

    def run(self, prepare: str, look: str, **kills: Any) -> Outcome:
        """Run the jobs that ``prepare`` starts, killing workers as the module describes; return the Outcome."""
        return Outcome(**self._call("run", self.fresh(), prepare=prepare, look=look, **kills))

    def compare(self, prepare: str, look: str, **disturbed: Any) -> tuple[Outcome, Outcome]:
        """Run the jobs that ``prepare`` starts twice: undisturbed, and ``disturbed`` as ``compare`` describes."""
        place, beside = self.fresh(), self._new()
        copy = {"database": beside.database, "folder": str(beside.folder)}
        calm, killed = self._call("compare", place, prepare=prepare, look=look, copy=copy, **disturbed)
        return Outcome(**calm), Outcome(**killed)

    def call(self, function: str, place: Installation, **arguments: Any) -> Any:
        """Call the function with this dotted path there, in a process of its own; return its result (JSON)."""
        there = {"database": place.database, "folder": str(place.folder)}
        return self._loaded.call(f"{__name__}.alone", function=function, **there, **arguments)

    def fresh(self, **environment: str) -> Installation:
        """Return an installation with a new database and folder; its processes also get ``environment``."""
        place = self._new(**environment)
        # There is no copy if tests of other code have replaced it since.
        if not take_copy(_name(place.database)):
            if self.server:
                on_server(self.server, f'CREATE DATABASE "{_name(place.database)}"')
            place.manage("migrate", "-v0")
        return place

    def _new(self, **environment: str) -> Installation:
        """Return an installation whose database is not created yet."""
        name = f"{self.name}_{len(self.made)}"
        self.made.append(name)
        address = f"{self.server}/{name}" if self.server else f"sqlite:///{self.folder / name}.sqlite3"
        place = Installation(address, self.folder / f"{name}.var", environment)
        self.installations.append(place)
        return place

    @cached_property
    def _loaded(self) -> Installation:
        """A process that has loaded everything and uses no database; the processes of runs are forked from it."""
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
    """Run a statement on the PostgreSQL server, outside of these databases."""
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(statement)


def _is_sqlite() -> bool:
    return settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")


def _name(address: str) -> str:
    """Return the path of a database's file, or on PostgreSQL its name."""
    return address.removeprefix("sqlite:///") if _is_sqlite() else address.rpartition("/")[2]


# --- In the process from which others are forked ----------------------------------------------------------------


def alone(*, function: str, **arguments: Any) -> Any:
    """Call the function in a process of its own, after loading what it needs in this one."""
    import_string(function)
    return call_apart(function, **arguments)


def apart(*, function: str, prepare: str, look: str, **arguments: Any) -> Any:
    """Call ``run`` or ``compare`` in a process of its own, after loading what several of them need in this one."""
    import_string(prepare), import_string(look), all_kinds()
    return call_apart(function, prepare=prepare, look=look, **arguments)


# --- In the process that kills ----------------------------------------------------------------------------------


def run(*, prepare: str, look: str, **kills: Any) -> dict[str, Any]:
    """Prepare, kill workers as the module describes, and wait for the end of all jobs; return an Outcome as a dict."""
    import_string(prepare)()
    return finish(look=look, **kills)


def compare(
    *, prepare: str, look: str, copy: dict[str, str], disturb: str = "", share: float = 1.0, **kills: Any
) -> list[dict[str, Any]]:
    """Prepare; run a copy to the end without kills, then the original with kills; return two Outcomes as dicts. The
    function ``disturb`` changes this process before the second run, whose ``longest`` is the time of the first divided
    by ``share``."""
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
    """Kill workers as the module describes, and wait for the end of all jobs; return an Outcome as a dict."""
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
    """Run a worker, without a ``fate`` to the end of all jobs; return how long it worked, and whether it was killed."""
    connections.close_all()  # a forked process needs connections of its own
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
    """Wait for so long, or until the worker at the other end is dead."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if select([reading], [], [], left)[0] and not os.read(reading, 1):
            break


def _live(writing: int, fate: Fate | None) -> None:
    """Run as a worker: do all free jobs, then exit. Writes a sign when it begins, and after each batch."""
    # A worker that hangs reports where, and dies: its parent would wait forever.
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
    """End all leases, as if their time had passed. Waits for a dead worker's statement that still runs."""
    now = timezone.now()
    Job.objects.filter(lease_until__gt=now).update(lease_until=now)
