"""Storing numbers of days: what did not change is not written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from ops.dashboard.models import DayNumbers, Keeping


class Place(NamedTuple):
    """Where numbers belong: a measure of a day, of imported history or of the rest."""

    day: date
    measure: str
    imported: bool = False


Numbers = Mapping[Place, Mapping[str, int]]


def put(found: Numbers, days: Collection[date], measures: Iterable[str], using: str) -> set[Place]:
    """Have these measures of these days be what was found, and nothing else; returns the places that changed."""
    stored = rows_of(days, measures, using)
    changed, gone = [], []
    for place in stored.keys() | found.keys():
        numbers = {key: number for key, number in sorted(found.get(place, {}).items()) if number}
        if place in stored and not numbers:
            gone.append(stored[place])
        elif numbers and (place not in stored or stored[place].numbers != numbers):
            changed.append(DayNumbers(**place._asdict(), numbers=numbers, total=sum(numbers.values())))
    every: Any = DayNumbers.objects.using(using)
    every.filter(pk__in=[row.pk for row in gone]).delete()
    every.bulk_create(
        changed,
        500,
        update_conflicts=True,
        unique_fields=["measure", "day", "imported"],
        update_fields=["numbers", "total"],
    )
    return {Place(row.day, row.measure, row.imported) for row in (*changed, *gone)}


def rows_of(days: Collection[date], measures: Iterable[str], using: str) -> dict[Place, DayNumbers]:
    """The rows that are stored, by their place."""
    rows = DayNumbers.objects.using(using).filter(day__in=list(days), measure__in=list(measures))
    return {Place(row.day, row.measure, row.imported): row for row in rows}


def lock(using: str) -> Keeping:
    """The one row, locked: others who count wait."""
    rows = Keeping.objects.using(using)
    rows.bulk_create([Keeping(pk=1, zone="")], ignore_conflicts=True)
    return rows.select_for_update().get(pk=1)
