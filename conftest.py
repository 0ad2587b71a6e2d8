"""Fixtures and hooks for every suite of the project."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import TransactionTestCase

from messaging.tests import examples  # registers the profiles of Hypothesis
from messaging.tests.browsing import browser, chromium, open_page, page, windows
from messaging.tests.cast import fast_passwords
from messaging.tests.contexts import contexts_of_pages_are_kept
from messaging.tests.emptied import tables_are_emptied_where_they_have_rows
from messaging.tests.migrated import django_db_modify_db_settings
from messaging.tests.signing_in import sessions_are_stored_once
from ops.audit.tests.emptying import tables_are_emptied_row_by_row, tests_may_empty_the_audit_trail
from ops.jobs.tests.untimed import work_in_requests_is_not_timed
from ops.moderation.tests.emptying import tests_may_delete_decisions
from ops.serving.frames import with_room

__all__ = [
    "browser",
    "chromium",
    "contexts_of_pages_are_kept",
    "django_db_modify_db_settings",
    "examples",
    "fast_passwords",
    "open_page",
    "page",
    "sessions_are_stored_once",
    "tables_are_emptied_row_by_row",
    "tables_are_emptied_where_they_have_rows",
    "tests_may_delete_decisions",
    "tests_may_empty_the_audit_trail",
    "windows",
    "work_in_requests_is_not_timed",
]

# By default, Python looks for cycles after every 700 new objects, among the hundreds of thousands that a test run
# keeps: a sixteenth of its time.
gc.set_threshold(200_000, 50, 1_000)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """If only browser tests or only spreadsheet tests are selected, skip files that contain none: importing all of them
    takes each process eight seconds."""
    mark = config.option.markexpr
    if mark not in ("browser", "spreadsheets") or not collection_path.name.startswith("test_"):
        return None
    return f"mark.{mark}" not in collection_path.read_text() or None


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark tests that use a database, themselves or in programs that they start; run browser tests last.

    Once a browser test has run, Playwright's event loop keeps running in the process. Tests without a database come
    first: of two processes, which start at the beginning and in the middle, one creates the database meanwhile. Then
    come tests that start and kill workers: they take the longest, and if they started last, the other processes would
    wait for one to end.
    """
    for item in items:
        asks = {"db", "transactional_db", "databases"}.intersection(getattr(item, "fixturenames", ()))
        is_django = issubclass(getattr(item, "cls", None) or object, TransactionTestCase)
        if asks or is_django or item.get_closest_marker("django_db"):
            item.add_marker("database")
    yield
    items.sort(key=_turn)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Freeze what is loaded by now: Hypothesis looks for cycles before its first property, which takes half a
    second."""
    gc.freeze()


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker("browser"):
        return 3
    if item.get_closest_marker("processes"):
        return 1
    return 2 if item.get_closest_marker("database") else 0


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> object:
    """Run each test with room for its frames: otherwise a tenth of the time is spent in the system."""
    manager = pyfuncitem.config.pluginmanager
    return with_room(manager.subset_hook_caller("pytest_pyfunc_call", [sys.modules[__name__]]), pyfuncitem=pyfuncitem)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Freeze all objects, which end with the process: pytest would look for cycles in them five times."""
    gc.freeze()
