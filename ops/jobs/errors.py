"""Errors of the database and the machine: which are transient, and what people can do about the others."""

from __future__ import annotations

import errno
import traceback
from typing import Any

from django.db import Error, IntegrityError, InterfaceError, OperationalError
from django.utils.translation import gettext as _

# SQLSTATEs of PostgreSQL, or how they begin, and result codes of SQLite. Messages would mislead: they quote names of
# columns and constraints, which may hold any word.
LOCKS = ("40001", "40P01", "55P03", "SQLITE_BUSY", "SQLITE_LOCKED")  # serialization failure, deadlock, lock timeout
LOST_CONNECTIONS = ("08", "53300", "57P")  # also servers that stop or start, or have too many connections
FULL_DATABASE = ("53100", "53400", "SQLITE_FULL")  # the second: temp_file_limit
NOT_WRITABLE = ("25006", "42501", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")
TOO_SLOW = "57014"  # at the server's own time limit: the next try would take as long
FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def is_transient(error: BaseException) -> bool:
    """Return whether an error, or its cause, is likely to be temporary: a lock, a deadlock, a lost connection."""
    error = _database_error(error)
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    return _lost_connection(error) or _code(error).startswith(LOCKS + LOST_CONNECTIONS)


def advice(error: BaseException) -> str:
    """Return what people can do about an error of the database or the machine; "" for any other error.

    The error's own message is left out: it may hold somebody's text.
    """
    error = _database_error(error)
    if isinstance(error, OSError) and error.errno in FULL_DISK:
        return _full_disk()
    if isinstance(error, MemoryError):
        return _("This needs more memory than there is: try again when less is going on.")
    return _advice_of_database(error) if isinstance(error, Error) else ""


def for_log(error: BaseException) -> str:
    """Return the traceback of an error and its type. A database error's message is left out: it may quote rows."""
    lines = traceback.format_tb(error.__traceback__)
    words = type(error).__name__ if isinstance(_database_error(error), Error) else f"{type(error).__name__}: {error}"
    return f"{''.join(lines)}{words} {_code(_database_error(error))}".rstrip()


def _advice_of_database(error: Error) -> str:
    code = _code(error)
    if isinstance(error, IntegrityError):
        return _("Somebody else stored or removed some of the same messages or people meanwhile: try again.")
    if code.startswith(LOCKS):
        return _("Another program is writing to the database: try again when it is done.")
    if code.startswith(FULL_DATABASE):
        return _full_disk()
    if code == TOO_SLOW:
        return _(
            "The database stopped a query that took too long: ask the system administrator to allow more time "
            "(statement_timeout), then try again."
        )
    if code.startswith(NOT_WRITABLE):
        return _(
            "The database cannot be written to: ask the system administrator for write permission, then try again."
        )
    return _("The database reported an error: check that it runs and that its migrations are applied, then try again.")


def _full_disk() -> str:
    return _("The disk is full, or the room for temporary files is: make room and try again.")


def _database_error(error: BaseException) -> BaseException:
    """Return the database error that caused another one, or the error itself."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, Error):
        found = found.__cause__
    return found or error


def _lost_connection(error: BaseException) -> bool:
    """Return whether a connection was refused or lost: errors of the server have a SQLSTATE, those of psycopg none."""
    return isinstance(error, InterfaceError) or getattr(error.__cause__, "sqlstate", "") is None


def _code(error: BaseException) -> str:
    """Return the SQLSTATE of PostgreSQL or the name of SQLite's result code, "" if there is neither."""
    cause: Any = error.__cause__
    return getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None) or ""
