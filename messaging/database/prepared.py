"""Prepared statements on PostgreSQL, planned once per connection: planning some takes longer than running them.

``prepare_threshold`` in OPTIONS of the settings turns this on; it is None behind a pooler that gives each transaction
another connection. A plan must suit all values, so a value that decides about the use of an index must not be a slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg
from django.db import NotSupportedError
from psycopg.types.numeric import Int8


class Cursor(psycopg.Cursor):
    """A cursor that sends parameters separately. Django's writes them into the SQL, so that no statement is reused."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        try:
            return super().execute(query, params and [_typed(one) for one in params], **options)
        finally:
            self._query: Any = Sent(self.connection, query, params)


class Sent(NamedTuple):
    """A sent statement for Django's query log, which shows the SQL with its values."""

    connection: Any
    statement: str
    params: Any

    @property
    def query(self) -> bytes:
        return psycopg.ClientCursor(self.connection).mogrify(self.statement, self.params).encode()


def ask(connection: Any, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run a statement on a PostgreSQL connection and return its rows.

    PostgreSQL refuses a stale plan after a migration changed a column's type while servers run. Then retry on a new
    connection. Within a transaction, which the error has aborted, raise NotSupportedError and let the next request open
    a new connection.
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
    """Return the rows of the last statement; [] for a statement that returns none."""
    # Not from cursor.description, which the driver builds again each time.
    return cursor.fetchall() if cursor.pgresult.nfields else []


def _typed(value: Any) -> Any:
    # The driver gives a number the smallest type that fits, and each type would be prepared as another statement.
    return Int8(value) if type(value) is int else value
