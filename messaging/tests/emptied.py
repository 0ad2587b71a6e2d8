"""Deletes the rows that a transactional test leaves, without recreating every app's permissions each time.

After each of these tests, Django empties all tables and sends ``post_migrate``. Its receivers fill some tables again,
always with the same rows: two hundred statements, which take longer than most of the tests. Here that happens once, and
again whenever a test has changed what the receivers store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase

from messaging.database import prepared


@pytest.fixture(scope="session")
def tables_are_emptied_where_they_have_rows() -> Iterator[None]:
    """Leave the same rows after each transactional test as ``flush``, with the ids that it assigned the first time."""
    flush: Any = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]
    stored: dict[str, list[Any]] = {}

    def empty(case: Any) -> None:
        if not stored or not _has_only(stored):
            flush(case)
            stored.clear()
            stored.update((table, _rows(table)) for table in _tables_with_rows())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


def _has_only(stored: dict[str, list[Any]]) -> bool:
    """Delete all rows of other tables, and return whether the ``stored`` tables hold just the stored rows."""
    while others := _tables_with_rows() - stored.keys():
        _delete(others)
        # On SQLite, emptying one table may fill another by a trigger.
        if connection.vendor == "postgresql":
            break
    return all(_rows(table) == rows for table, rows in stored.items())


def _tables_with_rows() -> set[str]:
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return {
        table
        for (table,) in _ask(
            " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {_quoted(table)})" for table in tables)
        )
    }


def deletions(tables: Iterable[str]) -> list[str]:
    """Return the statements of a transaction that deletes all rows of these tables, in any order.

    Foreign keys may be violated until it ends. On PostgreSQL no triggers fire, not even those of foreign keys.
    """
    quiet = ["SET LOCAL session_replication_role = replica"] if connection.vendor == "postgresql" else []
    return [*quiet, *(f"DELETE FROM {_quoted(table)}" for table in tables)]


def _delete(tables: Iterable[str]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in deletions(tables):
            cursor.execute(statement)


def _rows(table: str) -> list[Any]:
    return _ask(f"SELECT * FROM {_quoted(table)} ORDER BY 1")


def _ask(sql: str) -> list[Any]:
    if connection.vendor == "postgresql":
        return prepared.ask(connection, sql, ())  # planning a query of all tables takes longer than running it
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def _quoted(table: str) -> str:
    return connection.ops.quote_name(table)
