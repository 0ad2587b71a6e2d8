"""The shapes of ISO 8601 that ``datetime.fromisoformat`` does not read in every version of Python."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from ops.files.times.read import Read, combined
from ops.files.times.zones import written_zone

ISO = re.compile(
    r"(\d{4})-?(?:(\d\d)-?(\d\d)|W(\d\d)-?([1-7])|(\d{3}))"  # a date, a day of a week, a day of the year
    r"[T ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,30}))?)?(Z|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)


def read_iso(text: str) -> Read | None:
    """Return the time of an ISO 8601 text with at least minutes; None if it is none.

    Raises ValueError if there is no such date or time, OverflowError.
    """
    found = ISO.fullmatch(text)
    if found is None:
        return None
    year, month, day, week, weekday, day_of_year, hour, minute, second, fraction, zone = found.groups()
    if week:
        first = date.fromisocalendar(int(year), int(week), int(weekday))
    elif day_of_year:
        first = date(int(year), 1, 1) + timedelta(days=int(day_of_year) - 1)
        if first.year != int(year):
            raise ValueError("no such day of the year")
    else:
        first = date(int(year), int(month), int(day))
    named = written_zone(zone) if zone else None
    if zone and named is None:
        raise ValueError("no such offset")
    start = datetime(first.year, first.month, first.day)
    return combined(start, int(hour), int(minute), int(second or 0), fraction or "", named)
