"""Emptying all tables after transactional tests: quickly, and including the audit trail, which refuses that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import TransactionTestCase

from messaging.tests.emptied import deletions
from ops.audit.sealing import triggers


@contextmanager
def triggers_removed(connection: Any) -> Iterator[None]:
    """Remove the triggers within the block: to empty a test's database, or to play an attacker."""
    triggers.remove(connection)
    try:
        yield
    finally:
        triggers.install(connection)


@contextmanager
def tables_emptied_without_triggers(app: str, removed: Callable[[Any], AbstractContextManager[None]]) -> Iterator[None]:
    """On SQLite, have transactional tests empty their tables within ``removed(connection)`` if ``app`` is installed. On
    PostgreSQL no trigger fires then."""
    empty_tables: Any = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def without_triggers(case: Any) -> None:
        is_refused = apps.is_installed(app) and connection.vendor == "sqlite"
        with removed(connection) if is_refused else nullcontext():
            empty_tables(case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", without_triggers)
        yield


@pytest.fixture(scope="session", autouse=True)
def tests_may_empty_the_audit_trail(tables_are_emptied_where_they_have_rows: None) -> Iterator[None]:
    """For every suite, through the root's conftest.py, which also imports the fixture that this one requests."""
    with tables_emptied_without_triggers("ops.audit", triggers_removed):
        yield


@pytest.fixture(scope="session", autouse=True)
def tables_are_emptied_row_by_row() -> Iterator[None]:
    """Delete rows instead of truncating: PostgreSQL creates a new file for each truncated table and index, and waits
    for the disk each time."""

    def flush(operations: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        assert not options.get("reset_sequences"), "Rows that are deleted leave sequences where they are."
        return deletions(tables)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", flush)
        yield
