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
from typing import Any, NamedTuple

from django.db import connections
from django.db.models import Value
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
