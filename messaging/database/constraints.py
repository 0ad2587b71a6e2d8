"""Migration operations that add constraints and indexes to large tables in use.

A constraint takes two migrations: the first makes PostgreSQL check new rows, the second the stored ones. Each blocks
other writers only briefly. SQLite has one writer at a time and checks all rows in the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.migrations.operations import AddConstraint, AddField, AddIndex, AlterField
from django.db.migrations.operations.base import Operation


class AddConstraintForNewRows(AddConstraint):
    """Django's AddConstraint, but PostgreSQL skips the stored rows; ``ValidateConstraint`` checks them later."""

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [], {"model_name": self.model_name, "constraint": self.constraint}

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if schema_editor.connection.vendor != "postgresql":
            with _last_id_kept(schema_editor, model._meta.db_table):
                super().database_forwards(app_label, schema_editor, from_state, to_state)
        elif self.allow_migrate_model(schema_editor.connection.alias, model):
            statement = self.constraint.create_sql(model, schema_editor)
            schema_editor.execute(f"{statement} NOT VALID", params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        with _last_id_kept(schema_editor, model._meta.db_table):
            super().database_backwards(app_label, schema_editor, from_state, to_state)


@contextmanager
def _last_id_kept(schema_editor: Any, table: str) -> Iterator[None]:
    """Keep SQLite's highest id of a table, which copying the table would lose, so that no deleted id is reused."""
    if schema_editor.connection.vendor != "sqlite" or schema_editor.collect_sql:
        yield
        return
    known = "SELECT seq FROM sqlite_sequence WHERE name = %s"
    with schema_editor.connection.cursor() as cursor:
        before = cursor.execute(known, [table]).fetchone()
        yield
        if before is not None:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, before[0]])


class _KeepingIds:
    """A mixin for field operations that copy the table on SQLite; it keeps the highest id that the table ever had."""

    model_name: str

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        with _last_id_kept(schema_editor, to_state.apps.get_model(app_label, self.model_name)._meta.db_table):
            super().database_forwards(app_label, schema_editor, from_state, to_state)  # type: ignore[misc]

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        with _last_id_kept(schema_editor, to_state.apps.get_model(app_label, self.model_name)._meta.db_table):
            super().database_backwards(app_label, schema_editor, from_state, to_state)  # type: ignore[misc]


class AddFieldKeepingIds(_KeepingIds, AddField):
    """Django's AddField, keeping the highest id on SQLite."""


class AlterFieldKeepingIds(_KeepingIds, AlterField):
    """Django's AlterField, keeping the highest id on SQLite."""


class AddUniqueBesideWriters(AddConstraintForNewRows):
    """A unique constraint whose index PostgreSQL builds concurrently with writers. Needs a non-atomic migration.

    One with a condition is only an index, as in Django.
    """

    atomic = False

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        connection = schema_editor.connection
        model = to_state.apps.get_model(app_label, self.model_name)
        if connection.vendor != "postgresql":
            with transaction.atomic(using=connection.alias):
                super().database_forwards(app_label, schema_editor, from_state, to_state)
        elif self.allow_migrate_model(connection.alias, model):
            self._build(model, schema_editor)

    def _build(self, model: Any, schema_editor: Any) -> None:
        quote, facts = schema_editor.connection.ops.quote_name, self.constraint.deconstruct()[2]
        table, name = quote(model._meta.db_table), quote(self.constraint.name)
        # An interrupted attempt may have left an invalid index.
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        if facts.get("condition") is not None:
            made = str(self.constraint.create_sql(model, schema_editor))
            schema_editor.execute(made.replace("CREATE UNIQUE INDEX", "CREATE UNIQUE INDEX CONCURRENTLY", 1))
            return
        columns = ", ".join(quote(model._meta.get_field(field).column) for field in facts["fields"])
        schema_editor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({columns})")
        schema_editor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        with transaction.atomic(using=schema_editor.connection.alias):
            super().database_backwards(app_label, schema_editor, from_state, to_state)


class ValidateConstraint(Operation):
    """Checks the stored rows on PostgreSQL, without blocking readers or writers; other databases did so before."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str, name: str) -> None:
        self.model_name, self.name = model_name, name

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass  # the constraint does not change

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        connection = schema_editor.connection
        if connection.vendor == "postgresql" and self.allow_migrate_model(connection.alias, model):
            table, name = map(connection.ops.quote_name, (model._meta.db_table, self.name))
            schema_editor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        pass

    def describe(self) -> str:
        return f"Validate constraint {self.name} on model {self.model_name}"


class AddIndexBesideWriters(AddIndex):
    """Django's AddIndex, but PostgreSQL builds concurrently with writers. Needs a non-atomic migration."""

    atomic = False

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [], {"model_name": self.model_name, "index": self.index}

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        connection = schema_editor.connection
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(connection.alias, model):
            return
        beside = {"concurrently": True} if connection.vendor == "postgresql" else {}
        # An interrupted attempt may have left an invalid index.
        name = connection.ops.quote_name(self.index.name)
        schema_editor.execute(f"DROP INDEX {'CONCURRENTLY ' if beside else ''}IF EXISTS {name}")
        schema_editor.add_index(model, self.index, **beside)
