"""Errors of the database as Django raises them: caused by one of the driver, which has a code."""

from __future__ import annotations

import sqlite3

import psycopg
from django.db import Error, OperationalError

LOCKED, FULL, READ_ONLY = "SQLITE_BUSY", "SQLITE_FULL", "SQLITE_READONLY"
LOST, TOO_SLOW = "", "57014"


def database_error(code: str, kind: type[Error] = OperationalError) -> Error:
    """An error with a SQLSTATE of PostgreSQL or the name of a code of SQLite; with neither, the connection to
    PostgreSQL was lost. Its message speaks of something else, as names of columns and constraints may."""
    words = "table full_permissions has no column locked"
    cause: Exception
    if code.startswith("SQLITE_"):
        cause = sqlite3.OperationalError(words)
        cause.sqlite_errorname = code
    else:
        cause = psycopg.errors.lookup(code)(words) if code else psycopg.OperationalError(words)
    error = kind(words)
    error.__cause__ = cause
    return error
