"""Reading numbers of a period: what was counted, and what changed since then, as far as that is little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet
from django.utils import timezone

from ops.dashboard.models import DayNumbers, Family, Keeping
from ops.dashboard.periods import Period
from ops.dashboard.rollups import desk, measures, messages, noted
from ops.dashboard.rollups.days import Days
from ops.dashboard.rollups.numbers.storing import Place
from ops.dashboard.rollups.quarters import place

# What changed and is counted while a figure is read: more would make reading dear. Else the last round's is told.
MOST_QUARTERS = 8  # of messages
MOST_DAYS = 3  # of the desk
LIVE = (measures.SENT, measures.EDITED, measures.UNREAD)


@dataclass(frozen=True)
class AsOf:
    """When numbers were as they are told. Where ``waiting``, days of the period are still to be counted."""

    at: datetime
    waiting: bool


@dataclass(frozen=True)
class Reading:
    """Numbers of a period by place (day, measure, imported or not)."""

    period: Period
    numbers: dict[Place, dict[str, int]]
    as_of: AsOf

    def by_key(self, measure: str, *, imported: bool | None = None) -> Counter[str]:
        """The numbers of all days together, by key; only those of imported history or only the others, if asked."""
        found: Counter[str] = Counter()
        for where, numbers in self.numbers.items():
            if where.measure == measure and imported in (None, where.imported):
                found.update(numbers)
        return found

    def by_day(self, measure: str, key: str | None = None) -> list[tuple[date, int]]:
        """The number of each day of the period, of one key if asked; 0 where there is none."""
        found: Counter[date] = Counter()
        for where, numbers in self.numbers.items():
            if where.measure == measure:
                found[where.day] += sum(numbers.values()) if key is None else numbers.get(key, 0)
        return [(day, found[day]) for day in self.period.each_day()]

    def total(self, measure: str) -> int:
        """The sum of the period."""
        return sum(self.by_key(measure).values())


def read(
    family: str,
    names: Collection[str],
    period: Period,
    *,
    imported: bool = True,
    totals: bool = False,
    using: str = DEFAULT_DB_ALIAS,
) -> Reading:
    """Return these measures of a period; without those of ``imported`` history, if that is left out.

    Of ``totals`` only the sums of days are read, which is much less: their keys are not those of the measure.

    What is noted and not counted yet is looked for first: what is counted meanwhile is right either way.
    """
    zone = period.zone
    most = MOST_QUARTERS if family == Family.MESSAGES else MOST_DAYS * 100
    waiting = noted.waiting(family, using, most=most, period=period)
    rows = DayNumbers.objects.using(using).filter(measure__in=list(names), day__gte=period.first, day__lte=period.last)
    if not imported:
        rows = rows.filter(imported=False)
    days = {place(at, zone)[0] for at in waiting}
    found = _totals(rows, days) if totals else _by_place(rows)
    live = family == Family.MESSAGES and set(names) <= set(LIVE) and len(waiting) <= most
    if live:
        _count_quarters(found, waiting, names, zone, using)
    elif family == Family.DESK and len(days) <= MOST_DAYS:
        live = True
        _count_days(found, days, names, zone, using)
    if not imported:
        found = {where: numbers for where, numbers in found.items() if not where.imported}
    return Reading(period, found, as_of(using, waits=bool(waiting), live=live, most=len(waiting) > most))


def _totals(rows: QuerySet[DayNumbers], whole: Collection[date]) -> dict[Place, dict[str, int]]:
    """The sums of days, but all numbers of the ``whole`` ones, of which some are to be counted anew."""
    sums = rows.exclude(day__in=whole).values_list("day", "measure", "imported", "total")
    found = {Place(day, measure, imported): {"": total} for day, measure, imported, total in sums}
    return found | (_by_place(rows.filter(day__in=whole)) if whole else {})


def _by_place(rows: QuerySet[DayNumbers]) -> dict[Place, dict[str, int]]:
    parts = rows.values_list("day", "measure", "imported", "numbers")
    return {Place(day, measure, imported): numbers for day, measure, imported, numbers in parts}


def as_of(using: str, *, waits: bool, live: bool, most: bool = False) -> AsOf:
    """When what is told was so: now where nothing waits, or what waits was counted; else at the last round."""
    kept = Keeping.objects.using(using).values_list("kept_at", flat=True).first()
    now = timezone.now()
    if kept is None:
        return AsOf(now, waiting=True)  # nothing was ever counted
    return AsOf(now, waiting=False) if live or not waits else AsOf(kept, waiting=most)


def _count_quarters(
    found: dict[Place, dict[str, int]],
    quarters: Collection[datetime],
    names: Collection[str],
    zone: tzinfo,
    using: str,
) -> None:
    now = messages.of_quarters(quarters, zone, using)
    for at in quarters:
        day, key = place(at, zone)
        for where in (Place(day, measure, imported) for measure in names for imported in (False, True)):
            numbers = {**found.get(where, {}), key: now[where][key]}
            found[where] = {key: number for key, number in numbers.items() if number}


def _count_days(
    found: dict[Place, dict[str, int]], days: Collection[date], names: Collection[str], zone: tzinfo, using: str
) -> None:
    for where in [where for where in found if where.day in days]:
        del found[where]
    for day in days:
        counted = Days(day, day, zone)
        desk.add_to(counted, using)
        found.update({where: dict(numbers) for where, numbers in counted.numbers.items() if where.measure in names})
