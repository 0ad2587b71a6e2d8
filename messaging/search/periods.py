"""Days, months and years as people write them in a search, in the current time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy

from messaging.database.moments import EARLIEST, LATEST

WRITTEN = re.compile(r"([0-9]{4})(?:-([0-9]{1,2}))?(?:-([0-9]{1,2}))?", re.ASCII)
AGO = re.compile(r"([1-9][0-9]{0,3})([dw])", re.ASCII)
DAYS = {"d": 1, "w": 7}
# The words today and yesterday, and the letters d and w, are the same in every language.
HOW = gettext_lazy("Write a day, month or year: 2025-01-31, 2025-01, 2025, yesterday, or 7d for the last seven days.")


class NoPeriod(ValueError):
    """The text names no period; the message explains how to write one."""


@dataclass(frozen=True)
class Period:
    """A period from ``beginning`` up to but not including ``end``. One that is ``going_on`` ends today."""

    beginning: datetime
    end: datetime
    going_on: bool = False


def parse(text: str, now: datetime) -> Period:
    """Return the period that ``text`` names at the time ``now``. Raise NoPeriod if it names none."""
    text = text.lower()
    today = timezone.localtime(now).date()
    named = {"today": today, "yesterday": today - timedelta(days=1)}
    ago, written = AGO.fullmatch(text), WRITTEN.fullmatch(text)
    try:
        if text in named:
            return _of_days(named[text], 1)
        if ago:
            days = int(ago[1]) * DAYS[ago[2]]
            return _of_days(today - timedelta(days=days), days + 1, going_on=True)
        if written:
            return _of_date(*(int(part) if part else None for part in written.groups()))
    except (ValueError, OverflowError):
        pass  # there is no such day, or it is out of the range that can be stored
    raise NoPeriod(HOW)


def _of_date(year: int | None, month: int | None, day: int | None) -> Period:
    first = date(year or 0, month or 1, day or 1)
    if day is not None:
        return _of_days(first, 1)
    months = first.year * 12 + (first.month if month is not None else 12)
    return _between(first, date(months // 12, months % 12 + 1, 1))


def _of_days(first: date, number: int, *, going_on: bool = False) -> Period:
    return _between(first, first + timedelta(days=number), going_on=going_on)


def _between(first: date, after: date, *, going_on: bool = False) -> Period:
    if not (EARLIEST.date() < first and after < LATEST.date()):
        raise OverflowError
    beginning, end = (timezone.make_aware(datetime.combine(day, time.min)) for day in (first, after))
    return Period(beginning, end, going_on)
