"""Sums of 8, 64 and 512 days, of what has a key for every account: a period of years is read from a few dozen rows.

A block is a row like a day's, with the block's first day and a name of its own; it is made of the level below.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from functools import reduce
from operator import or_

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q

from ops.dashboard.models import DayNumbers
from ops.dashboard.rollups import measures
from ops.dashboard.rollups.numbers.storing import Place, put

SIZES = (8, 64, 512)  # days


def name_of(measure: str, size: int) -> str:
    """The name under which a measure of so many days is stored; a day's is the measure itself."""
    return measure if size == 1 else f"{measure}_{size}"


NAMES = tuple(name_of(measure, size) for measure in measures.BY_PERSON for size in SIZES)


def start_of(day: date, size: int) -> date:
    """The first day of the block of ``size`` days in which a day lies, counted from the calendar's first."""
    return day - timedelta(days=(day.toordinal() - 1) % size)


def keep(changed: Collection[Place], using: str) -> None:
    """Have the blocks be the sums of their days, after these places of days changed. Within a transaction."""
    for measure in measures.BY_PERSON:
        days = {place.day for place in changed if place.measure == measure}
        below = 1
        for size in SIZES:
            starts = {start_of(day, size) for day in days}
            put(_sums(measure, below, size, starts, using), starts, [name_of(measure, size)], using)
            below = size


def _sums(measure: str, below: int, size: int, starts: set[date], using: str) -> dict[Place, Counter[str]]:
    """What the blocks that begin at ``starts`` hold by the rows of ``below`` days each."""
    parts = [start + timedelta(days=days) for start in starts for days in range(0, size, below)]
    rows = DayNumbers.objects.using(using).filter(measure=name_of(measure, below), day__in=parts)
    found: defaultdict[Place, Counter[str]] = defaultdict(Counter)
    for day, imported, numbers in rows.values_list("day", "imported", "numbers").iterator():
        found[Place(start_of(day, size), name_of(measure, size), imported)].update(numbers)
    return found


def by_key(
    measure: str, first: date, last: date, *, imported: bool = True, using: str = DEFAULT_DB_ALIAS
) -> Counter[str]:
    """The numbers of the days from ``first`` to ``last`` together, by account; without those of imported history, if
    that is left out."""
    wanted: defaultdict[int, list[date]] = defaultdict(list)
    for size, day in blocks(first, last):
        wanted[size].append(day)
    parts = (Q(measure=name_of(measure, size), day__in=days) for size, days in wanted.items())
    rows = DayNumbers.objects.using(using).filter(reduce(or_, parts))
    if not imported:
        rows = rows.filter(imported=False)
    found: Counter[str] = Counter()
    for numbers in rows.values_list("numbers", flat=True):
        found.update(numbers)
    return found


def blocks(first: date, last: date) -> Iterator[tuple[int, date]]:
    """The fewest blocks and days that the days from ``first`` to ``last`` consist of: their sizes and first days."""
    day, end = first.toordinal(), last.toordinal()
    while day <= end:
        size = max(size for size in (1, *SIZES) if (day - 1) % size == 0 and day + size - 1 <= end)
        yield size, date.fromordinal(day)
        day += size
