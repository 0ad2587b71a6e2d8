"""Storing numbers of days: what did not change is not written."""

from __future__ import annotations

from collections import Counter
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
Changes = Mapping[Place, tuple[Mapping[str, int], Mapping[str, int]]]  # what was there before, and what is now


def put(found: Numbers, days: Collection[date], measures: Iterable[str], using: str) -> Changes:
    """Have these measures of these days be what was found, and nothing else; returns what changed."""
    stored = rows_of(days, measures, using)
    return _store({place: found.get(place, {}) for place in stored.keys() | found.keys()}, stored, using)


def add(differences: Numbers, using: str) -> None:
    """Have numbers be by so much more, or less where that is negative."""
    if not differences:
        return
    stored = rows_of({place.day for place in differences}, {place.measure for place in differences}, using)
    sums = {}
    for place, more in differences.items():
        sums[place] = Counter(stored[place].numbers if place in stored else {})
        sums[place].update(more)
    _store(sums, stored, using)


def _store(found: Numbers, stored: Mapping[Place, DayNumbers], using: str) -> Changes:
    changes: dict[Place, tuple[Mapping[str, int], Mapping[str, int]]] = {}
    for place, numbers in found.items():
        now = {key: number for key, number in numbers.items() if number > 0}
        before = stored[place].numbers if place in stored else {}
        if now != before:
            changes[place] = before, now
    every: Any = DayNumbers.objects.using(using)
    every.filter(pk__in=[stored[place].pk for place, (before, now) in changes.items() if not now]).delete()
    every.bulk_create(
        [
            DayNumbers(**place._asdict(), numbers=now, total=sum(now.values()))
            for place, (_, now) in changes.items()
            if now
        ],
        500,
        update_conflicts=True,
        unique_fields=["measure", "day", "imported"],
        update_fields=["numbers", "total"],
    )
    return changes


def rows_of(days: Collection[date], measures: Iterable[str], using: str) -> dict[Place, DayNumbers]:
    """The rows that are stored, by their place."""
    rows = DayNumbers.objects.using(using).filter(day__in=list(days), measure__in=list(measures))
    return {Place(row.day, row.measure, row.imported): row for row in rows}


def lock(using: str) -> Keeping:
    """The one row, locked: others who count wait."""
    rows = Keeping.objects.using(using)
    rows.bulk_create([Keeping(pk=1, zone="")], ignore_conflicts=True)
    return rows.select_for_update().get(pk=1)
