"""Reading numbers of a period: what was counted, and what changed since then, as far as that is little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from ops.dashboard.models import Family, Keeping
from ops.dashboard.periods import Period
from ops.dashboard.rollups import desk, measures, messages, noted
from ops.dashboard.rollups.days import Days
from ops.dashboard.rollups.numbers import blocks
from ops.dashboard.rollups.numbers.storing import Place, rows_of
from ops.dashboard.rollups.quarters import hour_of_week, place

T = TypeVar("T")

# What changed and is counted while a figure is read: more would make reading dear. Else the last round's is told.
MOST_QUARTERS = 8  # of messages
MOST_MESSAGES = 5_000  # in these quarters
MOST_DAYS = 3  # of the desk
LIVE = (measures.SENT, measures.EDITED, measures.UNREAD, measures.HOURS)


@dataclass(frozen=True)
class AsOf:
    """When numbers were as they are told. Where ``waiting``, days of the period are still to be counted."""

    at: datetime
    waiting: bool


@dataclass(frozen=True)
class Reading:
    """Numbers of a period."""

    period: Period
    sums: blocks.Sums
    as_of: AsOf

    def by_key(self, measure: str) -> Counter[str]:
        """The numbers of all days together, by key."""
        return +_together(self.sums.by_key, measure)

    def by_day(self, measure: str) -> list[tuple[date, int]]:
        """The number of each day of the period; 0 where there is none."""
        found = _together(self.sums.by_day, measure)
        return [(day, found[day]) for day in self.period.each_day()]

    def total(self, measure: str, *, imported: bool | None = None) -> int:
        """The sum of the period; only of imported history or only of the others, if asked."""
        asked = (False, True) if imported is None else (imported,)
        counted = (
            self.sums.by_day if {(measure, False), (measure, True)} & self.sums.by_day.keys() else self.sums.by_key
        )
        return sum(counted[measure, one].total() for one in asked if (measure, one) in counted)


def _together(sums: Mapping[tuple[str, bool], Counter[T]], measure: str) -> Counter[T]:
    found: Counter[T] = Counter()
    for was_imported in (False, True):
        found.update(sums.get((measure, was_imported), Counter()))
    return found


def read(
    family: str,
    period: Period,
    *,
    keys: Collection[str] = (),
    days: Collection[str] = (),
    imported: bool = True,
    using: str = DEFAULT_DB_ALIAS,
) -> Reading:
    """Return measures of a period: ``keys`` are told by key, ``days`` by day; without those of ``imported`` history, if
    that is left out.

    What is noted and not counted yet is looked for first: what is counted meanwhile is right either way.
    """
    most = MOST_QUARTERS if family == Family.MESSAGES else MOST_DAYS * 100
    waiting = noted.waiting(family, using, most=most, period=period)
    found = blocks.read(period.first, period.last, keys=keys, days=days, imported=imported, using=using)
    names = (*keys, *days)
    changed = {place(at, period.zone)[0] for at in waiting}
    live = True
    differences: Iterable[tuple[Place, Counter[str]]] = ()
    if family == Family.MESSAGES and set(names) <= set(LIVE) and len(waiting) <= most and _is_little(waiting, using):
        differences = _of_quarters(waiting, period.zone, using)
    elif family == Family.DESK and len(changed) <= MOST_DAYS:
        differences = _of_days(changed, names, period.zone, using)
    else:
        live = False
    for where, more in differences:
        if imported or not where.imported:
            if where.measure in keys:
                found.by_key[where.measure, where.imported].update(more)
            if where.measure in days:
                found.by_day[where.measure, where.imported][where.day] += more.total()
    counted = bool(found.by_key or found.by_day)
    told = as_of(using, waits=bool(waiting), live=live, most=len(waiting) > most, counted=counted)
    return Reading(period, found, told)


def as_of(using: str, *, waits: bool, live: bool, most: bool = False, counted: bool = False) -> AsOf:
    """When what is told was so: now where nothing waits, or what waits was counted; else at the last round. ``counted``
    where it is known that there was one."""
    now = timezone.now()
    if counted and (live or not waits):
        return AsOf(now, waiting=False)
    kept = Keeping.objects.using(using).values_list("kept_at", flat=True).first()
    if kept is None:
        return AsOf(now, waiting=True)  # nothing was ever counted
    return AsOf(now, waiting=False) if live or not waits else AsOf(kept, waiting=most)


def _is_little(quarters: Collection[datetime], using: str) -> bool:
    return not quarters or not messages.are_more_than(MOST_MESSAGES, quarters, using)


def _of_quarters(quarters: Collection[datetime], zone: tzinfo, using: str) -> Iterator[tuple[Place, Counter[str]]]:
    """By how much these quarters are more now than they were when they were counted."""
    now = messages.of_quarters(quarters, zone, using)
    places = [place(at, zone) for at in quarters]
    stored = rows_of({day for day, _ in places}, messages.COUNTED, using) if quarters else {}
    for at, (day, key) in zip(quarters, places, strict=True):
        for where in (Place(day, measure, imported) for measure in messages.COUNTED for imported in (False, True)):
            before = stored[where].numbers.get(key, 0) if where in stored else 0
            more = now[where][key] - before
            yield where, Counter({key: more})
            if where.measure == measures.SENT:
                yield where._replace(measure=measures.HOURS), Counter({hour_of_week(at, zone): more})


def _of_days(
    days: Collection[date], names: Collection[str], zone: tzinfo, using: str
) -> Iterator[tuple[Place, Counter[str]]]:
    """By how much the desk has more on these days now than when they were counted."""
    stored = rows_of(days, names, using) if days else {}
    for where, row in stored.items():
        before: Counter[str] = Counter()
        before.subtract(row.numbers)
        yield where, before
    for day in days:
        counted = Days(day, day, zone)
        desk.add_to(counted, using)
        yield from ((where, numbers) for where, numbers in counted.numbers.items() if where.measure in names)
