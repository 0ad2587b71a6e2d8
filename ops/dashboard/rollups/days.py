"""Counting days row by row, as for the desk and the audit trail."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from datetime import date, datetime, tzinfo
from typing import Any

from ops.dashboard.rollups.numbers import blocks
from ops.dashboard.rollups.numbers.storing import Place
from ops.dashboard.rollups.quarters import place, quarter_of, runs, span

LONGEST_RUN = 31  # days read in one query


class Days:
    """The numbers of consecutive days while they are counted."""

    def __init__(self, first: date, last: date, zone: tzinfo) -> None:
        self.zone = zone
        self.start, self.end = span(first, zone)[0], span(last, zone)[1]
        self.numbers: defaultdict[Place, Counter[str]] = defaultdict(Counter)

    def within(self, field: str) -> dict[str, datetime]:
        """Return filter arguments: the field lies within these days."""
        return {f"{field}__gte": self.start, f"{field}__lt": self.end}

    def day_of(self, moment: datetime) -> date:
        return place(quarter_of(moment), self.zone)[0]

    def add(self, moment: datetime, measure: str, key: Any, number: int = 1, *, imported: bool = False) -> None:
        """Add ``number`` to a measure on the day of ``moment``."""
        self.numbers[Place(self.day_of(moment), measure, imported)][str(key)] += number


def recount(
    add_to: Callable[[Days, str], None], days: set[date], zone: tzinfo, measures: Collection[str], using: str
) -> None:
    """Store these measures of these days as ``add_to(days, using)`` counts them. Call it within a transaction."""
    for first, last in runs(days, LONGEST_RUN):
        counted = Days(first, last, zone)
        add_to(counted, using)
        stored = blocks.rows_before({day for day in days if first <= day <= last}, measures, using)
        blocks.store(counted.numbers, stored, using)
