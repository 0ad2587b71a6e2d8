"""On SQLite a job checkpoints the write-ahead log between its batches, so that nobody else's commit has to."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from ops.jobs import kinds, running, sqlite, starting
from ops.jobs.kinds import Kind
from ops.jobs.run import Run
from ops.jobs.sqlite import WriteAheadLog
from ops.jobs.tests.killing import databases

__all__ = ["databases"]

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL writes its log back by itself"),
]

HERE = __name__


def in_the_file() -> int:
    """Return how many groups are in the database's file itself, without its log."""
    name = connection.settings_dict["NAME"]
    file = sqlite3.connect(f"file:{name}?immutable=1", uri=True)
    try:
        return file.execute("SELECT COUNT(*) FROM auth_group").fetchone()[0]
    finally:
        file.close()


def pragma(name: str) -> int:
    with connection.cursor() as cursor:
        return cursor.execute(f"PRAGMA {name}").fetchone()[0]


def done_in_two_batches() -> dict[str, Any]:
    """Run a job of two batches; return the groups in the file as each begins, after each commit and after the job, and
    pragmas."""
    seen: dict[str, Any] = {"usual": pragma("wal_autocheckpoint"), "patience": pragma("busy_timeout"), "file": []}

    class Logged(Kind):
        name = "test.log"

        def work(self, run: Run) -> None:
            for batch in range(2):
                with run.batch():
                    seen["file"].append(in_the_file())
                    Group.objects.bulk_create(Group(name=f"{batch} {number} {'x' * 100}") for number in range(20_000))
                seen["file"].append(in_the_file())

    kinds.register(Logged())
    job = starting.start("test.log", requester=None, title="Log", params={}, kick=False)
    sqlite.CHECKPOINT_AFTER = sqlite.LONGEST_LOG = 0
    running.run(job.pk)
    seen["file"].append(in_the_file())
    return {**seen, "then": [pragma("wal_autocheckpoint"), pragma("busy_timeout")]}


def read_meanwhile() -> list[bool]:
    """Return whether the log can be reset while somebody reads it, and afterwards."""
    Group.objects.create(name="one")
    reader = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT COUNT(*) FROM auth_group").fetchone()
    Group.objects.create(name="two")
    meanwhile = sqlite.reset_wal("TRUNCATE")
    reader.execute("COMMIT")
    reader.close()
    return [meanwhile, sqlite.reset_wal("TRUNCATE")]


def test_the_log_is_written_back_between_batches_and_not_in_a_commit(databases: Any) -> None:
    seen = databases.fresh().call(f"{HERE}.done_in_two_batches")
    assert seen["file"] == [0, 0, 20_000, 20_000, 40_000]
    assert seen["then"] == [seen["usual"], seen["patience"]]


def test_writing_back_does_not_wait_long_for_readers(databases: Any) -> None:
    assert databases.fresh().call(f"{HERE}.read_meanwhile") == [False, True]


@pytest.mark.django_db
def test_within_a_transaction_nothing_is_written_back(django_assert_num_queries: Any) -> None:
    with WriteAheadLog() as log:
        log.add_write(10.0)
        with django_assert_num_queries(0):
            log.checkpoint()
