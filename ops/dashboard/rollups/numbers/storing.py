"""Storing numbers of days: only changed rows are written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.db import connections

from ops.dashboard.models import DayNumbers, Keeping
from ops.dashboard.rollups.measures import MESSAGES


class Place(NamedTuple):
    """The place of numbers: a measure of a day, for imported history or for the rest."""

    day: date
    measure: str
    imported: bool = False


Counted = Mapping[str, int] | list[str]  # numbers by key, or keys, each repeated as often as its number
Numbers = Mapping[Place, Counted]
Changes = Mapping[Place, tuple[Mapping[str, int], Counted]]  # (before, now)
Rows = Mapping[Place, DayNumbers]

# When a day is counted for the first time, its list is stored unchanged, which takes a third of the time of counting
# its entries; but not a longer one: lists grow with messages, numbers by account only with people.
MOST_LISTED = 20_000

WRITE = f"INSERT INTO {DayNumbers._meta.db_table} (day, measure, imported, numbers, total)"
GIVEN = "SELECT * FROM unnest({})".format(
    ", ".join(f"string_to_array(%s, E'\\n')::{kind}[]" for kind in ("date", "text", "boolean", "text", "bigint"))
)
INSTEAD = "ON CONFLICT (measure, day, imported) DO UPDATE SET numbers = excluded.numbers, total = excluded.total"


def add(differences: Numbers, using: str) -> None:
    """Add differences, which may be negative, to the stored numbers."""
    if not differences:
        return
    stored = rows_of({place.day for place in differences}, {place.measure for place in differences}, using)
    write(changes(added(differences, stored), stored), stored, using)


def added(differences: Numbers, stored: Rows) -> Numbers:
    """Return the sums of stored numbers and these differences."""
    sums: dict[Place, Counter[str]] = {}
    for place, more in differences.items():
        sums[place] = Counter(stored[place].numbers if place in stored else {})
        add_to(sums[place], more)
    return sums


def add_to(sums: Counter[str], more: Counted) -> None:
    """Add ``more`` to ``sums``, in half the time of Counter.update: blocks have thousands of keys."""
    if isinstance(more, list) or not sums:
        sums.update(more)
        return
    get = sums.get
    for key, number in more.items():
        sums[key] = get(key, 0) + number


def changes(found: Numbers, stored: Rows) -> Changes:
    """Return the numbers that differ from the stored ones; ``stored`` has at least the rows of their places."""
    differing: dict[Place, tuple[Mapping[str, int], Counted]] = {}
    for place, numbers in found.items():
        if isinstance(numbers, list) and place not in stored and 0 < len(numbers) <= MOST_LISTED:
            differing[place] = {}, numbers
            continue
        # Plain dicts, because comparing Counters is many times slower; numbers of 0 or less are rare.
        now = dict(Counter(numbers) if isinstance(numbers, list) else numbers)
        if min(now.values(), default=1) <= 0:
            now = {key: number for key, number in now.items() if number > 0}
        before = stored[place].numbers if place in stored else {}
        if now != before:
            differing[place] = before, now
    return differing


def write(differing: Changes, stored: Rows, using: str) -> None:
    """Write these changes; ``stored`` has at least the rows from which they differ."""
    rows = [
        (str(place.day), place.measure, place.imported, *_written(place, now))
        for place, (_, now) in differing.items()
        if now
    ]
    every: Any = DayNumbers.objects.using(using)
    every.filter(pk__in=[stored[place].pk for place, (_, now) in differing.items() if not now]).delete()
    _write(rows, using)


class _Ends(dict[int, str]):
    """The JSON text after a key, by number; cached for frequent numbers."""

    def __missing__(self, number: int) -> str:
        end = f'": {number}'
        if number < OFTEN:
            self[number] = end
        return end


OFTEN = 1_000

ENDS = _Ends()


def _written(place: Place, numbers: Counted) -> tuple[str, int]:
    """Return numbers in their stored form (models.NumbersField), and their sum."""
    if isinstance(numbers, list):
        return ",".join(numbers), len(numbers)
    total = sum(numbers.values())
    if place.measure.partition("_")[0] not in MESSAGES:
        return json.dumps(numbers), total
    # Their keys are numbers, which need no escaping; an import changes millions. A third of the time of json.dumps.
    return '{"' + ', "'.join([key + ENDS[number] for key, number in numbers.items()]) + "}", total


def _write(rows: Sequence[tuple[str, str, bool, str, int]], using: str) -> None:
    """Insert or update rows of (day, measure, imported, numbers, total)."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.executemany(f"{WRITE} VALUES (%s, %s, %s, %s, %s) {INSTEAD}", rows)
        elif rows:
            # Each column as one text: the driver inspects every element of an array.
            columns = ["\n".join(map(str, column)) for column in zip(*rows, strict=True)]
            cursor.execute(f"{WRITE} {GIVEN} {INSTEAD}", columns)


def rows_of(days: Collection[date], measures: Iterable[str], using: str) -> dict[Place, DayNumbers]:
    """Return the stored rows by place."""
    rows = DayNumbers.objects.using(using).filter(day__in=list(days), measure__in=list(measures))
    return {Place(row.day, row.measure, row.imported): row for row in rows}


def lock(using: str) -> Keeping:
    """Lock and return the only row of Keeping, so that other processes wait to count."""
    rows = Keeping.objects.using(using)
    rows.bulk_create([Keeping(pk=1, zone="")], ignore_conflicts=True)
    return rows.select_for_update().get(pk=1)
