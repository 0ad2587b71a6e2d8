"""Quarters of an hour, and how they make up the days of a zone."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from ops.dashboard.periods import beginning_of, day_of

QUARTER = timedelta(minutes=15)
ONE_DAY = timedelta(days=1)
QUARTERS_A_DAY = 96
PLAIN_HOURS = [number // 4 for number in range(QUARTERS_A_DAY)]


def first_quarter(day: date, zone: tzinfo) -> datetime:
    """Return the first quarter of a day. It is the beginning of the day unless its zone has an odd offset then."""
    beginning = beginning_of(day, zone)
    quarter = beginning.replace(minute=beginning.minute // 15 * 15, second=0, microsecond=0)
    return quarter if quarter == beginning else quarter + QUARTER


def span(day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the first quarter of a day and that of the next day."""
    return first_quarter(day, zone), first_quarter(day + ONE_DAY, zone)


def place(quarter: datetime, zone: tzinfo) -> tuple[date, str]:
    """Return the day of a quarter, and its key there: its distance from the first one, in quarters."""
    day = day_of(quarter, zone)
    return day, str((quarter - first_quarter(day, zone)) // QUARTER)


def quarter_at(day: date, key: str, zone: tzinfo) -> datetime:
    """Return the quarter of a day with this key."""
    return first_quarter(day, zone) + int(key) * QUARTER


def hours_of_week(day: date, zone: tzinfo) -> list[str]:
    """Return the hour of the week in which each quarter of a day begins, in the zone (hour_of_week)."""
    first, after = span(day, zone)
    if after - first == ONE_DAY and first == beginning_of(day, zone):
        return [str(24 * day.weekday() + hour) for hour in PLAIN_HOURS]
    return [hour_of_week(first + number * QUARTER, zone) for number in range((after - first) // QUARTER)]


def hour_of_week(quarter: datetime, zone: tzinfo) -> str:
    """Return the key of the local hour in which a quarter begins: 24 for each day after Monday, plus the hour."""
    local = quarter.astimezone(zone)
    return str(24 * local.weekday() + local.hour)


def quarter_of(moment: datetime) -> datetime:
    """Return the quarter in which a moment lies."""
    moment = moment.astimezone(UTC)
    return moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)


def moment(text: str) -> datetime:
    """Parse a moment that a query returned as a text in UTC (statements.as_text)."""
    return datetime.fromisoformat(f"{text}+00:00")


def days_of(texts: Sequence[str], zone: tzinfo) -> Iterator[date]:
    """Yield the days of quarters given as such texts, in order: only the first quarter of each day is parsed."""
    number = 0
    while number < len(texts):
        day = day_of(moment(texts[number]), zone)
        yield day
        number = bisect_left(texts, str(span(day, zone)[1].replace(tzinfo=None)), number + 1)


def spans_of(quarters: Iterable[datetime]) -> list[tuple[datetime, datetime]]:
    """Return quarters as spans of time, with consecutive ones joined."""
    return joined((at, at + QUARTER) for at in sorted(quarters))


def joined(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Return ordered spans of time with consecutive ones joined."""
    found: list[tuple[datetime, datetime]] = []
    for first, after in spans:
        begins = found.pop()[0] if found and found[-1][1] == first else first
        found.append((begins, after))
    return found


def runs(days: set[date], longest: int) -> Iterator[tuple[date, date]]:
    """Yield runs of at most ``longest`` consecutive days: (first, last), the latest first."""
    left = sorted(days)
    while left:
        last = first = left.pop()
        while left and left[-1] == first - ONE_DAY and (last - left[-1]).days < longest:
            first = left.pop()
        yield first, last
