"""Errors of the database and the machine come with advice, and some of them are transient."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, ProgrammingError

from ops.audit.recording import NotRecorded
from ops.jobs import errors

LOCKED = "Another program is writing to the database: try again when it is done."
FULL = "The disk is full, or the room for temporary files is: make room and try again."


TRANSIENT_STATES = ("40001", "40P01", "55P03", "57P01", "08006")


class FromPostgreSQL(Exception):
    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


def caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OperationalError("database is locked"), LOCKED),
        (OperationalError("deadlock detected"), LOCKED),
        (OperationalError("database or disk is full"), FULL),
        (caused(OperationalError("whatever"), FromPostgreSQL("53100")), FULL),
        (OSError(errno.ENOSPC, "No space left on device"), FULL),
        (caused(NotRecorded(), OperationalError("database or disk is full")), FULL),
        (
            OperationalError("attempt to write a readonly database"),
            "The database cannot be written to: ask whoever runs it for the right to, then try again.",
        ),
        (
            IntegrityError("UNIQUE constraint failed"),
            "Somebody else stored or removed some of the same messages or people meanwhile: try again.",
        ),
        (
            DatabaseError("no such table"),
            "The database reported an error: check that it runs and that its migrations are applied, then try again.",
        ),
        (MemoryError(), "This needs more memory than there is: try again when less is going on."),
        (ValueError("anything else"), ""),
        (OSError(errno.ENOENT, "No such file"), ""),
    ],
)
def test_each_error_has_its_sentence(error: Exception, sentence: str) -> None:
    assert errors.advice(error) == sentence


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("database is locked"),
        OperationalError("server closed the connection unexpectedly"),
        InterfaceError("connection already closed"),
        *(caused(OperationalError("x"), FromPostgreSQL(state)) for state in TRANSIENT_STATES),
        caused(NotRecorded(), OperationalError("database is locked")),
    ],
)
def test_locks_deadlocks_and_lost_connections_are_transient(error: Exception) -> None:
    assert errors.is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("database or disk is full"),
        OperationalError("no such table: x"),
        caused(OperationalError("x"), FromPostgreSQL("53100")),
        IntegrityError("UNIQUE constraint failed"),
        ProgrammingError("syntax error"),
        ValueError("locked"),
    ],
)
def test_full_disks_and_mistakes_are_not(error: Any) -> None:
    assert not errors.is_transient(error)


def test_the_log_says_where_but_quotes_no_row() -> None:
    words = "Failing row contains (1, a private text)"
    try:
        raise IntegrityError(words)
    except IntegrityError as error:
        lines = errors.for_log(error)
    assert "test_errors_have_advice.py" in lines
    assert lines.endswith("IntegrityError")
    assert "private" not in lines
