"""Statements compiled once and run often: Django takes longer to compile some than the database to run them.

A queryset is compiled with slots as placeholders for the values that differ each time::

    @cache
    def _messages_of(using: str) -> Statement:
        return written(Message.objects.filter(sender=slot("sender")).values("pk"), using=using)

    rows = _messages_of(using).ask(using=using, sender=user.pk)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from django.db import connections
from django.db.models import Value
from django.db.models.query import ModelIterable
from psycopg.sql import Literal

from messaging.database import prepared


@dataclass(frozen=True)
class Slot:
    """A named placeholder for a value that is passed each time the statement runs."""

    name: str


def slot(name: str) -> Value:
    """Return a slot as an expression, for the right side of a lookup. Pass its value as the database takes it: a
    number, or the result of a field's ``get_db_prep_value``."""
    return Value(Slot(name))


class Statement(NamedTuple):
    """SQL and its parameters, some of which are slots."""

    sql: str
    params: tuple[Any, ...]

    def filled(self, **given: Any) -> list[Any]:
        """Return the parameters with the given values in place of the slots."""
        return [given[one.name] if isinstance(one, Slot) else one for one in self.params]

    def ask(self, *, using: str, **given: Any) -> list[tuple[Any, ...]]:
        """Run the statement, and return its rows as the database stores them."""
        connection = connections[using]
        if connection.vendor == "postgresql":
            return prepared.ask(connection, self.sql, self.filled(**given))
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.filled(**given))
            return cursor.fetchall() if cursor.description else []


def row_converter(rows: Any, *, using: str) -> Callable[[Iterable[Sequence[Any]]], list[Sequence[Any]]]:
    """Return a function that converts stored rows to the values that ``rows``, a ``values_list``, would return."""
    compiler = rows.query.get_compiler(using)
    compiler.as_sql()
    converters = compiler.get_converters([expression for expression, *_ in compiler.select])
    return lambda stored: list(compiler.apply_converters(stored, converters) if converters else stored)


class CompiledQuerySet:
    """A queryset of model instances that is compiled once; ``select_related`` works too."""

    def __init__(self, rows: Any, *, using: str) -> None:
        self._rows = rows.using(using)
        self._statement = compiled_statement(rows, using=using)
        self._compiler = rows.query.get_compiler(using)
        self._compiler.as_sql()

    def ask(self, **given: Any) -> list[Any]:
        """Run the statement with the given slot values, and return model instances."""
        stored = self._statement.ask(using=self._compiler.using, **given)
        return list(ModelIterable(cast(Any, _Answer(self._rows, self._compiler, stored))))


class _Answer:
    """A stand-in for a queryset and its compiler, from which ModelIterable builds instances of the stored rows."""

    def __init__(self, rows: Any, compiler: Any, stored: list[tuple[Any, ...]]) -> None:
        self._rows, self._compiler, self._stored = rows, compiler, stored
        self.query = self
        self.select, self.klass_info = compiler.select, compiler.klass_info
        self.annotation_col_map = compiler.annotation_col_map

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)  # other attributes of a queryset, which vary between Django versions

    def get_compiler(self, using: str) -> _Answer:
        return self

    def execute_sql(self, **_: Any) -> list[list[tuple[Any, ...]]]:
        return [self._stored]

    def results_iter(self, results: Any) -> Any:
        return self._compiler.results_iter(results)


def compiled_statement(rows: Any, *, using: str) -> Statement:
    """Compile a queryset to a Statement."""
    sql, params = rows.query.get_compiler(using).as_sql()
    if connections[using].vendor == "postgresql":
        return _with_constants(sql, params)
    return Statement(sql, tuple(params))


def _with_constants(sql: str, params: Sequence[Any]) -> Statement:
    """Return the statement with all parameters but the slots as constants: PostgreSQL plans by their values."""
    left = iter(params)
    slots = []

    def constant(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%%"
        value = next(left)
        if isinstance(value, Slot):
            slots.append(value)
            return "%s"
        return Literal(value).as_string(None).replace("%", "%%")

    return Statement(re.sub("%[%s]", constant, sql), tuple(slots))
