"""Operations for tables that may be large (messaging/database/constraints.py), applied to stored rows and reversed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Q

from messaging.database.constraints import (
    AddConstraintForNewRows,
    AddFieldKeepingIds,
    AddIndexBesideWriters,
    AddUniqueBesideWriters,
    AlterFieldKeepingIds,
    ValidateConstraint,
)

pytestmark = pytest.mark.django_db(transaction=True)

POSITIVE = models.CheckConstraint(condition=Q(size__gte=1), name="pebble_has_a_size")


class Table:
    """A table of pebbles, and the state of its model after each operation."""

    def __init__(self) -> None:
        self.state = ProjectState()
        self.apply(
            migrations.CreateModel(
                "Pebble", [("id", models.BigAutoField(primary_key=True)), ("size", models.IntegerField())]
            )
        )

    @property
    def rows(self) -> Any:
        return self.state.apps.get_model("messaging", "Pebble").objects

    def apply(self, operation: Operation) -> None:
        self._change(operation, forwards=True)

    def take_back(self, operation: Operation, before: ProjectState) -> None:
        self._change(operation, forwards=False, before=before)

    def _change(self, operation: Operation, *, forwards: bool, before: ProjectState | None = None) -> None:
        after = before or self.state.clone()
        if forwards:
            operation.state_forwards("messaging", after)
        beside_writers = (AddIndexBesideWriters, AddUniqueBesideWriters, ValidateConstraint)
        with connection.schema_editor(atomic=not isinstance(operation, beside_writers)) as editor:
            change = operation.database_forwards if forwards else operation.database_backwards
            change("messaging", editor, self.state, after)
        self.state = after

    def in_database(self) -> dict[str, Any]:
        with connection.cursor() as cursor:
            return connection.introspection.get_constraints(cursor, "messaging_pebble")


@pytest.fixture
def pebbles() -> Iterator[Table]:
    table = Table()
    yield table
    with connection.schema_editor() as editor:
        editor.delete_model(table.state.apps.get_model("messaging", "Pebble"))


def there_and_back(pebbles: Table, operation: Operation) -> None:
    before = pebbles.state.clone()
    pebbles.apply(operation)
    assert type(operation)(**operation.deconstruct()[2]).deconstruct() == operation.deconstruct()
    pebbles.take_back(operation, before)
    pebbles.apply(operation)


def test_new_rows_are_checked_first_and_stored_ones_later(pebbles: Table) -> None:
    stored = pebbles.rows.create(size=1)
    there_and_back(pebbles, AddConstraintForNewRows("pebble", POSITIVE))
    with pytest.raises(IntegrityError):
        pebbles.rows.create(size=0)
    pebbles.apply(ValidateConstraint("pebble", POSITIVE.name))
    assert pebbles.rows.get().pk == stored.pk


@pytest.mark.postgresql
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite checks all rows at once")
def test_postgresql_checks_stored_rows_only_when_validating(pebbles: Table) -> None:
    pebbles.rows.create(size=0)
    pebbles.apply(AddConstraintForNewRows("pebble", POSITIVE))
    with pytest.raises(IntegrityError):
        pebbles.apply(ValidateConstraint("pebble", POSITIVE.name))
    pebbles.rows.update(size=2)
    pebbles.apply(ValidateConstraint("pebble", POSITIVE.name))


@pytest.mark.parametrize(
    "operation",
    [
        AddConstraintForNewRows("pebble", POSITIVE),
        AddFieldKeepingIds("pebble", "colour", models.CharField(max_length=9, default="grey")),
        AlterFieldKeepingIds("pebble", "size", models.BigIntegerField(null=True)),
        AddUniqueBesideWriters("pebble", models.UniqueConstraint(fields=["size"], name="pebble_size_once")),
    ],
    ids=lambda operation: type(operation).__name__,
)
def test_the_id_of_a_deleted_row_does_not_come_again(pebbles: Table, operation: Operation) -> None:
    pebbles.rows.create(size=1)
    gone = pebbles.rows.create(size=2).pk
    pebbles.rows.filter(pk=gone).delete()
    there_and_back(pebbles, operation)
    assert pebbles.rows.create(size=3).pk > gone


@pytest.mark.parametrize("condition", [None, Q(size__gt=5)], ids=["all", "some"])
def test_a_unique_constraint_is_built_after_a_broken_attempt(pebbles: Table, condition: Any) -> None:
    pebbles.rows.create(size=7)
    once = models.UniqueConstraint(fields=["size"], condition=condition, name="pebble_size_once")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("CREATE UNIQUE INDEX pebble_size_once ON messaging_pebble (id)")
    there_and_back(pebbles, AddUniqueBesideWriters("pebble", once))
    assert pebbles.in_database()["pebble_size_once"]["columns"] == ["size"]
    with pytest.raises(IntegrityError):
        pebbles.rows.create(size=7)


def test_an_index_is_built_after_a_broken_attempt(pebbles: Table) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX pebble_by_size ON messaging_pebble (id)")
    there_and_back(pebbles, AddIndexBesideWriters("pebble", models.Index(fields=["size", "id"], name="pebble_by_size")))
    assert pebbles.in_database()["pebble_by_size"]["columns"] == ["size", "id"]
