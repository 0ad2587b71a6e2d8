"""Errors of the database and the machine: which are transient, and what people can do about the others."""

from __future__ import annotations

import errno
import traceback
from typing import Any

from django.db import Error, IntegrityError, InterfaceError, OperationalError
from django.utils.translation import gettext as _

# SQLSTATEs of PostgreSQL: serialization failure, deadlock, lock timeout, and servers that stop, start or are full.
TRANSIENT_STATES = frozenset({"40001", "40P01", "55P03", "53300"})
TRANSIENT_CLASSES = frozenset({"08", "57"})
TRANSIENT_WORDS = (
    "locked",
    "closed the connection",
    "connection is closed",
    "connection already closed",
    "connection failed",
)
FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def is_transient(error: BaseException) -> bool:
    """Return whether an error, or its cause, is likely to be temporary: a lock, a deadlock, a lost connection."""
    error = _database_error(error)
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = _sqlstate(error)
    if state:
        return state in TRANSIENT_STATES or state[:2] in TRANSIENT_CLASSES
    words = str(error).lower()
    return isinstance(error, InterfaceError) or any(transient in words for transient in TRANSIENT_WORDS)


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
    return f"{''.join(lines)}{words} {_sqlstate(_database_error(error))}".rstrip()


def _advice_of_database(error: Error) -> str:
    words, state = str(error).lower(), _sqlstate(error)
    if isinstance(error, IntegrityError):
        return _("Somebody else stored or removed some of the same messages or people meanwhile: try again.")
    if "locked" in words or "lock timeout" in words or "deadlock" in words:
        return _("Another program is writing to the database: try again when it is done.")
    if state == "53100" or "full" in words or "no space" in words or "too large" in words:
        return _full_disk()
    if "read-only" in words or "readonly" in words or "unable to open" in words or "permission" in words:
        return _("The database cannot be written to: ask whoever runs it for the right to, then try again.")
    return _("The database reported an error: check that it runs and that its migrations are applied, then try again.")


def _full_disk() -> str:
    return _("The disk is full, or the room for temporary files is: make room and try again.")


def _database_error(error: BaseException) -> BaseException:
    """Return the database error that caused another one, or the error itself."""
    found: BaseException | None = error
    while found is not None and not isinstance(found, Error):
        found = found.__cause__
    return found or error


def _sqlstate(error: BaseException) -> str:
    """Return the SQLSTATE of PostgreSQL, "" if there is none."""
    cause: Any = error.__cause__
    return getattr(cause, "sqlstate", None) or ""
