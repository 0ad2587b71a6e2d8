"""A database that an older version migrated only in part is refused instead of being taken for a migrated one."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from messaging.database.checks import HINT

pytestmark = pytest.mark.django_db


def errors() -> list[str]:
    return [found.msg for found in run_checks(databases=["default"]) if found.id == "messaging.E102"]


def test_current_and_empty_databases_pass_the_check() -> None:
    assert errors() == []
    MigrationRecorder.Migration.objects.using("default").all().delete()
    assert errors() == []


@pytest.mark.parametrize("which", ["all but one", "one", "the first alone"])
def test_a_database_that_lacks_replaced_migrations_is_not_migrated(which: str) -> None:
    loader = MigrationLoader(None)
    names = [name for _, name in loader.disk_migrations["messaging", "0001_initial"].replaces]
    has = {"all but one": len(names) - 1, "one": 1, "the first alone": 0}[which]
    MigrationRecorder(connection).migration_qs.filter(app="messaging", name__in=names[has:]).delete()
    words = f"which did not migrate it completely (messaging {has} of {len(names)})."
    assert [error.endswith(words) for error in errors()] == [True]
    with pytest.raises(SystemCheckError) as refused:
        call_command("migrate", verbosity=0, skip_checks=False)
    assert words in str(refused.value)
    assert HINT in str(refused.value)
    assert "rebuild_search" not in str(refused.value)


def test_a_database_fully_migrated_by_an_older_version_passes_the_check() -> None:
    MigrationRecorder(connection).record_unapplied("messaging", "0002_search")
    assert errors() == []
