"""Statements that PostgreSQL prepares: it plans them once for each connection, which takes it longer than to run some.

The settings say whether: ``prepare_threshold`` in OPTIONS, None where something between us and PostgreSQL gives each
transaction another connection. Their plans must be good for all values: what decides about an index is no slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg
from django.db import NotSupportedError
from psycopg.types.numeric import Int8


class Cursor(psycopg.Cursor):
    """Sends parameters apart from the statement. Django's own writes them into it, so that each is another one."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        try:
            return super().execute(query, params and [_typed(one) for one in params], **options)
        finally:
            self._query: Any = Sent(self.connection, query, params)


class Sent(NamedTuple):
    """A statement as Django's logs of statements show it, which have the values in it."""

    connection: Any
    statement: str
    params: Any

    @property
    def query(self) -> bytes:
        return psycopg.ClientCursor(self.connection).mogrify(self.statement, self.params).encode()


def ask(connection: Any, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run a statement on a connection of PostgreSQL; the rows that it answers.

    A migration may give a column another type while servers run, for which PostgreSQL refuses the plans of before. Then
    a new connection is opened; within a transaction, which has ended with that, by the next request. Raises
    NotSupportedError there.
    """
    connection.ensure_connection()
    if connection.connection.prepare_threshold is None:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return rows_of(cursor)
    try:
        return _ask(connection, sql, params)
    except NotSupportedError:
        if connection.in_atomic_block:
            connection.close_at = 0
            raise
        connection.close()
        connection.ensure_connection()
        return _ask(connection, sql, params)


def _ask(connection: Any, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.wrap_database_errors, connection._prepare_cursor(Cursor(connection.connection)) as cursor:
        cursor.execute(sql, params)
        return rows_of(cursor)


def rows_of(cursor: Any) -> list[tuple[Any, ...]]:
    """The rows that the last statement answered; none for a statement that answers none."""
    # Not its description, which the driver makes anew each time.
    return cursor.fetchall() if cursor.pgresult.nfields else []


def _typed(value: Any) -> Any:
    # The driver gives a number the smallest type, and each makes another statement.
    return Int8(value) if type(value) is int else value
