"""Statements that are written once and run often: Django takes longer to write some than a database to run them.

A queryset is written with slots in the place of what differs each time::

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
    """What a statement is given each time that it runs."""

    name: str


def slot(name: str) -> Value:
    """Return a slot as an expression, for the right side of a lookup. A value for it is given as the database takes it:
    a number, or what a field's ``get_db_prep_value`` returns."""
    return Value(Slot(name))


class Statement(NamedTuple):
    """SQL and its parameters, some of which are slots."""

    sql: str
    params: tuple[Any, ...]

    def filled(self, **given: Any) -> list[Any]:
        """The parameters with what is given for the slots."""
        return [given[one.name] if isinstance(one, Slot) else one for one in self.params]

    def ask(self, *, using: str, **given: Any) -> list[tuple[Any, ...]]:
        """Run it; the rows that the database answers, as it stores them."""
        connection = connections[using]
        if connection.vendor == "postgresql":
            return prepared.ask(connection, self.sql, self.filled(**given))
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.filled(**given))
            return cursor.fetchall() if cursor.description else []


def reader(rows: Any, *, using: str) -> Callable[[Iterable[Sequence[Any]]], list[Sequence[Any]]]:
    """Return what makes the values of a queryset (``values_list``) of those that the database stores."""
    compiler = rows.query.get_compiler(using)
    compiler.as_sql()
    converters = compiler.get_converters([expression for expression, *_ in compiler.select])
    return lambda stored: list(compiler.apply_converters(stored, converters) if converters else stored)


class Models:
    """A queryset of models that is written once, also with what it selects along (``select_related``)."""

    def __init__(self, rows: Any, *, using: str) -> None:
        self._rows = rows.using(using)
        self._statement = written(rows, using=using)
        self._compiler = rows.query.get_compiler(using)
        self._compiler.as_sql()

    def ask(self, **given: Any) -> list[Any]:
        """Run it, with what is given for the slots; the models."""
        stored = self._statement.ask(using=self._compiler.using, **given)
        return list(ModelIterable(cast(Any, _Answer(self._rows, self._compiler, stored))))


class _Answer:
    """What Django makes models of, in the place of a queryset and of the compiler that would ask for its rows."""

    def __init__(self, rows: Any, compiler: Any, stored: list[tuple[Any, ...]]) -> None:
        self._rows, self._compiler, self._stored = rows, compiler, stored
        self.query = self
        self.select, self.klass_info = compiler.select, compiler.klass_info
        self.annotation_col_map = compiler.annotation_col_map

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)  # what else a version of Django asks of a queryset

    def get_compiler(self, using: str) -> _Answer:
        return self

    def execute_sql(self, **_: Any) -> list[list[tuple[Any, ...]]]:
        return [self._stored]

    def results_iter(self, results: Any) -> Any:
        return self._compiler.results_iter(results)


def written(rows: Any, *, using: str) -> Statement:
    """Write a queryset."""
    sql, params = rows.query.get_compiler(using).as_sql()
    if connections[using].vendor == "postgresql":
        return _with_constants(sql, params)
    return Statement(sql, tuple(params))


def _with_constants(sql: str, params: Sequence[Any]) -> Statement:
    """With all but the slots in the statement: PostgreSQL plans by what they are."""
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
