"""Days and times in the formats of the active language: Django's formats, except for English (``formats/``).

A page has hundreds of moments on few days, and Django formats slowly, so the results are cached.
"""

from __future__ import annotations

from datetime import date, datetime, time
from functools import lru_cache

from django.utils.formats import date_format, time_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

KEPT = 4_096


def day(moment: date) -> str:
    """Return the day of a local moment: "7 September 2007"."""
    return _day(date(moment.year, moment.month, moment.day), "DATE_FORMAT", get_language())


def weekday_and_day(moment: date) -> str:
    """Return the day of a local moment with its weekday: "Friday, 7 September 2007"."""
    weekday = _day(date(moment.year, moment.month, moment.day), "l", get_language())
    return _("%(weekday)s, %(day)s") % {"weekday": weekday, "day": day(moment)}


def clock_time(moment: datetime) -> str:
    """Return the time of day of a local moment: "06:58"."""
    return _time(moment.time().replace(second=0, microsecond=0, fold=0), get_language())


def day_and_time(moment: datetime) -> str:
    """Return the day and time of a local moment: "7 September 2007, 06:58"."""
    return _("%(day)s, %(time)s") % {"day": day(moment), "time": clock_time(moment)}


def with_zone(moment: datetime) -> str:
    """Return the day and time of a local moment with its time zone: "7 September 2007, 06:58 CEST"."""
    return _written(day(moment), clock_time(moment), moment)


def exact(moment: datetime) -> str:
    """Return a local moment to the second, with its time zone: "7 September 2007, 06:58:07 CEST"."""
    return _written(day(moment), f"{moment:%H:%M:%S}", moment)


def _written(day: str, clock: str, moment: datetime) -> str:
    # Django's format T gives no zone for an ambiguous hour (end of summer time), just when the zone matters.
    return _("%(day)s, %(time)s %(zone)s") % {"day": day, "time": clock, "zone": f"{moment:%Z}"}


@lru_cache(KEPT)
def _day(day: date, format: str, language: str | None) -> str:
    return date_format(day, format)


@lru_cache(KEPT)
def _time(moment: time, language: str | None) -> str:
    return time_format(moment, "TIME_FORMAT")
