"""Transactional tests empty every table when they are done, decisions too, which refuse that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import DEFAULT_DB_ALIAS
from django.test import TransactionTestCase

from ops.moderation import triggers


@pytest.fixture(scope="session", autouse=True)
def tests_may_delete_decisions() -> Iterator[None]:
    """For every suite that the root's conftest.py gives it to; nothing where the room is not installed."""
    empty_tables: Any = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def without_triggers(case: Any) -> None:
        if not apps.is_installed("ops.moderation"):
            empty_tables(case)
            return
        triggers.remove(DEFAULT_DB_ALIAS)
        try:
            empty_tables(case)
        finally:
            triggers.install(DEFAULT_DB_ALIAS)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", without_triggers)
        yield
