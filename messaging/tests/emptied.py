"""What a transactional test leaves is deleted, without asking every app for its permissions again.

Django empties all tables after each of these tests and sends ``post_migrate``, whose receivers fill some of them again,
always with the same: two hundred statements, which take longer than most of the tests. Here that happens once, and then
whenever a test changed what the receivers store.
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
    """Transactional tests leave the rows that ``flush`` leaves, with the numbers that it gave them the first time."""
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
    """Delete all rows of other tables; whether those of these tables are what is stored."""
    while others := _tables_with_rows() - stored.keys():
        _delete(others)
        # On SQLite a trigger may fill a table when another one is emptied.
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
    """The statements of a transaction that deletes all rows of these tables, in any order: foreign keys may be broken
    up to its end. On PostgreSQL no trigger fires within, that of a foreign key neither."""
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
        return prepared.ask(connection, sql, ())  # to plan a look at all tables takes longer than to look
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def _quoted(table: str) -> str:
    return connection.ops.quote_name(table)
