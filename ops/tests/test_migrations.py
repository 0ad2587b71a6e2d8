"""What migrations do besides creating tables can be reversed and applied again."""

from __future__ import annotations

from typing import Any

import pytest
from admin_interface.models import Theme
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations import RunPython
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from messaging.database.checks import replaced_migrations_are_applied
from ops.dashboard.rollups import triggers


def with_code() -> list[tuple[str, str]]:
    """Return our migrations that run code, as pairs of app and name."""
    loader = MigrationLoader(None)
    ours = {config.label for config in apps.get_app_configs() if config.name.partition(".")[0] in ("messaging", "ops")}
    return sorted(
        key
        for key, migration in loader.disk_migrations.items()
        if key[0] in ours and any(isinstance(operation, RunPython) for operation in migration.operations)
    )


def replaced() -> dict[str, list[str]]:
    """Return the migrations of older versions that this version has replaced, in order, by app."""
    loader = MigrationLoader(None)
    names = {key for migration in loader.disk_migrations.values() for key in migration.replaces}
    gone = sorted(names - loader.disk_migrations.keys())
    return {app: [name for of, name in gone if of == app] for app, _ in gone}


def objects_of_the_database() -> set[Any]:
    """Return tables, indexes and triggers by name, and on PostgreSQL the storage of columns."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return set(cursor.execute("SELECT type, name FROM sqlite_master").fetchall())
        cursor.execute(
            "SELECT c.relkind::text, c.relname, a.attname, a.attstorage::text FROM pg_class c"
            " LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
            " WHERE c.relnamespace = 'public'::regnamespace"
            " UNION ALL SELECT 'trigger', tgname, '', '' FROM pg_trigger WHERE NOT tgisinternal"
        )
        return set(cursor.fetchall())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", with_code(), ids=".".join)
def test_a_migration_is_reversed_and_applied_again(key: tuple[str, str]) -> None:
    loader = MigrationLoader(connection)
    migration = loader.get_migration(*key)
    state = loader.project_state(key, at_end=False)
    made = objects_of_the_database()
    with connection.schema_editor(atomic=migration.atomic) as editor:
        migration.unapply(state.clone(), editor)
    without = objects_of_the_database()
    with connection.schema_editor(atomic=migration.atomic) as editor:
        migration.apply(state.clone(), editor)
    triggers.install(connection.alias)  # as ``migrate`` does at its end
    assert objects_of_the_database() == made
    # SQLite compresses nothing.
    if key != ("dashboard", "0002_uncompressed_numbers") or connection.vendor == "postgresql":
        assert without != made


@pytest.mark.django_db
def test_migrating_one_app_needs_no_table_of_themes() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {Theme._meta.db_table} RENAME TO themes_elsewhere")
    call_command("migrate", "messaging", verbosity=0)


@pytest.mark.django_db
@pytest.mark.parametrize("app", replaced())
def test_a_database_is_refused_wherever_an_older_version_stopped(app: str) -> None:
    """It may have stopped between any two of an app's migrations: Django would skip the later ones."""
    recorder, names = MigrationRecorder(connection), replaced()[app]
    for number in range(1, len(names)):
        recorder.migration_qs.filter(app=app).delete()
        for name in names[:number]:
            recorder.record_applied(app, name)
        assert replaced_migrations_are_applied(["default"]), f"up to {names[number - 1]}"
    recorder.record_applied(app, names[-1])
    assert replaced_migrations_are_applied(["default"]) == []
