"""What is noted as changed: how much waits, and taking it to count it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import connections
from django.db.models import Exists

from ops.dashboard.models import Beginning, DayNumbers, Family, Noted
from ops.dashboard.periods import Period
from ops.dashboard.rollups import measures
from ops.dashboard.rollups.quarters import quarter_at, quarter_of
from ops.dashboard.rollups.statements import as_text
from ops.dashboard.rollups.triggers import EVERYTHING, WATCHED, quarter_in_sql

OF_FAMILY = {Family.MESSAGES: measures.MESSAGES, Family.DESK: measures.DESK, Family.TRAIL: measures.TRAIL}


def waiting(family: str, using: str, *, most: int, period: Period | None = None) -> list[datetime]:
    """The quarters that are noted, of a period if one is given; of more than ``most`` as many and one, the latest."""
    rows = _latest_first(family, using)
    if period is not None:
        rows = rows.filter(at__gte=quarter_of(period.start), at__lt=period.end)
    return list(rows[: most + 1])


def _latest_first(family: str, using: str) -> Any:
    rows = Noted.objects.using(using).filter(family=family).order_by("-at")
    return rows.values_list("at", flat=True).distinct()


def latest(family: str, using: str, *, before: datetime | None = None) -> datetime | None:
    """The latest quarter that is noted; ``before`` that moment, where one is given."""
    rows = Noted.objects.using(using).filter(family=family)
    if before is not None:
        rows = rows.filter(at__lt=before)
    # Without statistics PostgreSQL would read all of them for their maximum.
    at: datetime | None = rows.order_by("-at").values_list("at", flat=True).first()
    return at


def take(family: str, first: datetime, before: datetime | None, using: str) -> list[str]:
    """Remove the notes of quarters from the first one on, up to ``before`` where that is given, and return which they
    were, in their order, as texts (quarters.moment): there are many.

    What is counted afterwards in the transaction is as the changes left it: whatever is noted later is not among them.
    """
    connection = connections[using]
    bounds = {"at >= %s": first} if before is None else {"at >= %s": first, "at < %s": before}
    rows = f"FROM {Noted._meta.db_table} WHERE family = %s AND {' AND '.join(bounds)}"
    params = [family, *map(connection.ops.adapt_datetimefield_value, bounds.values())]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":  # one writer at a time; what it removes it would first copy to return it
            cursor.execute(f"SELECT {as_text('at', using)} {rows}", params)
            taken = {at for (at,) in cursor.fetchall()}
            cursor.execute(f"DELETE {rows}", params)
        else:
            cursor.execute(f"DELETE {rows} RETURNING {as_text('at', using)}", params)
            taken = {at for (at,) in cursor.fetchall()}
    return sorted(taken)


def note(family: str, quarters: Iterable[datetime], using: str) -> None:
    """Note quarters to be counted."""
    Noted.objects.using(using).bulk_create([Noted(family=family, at=at) for at in sorted(set(quarters))], 1_000)


def everything(using: str) -> Exists:
    """The condition that everything is to be counted anew."""
    return Exists(Noted.objects.using(using).filter(family=EVERYTHING))


def note_everything(zone: Any, using: str) -> None:
    """Note all quarters in which something is, or was when it was counted last. Numbers stay until they are counted."""
    connection = connections[using]
    Noted.objects.using(using).all()._raw_delete(using)
    with connection.cursor() as cursor:
        for watched in WATCHED:
            for column in watched.moments:
                cursor.execute(_noting(watched.family, watched.table, column, connection.vendor))
        cursor.execute(_noting(Family.MESSAGES, Beginning._meta.db_table, "began_at", connection.vendor))
    for family, names in OF_FAMILY.items():
        note(family, _quarters_of_numbers(names, zone, using), using)


def _noting(family: str, table: str, column: str, vendor: str) -> str:
    quarter = quarter_in_sql(vendor, f'"{column}"')
    return (
        f"INSERT INTO {Noted._meta.db_table} (family, at) SELECT DISTINCT '{family}', {quarter} FROM {table}"
        f' WHERE "{column}" IS NOT NULL'
    )


def _quarters_of_numbers(names: Collection[str], zone: Any, using: str) -> Iterable[datetime]:
    rows = DayNumbers.objects.using(using).filter(measure__in=names).values_list("day", "measure", "numbers")
    for day, measure, numbers in rows.iterator():
        keys = numbers if measure in measures.QUARTERLY else ("0",)
        yield from (quarter_at(day, key, zone) for key in keys)
