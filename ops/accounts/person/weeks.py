"""The chart of messages that a person sent and received in each of the last twelve weeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from ops.accounts.person import newest

WEEKS = 12
HEIGHT, STEP, BAR = 56, 30, 10  # in units of the drawing: its height, the width of a week and of a bar


@dataclass(frozen=True)
class Bar:
    """A bar of the drawing; ``look`` is “sent” or “received”."""

    look: str
    x: int
    y: int
    height: int


@dataclass(frozen=True)
class Week:
    """The messages of the week that began on ``monday``."""

    monday: date
    sent: int
    received: int


@dataclass(frozen=True)
class Weeks:
    """The weeks, the oldest first; at most ``limit`` messages sent, and as many received, are counted."""

    weeks: Sequence[Week]
    limit: int

    @property
    def sent(self) -> int:
        return sum(week.sent for week in self.weeks)

    @property
    def received(self) -> int:
        return sum(week.received for week in self.weeks)

    @property
    def is_cut(self) -> bool:
        """Whether these weeks may have more messages than were counted."""
        return max(self.sent, self.received) >= self.limit

    @property
    def drawing(self) -> tuple[int, int]:
        """The width and height of the drawing."""
        return STEP * len(self.weeks), HEIGHT

    @property
    def bars(self) -> list[Bar]:
        """The bars, scaled to the busiest week; every week with messages has a visible bar."""
        most = max((number for week in self.weeks for number in (week.sent, week.received)), default=0)
        found = []
        for place, week in enumerate(self.weeks):
            for beside, (look, number) in enumerate((("sent", week.sent), ("received", week.received))):
                height = max(2, round(HEIGHT * number / most)) if number else 0
                found.append(Bar(look, place * STEP + 4 + beside * (BAR + 1), HEIGHT - height, height))
        return [bar for bar in found if bar.height]


def weeks_of(person: Any, *, now: datetime) -> Weeks:
    """Return the last twelve weeks of ``person``, including this one, in the reader's time zone; runs two queries."""
    today = timezone.localtime(now).date()
    this_monday = today - timedelta(days=today.weekday())
    mondays = [this_monday - timedelta(weeks=ago) for ago in reversed(range(WEEKS))]
    sent, received = (_per_week(rows, mondays) for rows in (newest.sent(person), newest.received(person)))
    return Weeks([Week(*one) for one in zip(mondays, sent, received, strict=True)], limit=newest.NEWEST)


def _per_week(messages: QuerySet, mondays: Sequence[date]) -> list[int]:
    """Return the number of ``messages`` in each week."""
    starts = [timezone.make_aware(datetime.combine(monday, time.min)) for monday in mondays]
    ends = [*starts[1:], timezone.make_aware(datetime.combine(mondays[-1] + timedelta(weeks=1), time.min))]
    counted = {
        f"week_{place}": Count("pk", filter=Q(timestamp__gte=start, timestamp__lt=end))
        for place, (start, end) in enumerate(zip(starts, ends, strict=True))
    }
    found = messages.aggregate(**counted)
    return [found[name] for name in counted]
