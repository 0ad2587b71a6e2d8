"""A full disk, or a database locked by another program, in the middle of an import: nothing stays half-written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.db.backends.signals import connection_created

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.exports import requests
from ops.exports.models import Export
from ops.imports import steps
from ops.imports.models import Import
from ops.imports.storing import plan as storing_plan
from ops.imports.tests.files import row
from ops.imports.tests.importing import brought, do
from ops.jobs import errors, pacing, running
from ops.jobs.models import Job
from ops.jobs.pacing import Pace
from ops.jobs.tests.killing import databases

__all__ = ["databases"]

ROWS = 300
holders: list[Any] = []  # connections of another program, closed when the process ends


def prepare() -> None:
    """Create an import that is stored in many batches; errors are not retried."""
    make_user("alice"), make_user("bob")
    storing_plan.PIECE, pacing.BATCH_SECONDS, running.RETRY_PAUSES = 10, 0, ()  # type: ignore[assignment]
    rows = [row(str(number), content="x" * 2_000) for number in range(ROWS)]
    steps.store(brought(*rows), by=None, kick=False)


def prepare_full() -> None:
    """Leave room for only a part of the import."""
    prepare()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
    on_connecting(f"PRAGMA max_page_count = {pages + 100}")


def prepare_locked() -> None:
    """Let another program lock the database midway, for as long as this worker lives."""
    prepare()
    on_connecting("PRAGMA busy_timeout = 10" if connection.vendor == "sqlite" else "SET lock_timeout = 10")
    keeping, batches = Pace.timed, []

    def locked_in_the_middle(self: Any) -> Any:
        batches.append(1)
        if len(batches) == 10 and not Import.objects.filter(job__ending="failed").exists():
            holders.append(another_program())
        return keeping(self)

    Pace.timed = locked_in_the_middle  # type: ignore[method-assign]


def on_connecting(statement: str) -> None:
    def execute(sender: Any, connection: Any, **_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    connection_created.connect(execute, weak=False)


def _address(name: str) -> dict[str, Any]:
    """Return the address of a database on the server."""
    server = settings.DATABASES["default"]
    return {"host": server["HOST"], "port": server["PORT"] or None, "user": server["USER"], "dbname": name}


def another_program() -> Any:
    """Return a connection that holds a lock on what we write to."""
    database = settings.DATABASES["default"]
    if connection.vendor == "sqlite":
        holder = sqlite3.connect(database["NAME"], isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        return holder
    program = psycopg.connect(**_address(database["NAME"]))
    program.execute("LOCK TABLE messaging_message IN EXCLUSIVE MODE")
    return program


def look() -> Any:
    return {"messages": Message.objects.count(), "import": Import.objects.get().state}


def test_a_full_disk_is_reported_and_the_import_is_taken_back(databases: Any) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite can be told how large its file may become")
    end = databases.run(f"{__name__}.prepare_full", f"{__name__}.look")
    assert end.errors == ["The disk is full, or the room for temporary files is: make room and try again."]
    assert (end.states, end.found) == (["failed"], {"messages": 0, "import": "taken_back"})


def test_a_locked_database_leaves_nothing_half_written(databases: Any) -> None:
    """On SQLite, whose one lock covers even the job's own row, the next worker finishes the import.

    Otherwise the error is reported, and the stored rows are taken back as soon as the lock is released.
    """
    end = databases.run(f"{__name__}.prepare_locked", f"{__name__}.look")
    if connection.vendor == "sqlite":
        assert (end.states, end.found) == (["finished"], {"messages": ROWS, "import": "stored"})
    else:
        assert end.errors == ["Another program is writing to the database: try again when it is done."]
        assert (end.states, end.found) == (["failed"], {"messages": 0, "import": "taken_back"})


@pytest.fixture
def lost(monkeypatch: Any) -> Iterator[list[Any]]:
    """The server ends the connection of this test's first COPY, as it does when it restarts."""
    ended: list[Any] = []
    copy = psycopg.Cursor.copy

    def losing(self: Any, *args: Any, **options: Any) -> Any:
        if not ended:
            ended.append(self.connection.info.backend_pid)
            with psycopg.connect(**_address("postgres")) as administrator:
                administrator.execute("SELECT pg_terminate_backend(%s, 5000)", ended)
        return copy(self, *args, **options)

    monkeypatch.setattr(psycopg.Cursor, "copy", losing)
    monkeypatch.setattr(running, "RETRY_PAUSES", (0.0, 0.0, 0.0))
    yield ended
    connection.close()


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="Only PostgreSQL ends connections.")
@pytest.mark.django_db(transaction=True)
def test_an_import_reconnects_after_a_lost_connection(
    alice: Any, bob: Any, folder: Any, lost: list[Any], caplog: Any
) -> None:
    job = do(steps.store(brought(row("1")), by=None, kick=False))
    assert (job.error, job.state, Message.objects.count()) == ("", Job.State.FINISHED, 1)
    assert lost
    assert "administrator command" not in caplog.text


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="Only PostgreSQL ends connections.")
@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_in_an_export_raises_a_django_error(alice: Any, bob: Any, dora: Any, lost: list[Any]) -> None:
    write(alice, bob)
    export = requests.submit(requests.draft(by=dora, scope=Export.Scope.MESSAGES, reason="a question", format="csv"))
    with pytest.raises(OperationalError) as error:
        b"".join(requests.stream(export))
    assert errors.is_transient(error.value)
