"""Sums of many days, so that a period of years is read from a few dozen rows.

There are two kinds, both stored like rows of days, with the first day of the block and a separate measure name:

- **sums** by key, of 16, 128 and 1,024 days;
- **calendars** of 64 days: the total of each day, by its distance from the first one in days.

When days change, their blocks change by the same amounts, in the same transaction.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from functools import reduce
from operator import or_
from typing import NamedTuple

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q

from ops.dashboard.models import DayNumbers
from ops.dashboard.rollups import measures
from ops.dashboard.rollups.numbers import storing
from ops.dashboard.rollups.numbers.storing import Changes, Counted, Numbers, Place, add_to, rows_of

SIZES = (16, 128, 1_024)  # days
CALENDAR = 64  # days
AT_ONCE = 1_000  # rows of days summed up together in keep_anew


def name_of(measure: str, size: int) -> str:
    """Return the name under which sums of ``size`` days of a measure are stored; for one day, the measure itself."""
    return measure if size == 1 else f"{measure}_{size}"


def calendar_of(measure: str) -> str:
    """Return the name of the calendars of a measure."""
    return f"{measure}_days"


SUMS = tuple(name_of(measure, size) for measure in measures.SUMMED for size in SIZES)
CALENDARS = tuple(map(calendar_of, measures.BY_DAY))
DAYS_OF = {name: name.removesuffix("_days") for name in CALENDARS}


def start_of(day: date, size: int) -> date:
    """Return the first day of the block of ``size`` days in which a day lies; blocks start from date.min."""
    return day - timedelta(days=(day.toordinal() - 1) % size)


class Before(NamedTuple):
    """The rows of some measures of some days, and those of the blocks that contain these days."""

    days: storing.Rows
    blocks: storing.Rows


def rows_before(days: Collection[date], of: Collection[str], using: str) -> Before:
    """Return the stored rows of these measures, before the days are counted."""
    names = [name_of(measure, size) for measure in of if measure in measures.SUMMED for size in SIZES]
    calendars = [calendar_of(measure) for measure in of if measure in measures.BY_DAY]
    starts = {start_of(day, size) for day in days for size in (*SIZES, CALENDAR)}
    return Before(rows_of(days, of, using), rows_of(starts, [*names, *calendars], using))


def store(found: Numbers, stored: Before, using: str) -> None:
    """Replace the numbers of the days by those found, and update their blocks. Call it within the transaction in which
    ``stored`` was read. It reads nothing, and writes nothing before everything is added up."""
    of_days = storing.changes({place: found.get(place, {}) for place in stored.days.keys() | found.keys()}, stored.days)
    of_blocks = storing.changes(storing.added(_of_blocks(of_days), stored.blocks), stored.blocks)
    storing.write({**of_days, **of_blocks}, {**stored.days, **stored.blocks}, using)


def keep(changes: Changes, using: str) -> None:
    """Update the blocks after these changes of days. Call it within a transaction."""
    storing.add(_of_blocks(changes), using)


def _of_blocks(changes: Changes) -> Numbers:
    """Return the amounts by which these changes of days change their blocks."""
    found: dict[Place, Counted] = {**_of_calendars(changes)}
    below: Mapping[Place, Counted] = {  # by the measure's name for days, at every size
        place: _difference(before, now) if before else now
        for place, (before, now) in changes.items()
        if place.measure in measures.SUMMED
    }
    for size in SIZES:
        sums: defaultdict[Place, Counter[str]] = defaultdict(Counter)
        for (day, measure, imported), more in below.items():
            add_to(sums[Place(start_of(day, size), measure, imported)], more)
        for place, more in sums.items():
            found[place._replace(measure=name_of(place.measure, size))] = more
        below = sums
    return found


def _difference(before: Mapping[str, int], now: Counted) -> Counter[str]:
    found = Counter(now)
    add_to(found, {key: -number for key, number in before.items()})
    return found


def keep_calendars(changes: Changes, using: str) -> None:
    """Update only the calendars after these changes of days. Call it within a transaction."""
    storing.add(_of_calendars(changes), using)


def _of_calendars(changes: Changes) -> dict[Place, Counter[str]]:
    found: defaultdict[Place, Counter[str]] = defaultdict(Counter)
    for (day, measure, imported), (before, now) in changes.items():
        if measure in measures.BY_DAY:
            start = start_of(day, CALENDAR)
            more = Counter(now).total() - sum(before.values())
            found[Place(start, calendar_of(measure), imported)][str((day - start).days)] += more
    return found


def keep_anew(using: str) -> None:
    """Rebuild all blocks from their days. Call it within a transaction."""
    rows = DayNumbers.objects.using(using)
    of_days = (*measures.MESSAGES, *measures.DESK, *measures.TRAIL)
    rows.exclude(measure__in=of_days).delete()  # also rows of other versions, from which erasures remove nobody
    kept = rows.filter(measure__in=of_days).order_by("day", "pk")
    changes: dict[Place, tuple[dict[str, int], dict[str, int]]] = {}
    for day, measure, imported, numbers in kept.values_list("day", "measure", "imported", "numbers").iterator():
        changes[Place(day, measure, imported)] = {}, numbers
        if len(changes) == AT_ONCE:
            keep(changes, using)
            changes = {}
    keep(changes, using)


def by_key(
    measure: str, first: date, last: date, *, imported: bool = True, using: str = DEFAULT_DB_ALIAS
) -> Counter[str]:
    """Return the sums of the days from ``first`` to ``last``, by key; without imported history unless ``imported``."""
    sums = read(first, last, keys=[measure], imported=imported, using=using).by_key
    found, more = sums[measure, False], sums[measure, True]
    found.update(more)
    return +found


def all_days(measure: str, *, imported: bool, using: str = DEFAULT_DB_ALIAS) -> Counter[date]:
    """Return the total of every day; without imported history unless ``imported``."""
    rows = DayNumbers.objects.using(using).filter(measure=calendar_of(measure))
    if not imported:
        rows = rows.filter(imported=False)
    found: Counter[date] = Counter()
    for start, numbers in rows.values_list("day", "numbers"):
        found.update({start + timedelta(days=int(after)): total for after, total in numbers.items()})
    return found


class Sums(NamedTuple):
    """Numbers of a period by (measure, whether imported): of each key, and of each day."""

    by_key: dict[tuple[str, bool], Counter[str]]
    by_day: dict[tuple[str, bool], Counter[date]]


def read(
    first: date, last: date, *, keys: Collection[str] = (), days: Collection[str] = (), imported: bool, using: str
) -> Sums:
    """Return the sums of the days from ``first`` to ``last``, without imported history unless ``imported``: by key for
    the measures ``keys``, by day for the measures ``days``. Runs one query."""
    signs = {(name_of(measure, size), day): sign for sign, size, day in cover(first, last) for measure in keys}
    places: defaultdict[str, list[date]] = defaultdict(list)
    for name, day in signs:
        places[name].append(day)
    wanted = [Q(measure=name, day__in=its_days) for name, its_days in places.items()]
    if days:
        wanted.append(Q(measure__in=list(map(calendar_of, days)), day__range=(start_of(first, CALENDAR), last)))
    rows = DayNumbers.objects.using(using).filter(reduce(or_, wanted))
    if not imported:
        rows = rows.filter(imported=False)
    found = Sums(defaultdict(Counter), defaultdict(Counter))
    measure_of = {name_of(measure, size): measure for measure in keys for size in (1, *SIZES)}
    for start, name, was_imported, numbers in rows.values_list("day", "measure", "imported", "numbers"):
        if name in measure_of:
            sums = found.by_key[measure_of[name], was_imported]
            (sums.update if signs[name, start] > 0 else sums.subtract)(numbers)
        else:
            totals = ((start + timedelta(days=int(after)), total) for after, total in numbers.items())
            of_days = found.by_day[DAYS_OF[name], was_imported]
            of_days.update({day: total for day, total in totals if first <= day <= last})
    return found


def cover(first: date, last: date) -> Iterator[tuple[int, int, date]]:
    """Yield as few blocks and days as make up ``first`` to ``last``: the sign, size and first day of each. Those with
    sign -1 are subtracted from the others, which extend beyond the period."""
    for sign, size, number in _cover(first.toordinal() - 1, last.toordinal(), 0)[1]:
        yield sign, size, date.fromordinal(number + 1)


LEVELS = (1, *SIZES)
Parts = tuple[tuple[int, int, int], ...]


def _cover(begin: int, end: int, level: int) -> tuple[int, Parts]:
    """Return how many parts make up the days from ``begin`` up to ``end`` (day numbers on boundaries of this level),
    and the parts: each end is moved down or up to a boundary of the next level, adding or subtracting parts there."""
    size = LEVELS[level]
    direct = _parts(1, size, begin, end)
    if level + 1 == len(LEVELS) or len(direct) <= 1:
        return len(direct), direct
    best = len(direct), direct
    for lower in _ends(begin, LEVELS[level + 1]):
        for upper in _ends(end, LEVELS[level + 1]):
            if lower > upper:
                continue
            edges = (
                *(_parts(-1, size, lower, begin) if lower < begin else _parts(1, size, begin, lower)),
                *(_parts(1, size, upper, end) if upper < end else _parts(-1, size, end, upper)),
            )
            if len(edges) < best[0]:
                number, inner = _cover(lower, upper, level + 1)
                best = min(best, (len(edges) + number, (*edges, *inner)), key=lambda one: one[0])
    return best


def _ends(end: int, size: int) -> set[int]:
    lower = end // size * size
    return {one for one in (lower, lower + size if lower < end else lower) if one <= date.max.toordinal()}


def _parts(sign: int, size: int, begin: int, end: int) -> Parts:
    return tuple((sign, size, number) for number in range(begin, end, size))
