"""Periods: whole days of the console's zone, also when clocks change; refusals in plain sentences."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from messaging.database.moments import SafeZone
from ops.dashboard.periods import LONGEST, NoPeriod, Period


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("zone", "day", "start", "end"),
    [
        ("UTC", date(2026, 1, 31), utc(2026, 1, 31), utc(2026, 2, 1)),
        ("Asia/Kathmandu", date(2026, 1, 31), utc(2026, 1, 30, 18, 15), utc(2026, 1, 31, 18, 15)),
        ("Europe/Berlin", date(2026, 3, 29), utc(2026, 3, 28, 23), utc(2026, 3, 29, 22)),  # 23 hours
        ("Europe/Berlin", date(2026, 10, 25), utc(2026, 10, 24, 22), utc(2026, 10, 25, 23)),  # 25 hours
        ("Asia/Beirut", date(2026, 3, 29), utc(2026, 3, 28, 22), utc(2026, 3, 29, 21)),  # midnight is skipped
        ("America/Havana", date(2026, 11, 1), utc(2026, 11, 1, 4), utc(2026, 11, 2, 5)),  # midnight comes twice
        ("Pacific/Apia", date(2011, 12, 30), utc(2011, 12, 30, 10), utc(2011, 12, 30, 10)),  # there was no such day
    ],
)
def test_a_day_has_its_moments(zone: str, day: date, start: datetime, end: datetime) -> None:
    period = Period(day, day, SafeZone(zone))
    assert (period.start, period.end, period.days) == (start, end, 1)
    assert period.contains(start) is (start < end)
    assert not period.contains(end)
    assert period.before().end == start


def test_the_last_days_are_those_of_the_console(settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"
    week = Period.of_days(7, today=date(2026, 3, 3))
    assert (week.first, week.last, week.days) == (date(2026, 2, 25), date(2026, 3, 3), 7)
    assert week.start == utc(2026, 2, 24, 15)
    assert week.before() == Period(date(2026, 2, 18), date(2026, 2, 24))
    assert list(week.each_day())[:2] == [date(2026, 2, 25), date(2026, 2, 26)]
    assert Period.written("2026-02-25", " 2026-03-03") == week
    assert Period.of_days(1).contains(datetime.now(UTC))


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        ("2026-02-30", "2026-03-01", "Write days as 2026-01-31."),
        ("", "", "Give the first and the last day, such as 2026-01-31."),
        ("2026-01-01", " ", "Give the first and the last day, such as 2026-01-31."),
        ("2026-03-02", "2026-03-01", "The first day is after the last day: swap them."),
        ("2016-01-01", "2026-03-01", "That is more than 3,660 days: choose a shorter time."),
        ("0001-01-05", "0001-01-06", "Choose days between the years 1900 and 9998."),
        ("9999-01-05", "9999-01-06", "Choose days between the years 1900 and 9998."),
    ],
)
def test_an_invalid_period_is_refused_with_a_reason(first: str, last: str, why: str) -> None:
    with pytest.raises(NoPeriod, match=rf"^{why}$"):
        Period.written(first, last)


def test_the_longest_has_one_before_it_wherever_it_may_be() -> None:
    earliest = Period(date(1900, 1, 1), date(1900, 1, 1) + timedelta(days=LONGEST - 1))
    assert earliest.before().days == LONGEST
    with pytest.raises(NoPeriod, match="more than"):
        Period.of_days(LONGEST + 1)
    with pytest.raises(NoPeriod):
        Period.of_days(0)
