"""Days that are counted row by row, as those of the desk and of the trail are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from datetime import date, datetime, tzinfo
from typing import Any

from ops.dashboard.rollups.numbers import blocks
from ops.dashboard.rollups.numbers.storing import Place
from ops.dashboard.rollups.quarters import place, quarter_of, runs, span

LONGEST_RUN = 31  # days that are read at once


class Days:
    """Numbers of some days that follow each other, while they are counted."""

    def __init__(self, first: date, last: date, zone: tzinfo) -> None:
        self.zone = zone
        self.start, self.end = span(first, zone)[0], span(last, zone)[1]
        self.numbers: defaultdict[Place, Counter[str]] = defaultdict(Counter)

    def within(self, field: str) -> dict[str, datetime]:
        """The condition that a field lies in them."""
        return {f"{field}__gte": self.start, f"{field}__lt": self.end}

    def day_of(self, moment: datetime) -> date:
        return place(quarter_of(moment), self.zone)[0]

    def add(self, moment: datetime, measure: str, key: Any, number: int = 1, *, imported: bool = False) -> None:
        """Count something where ``moment`` lies."""
        self.numbers[Place(self.day_of(moment), measure, imported)][str(key)] += number


def count_anew(
    add_to: Callable[[Days, str], None], days: set[date], zone: tzinfo, measures: Collection[str], using: str
) -> None:
    """Store these measures of these days as ``add_to(days, using)`` counts them. Within a transaction."""
    for first, last in runs(days, LONGEST_RUN):
        counted = Days(first, last, zone)
        add_to(counted, using)
        stored = blocks.rows_before({day for day in days if first <= day <= last}, measures, using)
        blocks.store(counted.numbers, stored, using)
