"""Statements that are written once and run often: Django takes longer to write some than a database to run them.

A queryset is written with slots in the place of what differs each time::

    @cache
    def _messages_of(using: str) -> Statement:
        return written(Message.objects.filter(sender=slot("sender")).values("pk"), using=using)

    rows = _messages_of(using).ask(using=using, sender=user.pk)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connections
from django.db.models import Value


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
        with connections[using].cursor() as cursor:
            cursor.execute(self.sql, self.filled(**given))
            return cursor.fetchall()


def written(rows: Any, *, using: str) -> Statement:
    """Write a queryset."""
    sql, params = rows.query.get_compiler(using).as_sql()
    return Statement(sql, tuple(params))
