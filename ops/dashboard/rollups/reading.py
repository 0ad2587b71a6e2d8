"""Reading the numbers of a period: those counted, plus changes since then if there are few."""

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

# The most changes that reading a figure counts: more would make it expensive. Otherwise the last round's numbers hold.
MOST_QUARTERS = 8  # of messages
MOST_MESSAGES = 5_000  # in these quarters
MOST_DAYS = 3  # of the desk
LIVE = (measures.SENT, measures.EDITED, measures.UNREAD, measures.HOURS)


@dataclass(frozen=True)
class AsOf:
    """The time for which numbers hold. If ``waiting``, some days of the period are not counted yet."""

    at: datetime
    waiting: bool


@dataclass(frozen=True)
class Reading:
    """Numbers of a period."""

    period: Period
    sums: blocks.Sums
    as_of: AsOf

    def by_key(self, measure: str) -> Counter[str]:
        """Return the sums of all days by key."""
        return +_together(self.sums.by_key, measure)

    def by_day(self, measure: str) -> list[tuple[date, int]]:
        """Return the number of each day of the period, 0 if it has none."""
        found = _together(self.sums.by_day, measure)
        return [(day, found[day]) for day in self.period.each_day()]

    def total(self, measure: str, *, imported: bool | None = None) -> int:
        """Return the sum of the period; if ``imported`` is given, that of imported history or of the rest alone."""
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
    """Return measures of a period: ``keys`` by key, ``days`` by day; without imported history unless ``imported``.

    Noted quarters are read before numbers, so that those counted in between are neither missed nor counted twice.
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
    """Return the time for which numbers hold: now if nothing is noted, or noted quarters were counted (``live``); else
    the last round. ``counted`` if it is known that there was one."""
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
    """Yield the differences of these quarters between now and their last count."""
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
    """Yield the differences of the desk on these days: minus the last count, plus the numbers of now."""
    stored = rows_of(days, names, using) if days else {}
    for where, row in stored.items():
        before: Counter[str] = Counter()
        before.subtract(row.numbers)
        yield where, before
    for day in days:
        counted = Days(day, day, zone)
        desk.add_to(counted, using)
        yield from ((where, numbers) for where, numbers in counted.numbers.items() if where.measure in names)
