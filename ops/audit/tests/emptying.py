"""Transactional tests empty every table when they are done, which the audit trail refuses: not then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import TransactionTestCase

from ops.audit import triggers


@pytest.fixture(scope="session", autouse=True)
def tests_may_empty_the_audit_trail() -> Iterator[None]:
    """For every suite that the root's conftest.py gives it to; nothing where the audit trail is not installed."""
    empty_tables: Any = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def without_triggers(case: Any) -> None:
        if not apps.is_installed("ops.audit"):
            empty_tables(case)
            return
        with triggers.removed(connection):
            empty_tables(case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", without_triggers)
        yield
