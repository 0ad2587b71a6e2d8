"""Errors of the database and the machine come with advice, and some of them are transient."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)

from ops.audit.recording import NotRecorded
from ops.jobs import errors
from ops.jobs.tests.failing import database_error

LOCKED = "Another program is writing to the database: try again when it is done."
FULL = "The disk is full, or the room for temporary files is: make room and try again."
NOT_WRITABLE = "The database cannot be written to: ask the system administrator for write permission, then try again."
OTHER = "The database reported an error: check that it runs and that its migrations are applied, then try again."
# What each of the codes says is what the databases mean by it.
LOCKS = ("40001", "40P01", "55P03", "SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_LOCKED_SHAREDCACHE")
FULL_DISKS = ("53100", "53400", "SQLITE_FULL")
REFUSALS_TO_WRITE = ("25006", "42501", "SQLITE_READONLY", "SQLITE_READONLY_DIRECTORY", "SQLITE_CANTOPEN", "SQLITE_PERM")
TOO_SLOW = (
    "The database stopped a query that took too long: ask the system administrator to allow more time "
    "(statement_timeout), then try again."
)
LOST_CONNECTIONS = ("", "08006", "53300", "57P01", "57P02", "57P03", "57P05")
MISTAKES = ("42703", "42P01", "54000", "22001", "SQLITE_ERROR", "SQLITE_IOERR_READ", "SQLITE_TOOBIG")


def caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        *((database_error(code), LOCKED) for code in LOCKS),
        *((database_error(code), FULL) for code in FULL_DISKS),
        *((database_error(code), NOT_WRITABLE) for code in REFUSALS_TO_WRITE),
        *((database_error(code), OTHER) for code in (*LOST_CONNECTIONS, *MISTAKES)),
        (database_error("57014"), TOO_SLOW),
        (OSError(errno.ENOSPC, "No space left on device"), FULL),
        (caused(NotRecorded(), database_error("SQLITE_FULL")), FULL),
        (
            database_error("SQLITE_CONSTRAINT_UNIQUE", IntegrityError),
            "Somebody else stored or removed some of the same messages or people meanwhile: try again.",
        ),
        (MemoryError(), "This needs more memory than there is: try again when less is going on."),
        (ValueError("anything else"), ""),
        (OSError(errno.ENOENT, "No such file"), ""),
    ],
)
def test_each_error_has_its_sentence(error: Exception, sentence: str) -> None:
    assert errors.advice(error) == sentence


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["full_name", "permission", "locked", "read_only"])
def test_the_name_of_a_missing_column_gives_no_advice(name: str) -> None:
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM auth_group")
    assert (errors.advice(caught.value), errors.is_transient(caught.value)) == (OTHER, False)


@pytest.mark.parametrize(
    "error",
    [
        *(database_error(code) for code in (*LOCKS, *LOST_CONNECTIONS)),
        InterfaceError("connection already closed"),
        caused(NotRecorded(), database_error("SQLITE_BUSY")),
    ],
)
def test_locks_deadlocks_and_lost_connections_are_transient(error: Exception) -> None:
    assert errors.is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        *(database_error(code) for code in (*FULL_DISKS, *REFUSALS_TO_WRITE, *MISTAKES, "57014")),
        OperationalError("connection closed while locked"),
        database_error("SQLITE_CONSTRAINT_UNIQUE", IntegrityError),
        ProgrammingError("syntax error"),
        ValueError("locked"),
    ],
)
def test_full_disks_and_mistakes_are_not_transient(error: Any) -> None:
    assert not errors.is_transient(error)


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="Only PostgreSQL has a time limit of its own.")
@pytest.mark.django_db
def test_a_query_stopped_at_the_time_limit_is_not_transient() -> None:
    with pytest.raises(OperationalError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 1")
        cursor.execute("SELECT pg_sleep(60)")
    assert (errors.advice(caught.value), errors.is_transient(caught.value)) == (TOO_SLOW, False)


def test_the_log_says_where_but_quotes_no_row() -> None:
    words = "Failing row contains (1, a private text)"
    try:
        raise IntegrityError(words)
    except IntegrityError as error:
        lines = errors.for_log(error)
    assert "test_errors_have_advice.py" in lines
    assert lines.endswith("IntegrityError")
    assert "private" not in lines


def test_the_log_has_the_code_of_a_database_error() -> None:
    assert [errors.for_log(database_error(code)) for code in ("42703", "SQLITE_IOERR_READ", "")] == [
        "OperationalError 42703",
        "OperationalError SQLITE_IOERR_READ",
        "OperationalError",
    ]
