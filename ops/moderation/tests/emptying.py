"""Emptying all tables after transactional tests, including the table of decisions, whose triggers refuse that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ops.audit.tests.emptying import tables_emptied_without_triggers
from ops.moderation import triggers


@contextmanager
def triggers_removed(connection: Any) -> Iterator[None]:
    """Remove the triggers for the duration of the block."""
    triggers.remove(connection.alias)
    try:
        yield
    finally:
        triggers.install(connection.alias)


@pytest.fixture(scope="session", autouse=True)
def tests_may_delete_decisions(tables_are_emptied_where_they_have_rows: None) -> Iterator[None]:
    """Let every suite empty the decisions: the root's conftest.py imports this fixture and the one it requests."""
    with tables_emptied_without_triggers("ops.moderation", triggers_removed):
        yield
