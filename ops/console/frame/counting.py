"""Counting what waits for somebody, and the lines of their home page: one query for all rooms.

Every page of the console counts what waits. Django takes longer to write that query than a database to answer it, so
the text of the query is kept for some seconds, for all who may do and open the same: it differs by the key of whoever
asks. Its answer never is: a number that is not true any more sends people to an empty list.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import Count, DateTimeField, F, IntegerField, Min, Subquery, Value
from django.db.models.functions import Cast

from ops.console.rooms import Waiting

# "In the last days" in a query means the days before it was written: so much later it may still count what has just
# become too old.
KEPT_SECONDS = 20
MOST_KEPT = 1_000  # queries, of people who may do as many different things
# Stands in a kept query where the key of whoever asks belongs: the key of no account, and nothing else that is counted.
ANYBODY = -(2**62)


class Counted(NamedTuple):
    """How many rows there are, and the earliest of the time that is told of them."""

    number: int = 0
    until: datetime | None = None


class Question(NamedTuple):
    """What waits for people of one kind, and the query that counts it ("" where no row can be there)."""

    asked_at: float
    waiting: list[Waiting]
    database: str = ""
    sql: str = ""
    params: tuple[Any, ...] = ()

    def answer(self, person: Any) -> list[Counted]:
        """What is counted of each now for the person with this key."""
        if not self.sql:
            return [Counted()] * len(self.waiting)
        with connections[self.database].cursor() as cursor:
            cursor.execute(self.sql, filled(self.params, person))
            return _in_order(self.waiting, cursor.fetchall())


_questions: dict[Hashable, Question] = {}


def question(who: Hashable, ask: Callable[[], list[Waiting]]) -> Question:
    """The question that counts what waits for people like ``who``, as kept, or else asked by ``ask``.

    ``who`` must differ wherever ``ask`` may return something else: it says what somebody is and may do. ``ask`` asks
    for a person whose key is ANYBODY.
    """
    kept, now = _questions.get(who), time.monotonic()
    if kept is None or now - kept.asked_at > KEPT_SECONDS:
        if len(_questions) >= MOST_KEPT:
            forget()
        kept = _questions[who] = _write(now, ask())
    return kept


def forget() -> None:
    """Keep no question, for tests that change settings or what people may do without naming it."""
    _questions.clear()


def count(declared: list[Waiting]) -> list[Counted]:
    """What is counted of each, with its times, in one query."""
    return _in_order(declared, _rows(declared, with_times=True)) if declared else []


def _write(now: float, waiting: list[Waiting]) -> Question:
    if not waiting:
        return Question(now, waiting)
    rows = _rows(waiting, with_times=False)
    try:
        sql, params = rows.query.get_compiler(rows.db).as_sql()
    except EmptyResultSet:
        return Question(now, waiting)
    return Question(now, waiting, rows.db, sql, params)


def filled(params: Iterable[Any], person: Any) -> list[Any]:
    """The parameters for this person, of the same types: PostgreSQL’s numbers have types of their own."""
    return [type(one)(person) if isinstance(one, int) and one == ANYBODY else one for one in params]


def _in_order(declared: list[Waiting], rows: Any) -> list[Counted]:
    found = {which: Counted(*counted) for which, *counted in rows}
    return [found.get(place, Counted()) for place in range(len(declared))]


def _rows(declared: list[Waiting], *, with_times: bool) -> Any:
    first, *rest = (_counted(one, place, with_times) for place, one in enumerate(declared))
    # Without an order: newer Djangos would take over that of the model, which none of these columns has.
    return first.union(*rest, all=True).order_by() if rest else first


def _counted(one: Waiting, place: int, with_times: bool) -> Any:
    which = Value(place, IntegerField())
    # Cast, because PostgreSQL takes an unknown NULL for a text, and would not join it to a time.
    no_time = Cast(Value(None), DateTimeField())
    if one.most is not None:
        # Beside a row of the same table, of which there is one where any is counted.
        table = one.rows.model._base_manager
        row = table.filter(pk=Subquery(table.order_by("pk").values("pk")[:1])).order_by()
        rows = row.values(which=which, number=_NumberOf(one.rows.values("pk")[: one.most + 1]), until=no_time)
    else:
        until = Min(F(one.until[0]) if one.until[0] else no_time)
        rows = one.rows.order_by().values(which=which).annotate(number=Count("pk"), until=until)
    return rows.values_list("which", "number", "until") if with_times else rows.values_list("which", "number")


class _NumberOf(Subquery):
    """How many rows a query gives, of which no more are looked at."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()
