"""In small runs, each process to measure is forked from one that has loaded Django."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import databases

pytestmark = pytest.mark.once

MODULE = "bench.tests.forked"
KIND = ("bench.settings", "sqlite")


@pytest.fixture(scope="module", autouse=True)
def small_run() -> Iterator[None]:
    """End the loaded process after these tests, not only with the test process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_SMALL", "1")
        patch.setattr(databases, "forks", databases.forking.Forks())
        yield
        for process in databases.forks.loaded.values():
            process.communicate()


def made(folder: Path, name: str) -> str:
    """Return the URL of a database with one table, both called ``name``."""
    file = folder / f"{name}.sqlite3"
    with sqlite3.connect(file) as connection:
        connection.execute(f"CREATE TABLE {name} (id)")
    return f"sqlite:///{file}"


def test_each_run_is_a_new_process_on_its_own_database(tmp_path: Path) -> None:
    outputs = [databases.run(["-m", MODULE, name], made(tmp_path, name)).split() for name in ("alone", "together")]
    assert [tables for tables, _, _ in outputs] == ["alone", "together"]
    processes, parents = ({outputs[0][place], outputs[1][place]} for place in (1, 2))
    assert len(processes) == 2
    assert parents == {str(databases.forks.loaded[KIND].pid)}


def test_a_failure_has_its_traceback_and_the_next_run_works(tmp_path: Path) -> None:
    url = made(tmp_path, "alone")
    with pytest.raises(subprocess.CalledProcessError) as failure:
        databases.run(["-m", MODULE, "missing"], url)
    assert failure.value.stderr.splitlines()[0] == "Traceback (most recent call last):"
    assert failure.value.stderr.splitlines()[-1] == "ValueError: There is no table 'missing'."
    assert databases.run(["-m", MODULE, "alone"], url).startswith("alone")


def test_a_killed_process_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError, match="SIGKILL"):
        databases.run(["-m", MODULE, "alone", "killed"], made(tmp_path, "alone"))


def test_other_runs_start_each_process_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BENCH_SMALL")
    _, _, parent = databases.run(["-m", MODULE, "alone"], made(tmp_path, "alone")).split()
    assert parent == str(os.getpid())
