"""Counting a user's pending work, and the lines of the home page: one query for all rooms.

Every page of the console counts pending work. Django takes longer to compile that query than the database to run it, so
its SQL is cached for some seconds, for all users with the same permissions: only the key of the user differs, which may
be compared only with foreign keys to accounts (``manage.py check`` verifies). The result is never cached: a stale
number leads people to an empty list.
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

from ops.console.rooms import PendingWork

# "In the last days" in a query means the days before it was compiled: for so long it may count rows that have just
# become too old.
KEPT_SECONDS = 20
MOST_KEPT = 1_000  # queries, one for each set of permissions
# The placeholder for the user's key in a cached query: a number that is no account's key and no other parameter.
ANYBODY = -(2**62)


class Counted(NamedTuple):
    """The number of rows, and the earliest value of the time that is shown for them."""

    number: int = 0
    until: datetime | None = None


class CountQuery(NamedTuple):
    """The pending work of users with the same permissions, and the SQL that counts it ("" if it can match no row)."""

    asked_at: float
    waiting: list[PendingWork]
    database: str = ""
    sql: str = ""
    params: tuple[Any, ...] = ()

    def answer(self, person: Any) -> list[Counted]:
        """Count each kind of pending work now, for the user with this key."""
        if not self.sql:
            return [Counted()] * len(self.waiting)
        with connections[self.database].cursor() as cursor:
            cursor.execute(self.sql, filled(self.params, person))
            return _in_order(self.waiting, cursor.fetchall())


_questions: dict[Hashable, CountQuery] = {}


def count_query_for(who: Hashable, ask: Callable[[], list[PendingWork]]) -> CountQuery:
    """Return the query for users like ``who``, cached or made from ``ask()``.

    ``who`` (flags and permissions) must differ if the result of ``ask`` may differ. ``ask`` returns the pending work of
    a user whose key is ANYBODY.
    """
    kept, now = _questions.get(who), time.monotonic()
    if kept is None or now - kept.asked_at > KEPT_SECONDS:
        if len(_questions) >= MOST_KEPT:
            forget()
        kept = _questions[who] = _write(now, ask())
    return kept


def forget() -> None:
    """Clear the cache, when it is full and in tests that change settings or permissions in ways that ``who`` omits."""
    _questions.clear()


def count(declared: list[PendingWork]) -> list[Counted]:
    """Count each of these, with its earliest time, in one query."""
    return _in_order(declared, _rows(declared, with_times=True)) if declared else []


def _write(now: float, waiting: list[PendingWork]) -> CountQuery:
    if not waiting:
        return CountQuery(now, waiting)
    rows = _rows(waiting, with_times=False)
    try:
        sql, params = rows.query.get_compiler(rows.db).as_sql()
    except EmptyResultSet:
        return CountQuery(now, waiting)
    return CountQuery(now, waiting, rows.db, sql, params)


def filled(params: Iterable[Any], person: Any) -> list[Any]:
    """Return the parameters with this user's key, in the same type: PostgreSQL’s numbers have their own types."""
    return [type(one)(person) if isinstance(one, int) and one == ANYBODY else one for one in params]


def _in_order(declared: list[PendingWork], rows: Any) -> list[Counted]:
    found = {which: Counted(*counted) for which, *counted in rows}
    return [found.get(place, Counted()) for place in range(len(declared))]


def _rows(declared: list[PendingWork], *, with_times: bool) -> Any:
    first, *rest = (_counted(one, place, with_times) for place, one in enumerate(declared))
    # Without an order: newer Djangos would apply that of the model, whose fields are not among these columns.
    return first.union(*rest, all=True).order_by() if rest else first


def _counted(one: PendingWork, place: int, with_times: bool) -> Any:
    which = Value(place, IntegerField())
    # Cast, because PostgreSQL treats an untyped NULL as text, which a UNION with a time rejects.
    no_time = Cast(Value(None), DateTimeField())
    if one.most is not None:
        # Selected beside one row of the same table, which exists if there is anything to count.
        table = one.rows.model._base_manager
        row = table.filter(pk=Subquery(table.order_by("pk").values("pk")[:1])).order_by()
        rows = row.values(which=which, number=_NumberOf(one.rows.values("pk")[: one.most + 1]), until=no_time)
    else:
        until = Min(F(one.until[0]) if one.until[0] else no_time)
        rows = one.rows.order_by().values(which=which).annotate(number=Count("pk"), until=until)
    return rows.values_list("which", "number", "until") if with_times else rows.values_list("which", "number")


class _NumberOf(Subquery):
    """The number of rows of a limited subquery, which reads no more rows than its limit."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()
