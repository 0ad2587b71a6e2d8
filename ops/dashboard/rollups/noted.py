"""Quarters noted as changed: listing them, and taking them to count them."""

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
from ops.dashboard.rollups.triggers import EVERYTHING, NOTE, WATCHED, quarter_in_sql

OF_FAMILY = {Family.MESSAGES: measures.MESSAGES, Family.DESK: measures.DESK, Family.TRAIL: measures.TRAIL}


def waiting(family: str, using: str, *, most: int, period: Period | None = None) -> list[datetime]:
    """Return the noted quarters, of a period if given, latest first and no more than ``most`` + 1."""
    rows = _latest_first(family, using)
    if period is not None:
        rows = rows.filter(at__gte=quarter_of(period.start), at__lt=period.end)
    return list(rows[: most + 1])


def _latest_first(family: str, using: str) -> Any:
    rows = Noted.objects.using(using).filter(family=family).order_by("-at")
    return rows.values_list("at", flat=True).distinct()


def latest(family: str, using: str, *, before: datetime | None = None) -> datetime | None:
    """Return the latest noted quarter, ``before`` a moment if given."""
    rows = Noted.objects.using(using).filter(family=family)
    if before is not None:
        rows = rows.filter(at__lt=before)
    # Not Max(): without statistics PostgreSQL would read all rows for it.
    at: datetime | None = rows.order_by("-at").values_list("at", flat=True).first()
    return at


def take(family: str, first: datetime, before: datetime | None, using: str) -> list[str]:
    """Delete the notes of quarters from ``first`` on, up to ``before`` if given, and return these quarters in order, as
    texts (quarters.moment), because there may be many.

    Counting later in the transaction sees the changes that were noted; later changes leave notes of their own.
    """
    connection = connections[using]
    bounds = {"at >= %s": first} if before is None else {"at >= %s": first, "at < %s": before}
    rows = f"FROM {Noted._meta.db_table} WHERE family = %s AND {' AND '.join(bounds)}"
    params = [family, *map(connection.ops.adapt_datetimefield_value, bounds.values())]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":  # has one writer at a time, and would copy the rows for RETURNING
            cursor.execute(f"SELECT {as_text('at', using)} {rows}", params)
            taken = {at for (at,) in cursor.fetchall()}
            cursor.execute(f"DELETE {rows}", params)
        else:
            cursor.execute(f"DELETE {rows} RETURNING {as_text('at', using)}", params)
            taken = {at for (at,) in cursor.fetchall()}
    return sorted(taken)


def note(family: str, quarters: Iterable[datetime], using: str) -> None:
    """Note quarters, so that they are counted again."""
    Noted.objects.using(using).bulk_create([Noted(family=family, at=at) for at in sorted(set(quarters))], 1_000)


def everything(using: str) -> Exists:
    """Return the condition that everything must be counted again."""
    return Exists(Noted.objects.using(using).filter(family=EVERYTHING))


def note_rows(families: Collection[str], using: str) -> None:
    """Note all quarters that have rows of these families now."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for watched in WATCHED:
            for column in watched.moments if watched.family in families else ():
                cursor.execute(_noting(watched.family, watched.table, column, connection.vendor))


def note_everything(zone: Any, using: str) -> None:
    """Note all quarters that have rows now, or had some when last counted. Numbers stay until they are recounted."""
    connection = connections[using]
    Noted.objects.using(using).all()._raw_delete(using)
    note_rows(OF_FAMILY, using)
    with connection.cursor() as cursor:
        cursor.execute(_noting(Family.MESSAGES, Beginning._meta.db_table, "began_at", connection.vendor))
    for family, names in OF_FAMILY.items():
        note(family, _quarters_of_numbers(names, zone, using), using)


def _noting(family: str, table: str, column: str, vendor: str) -> str:
    quarter = quarter_in_sql(vendor, f'"{column}"')
    return f"{NOTE} SELECT DISTINCT '{family}', {quarter} FROM {table} WHERE \"{column}\" IS NOT NULL"


def _quarters_of_numbers(names: Collection[str], zone: Any, using: str) -> Iterable[datetime]:
    rows = DayNumbers.objects.using(using).filter(measure__in=names).values_list("day", "measure", "numbers")
    for day, measure, numbers in rows.iterator():
        keys = numbers if measure in measures.QUARTERLY else ("0",)
        yield from (quarter_at(day, key, zone) for key in keys)
