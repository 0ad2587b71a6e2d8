"""Moments as the conversation page writes them: the one place that decides in which time zone."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import lru_cache

from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _


def local(moment: datetime) -> datetime:
    """``moment`` in the time zone in which the page shows it; at the limits of the calendar as it is stored."""
    try:
        return timezone.localtime(moment)
    except (OverflowError, ValueError):
        return moment


def now() -> datetime:
    """This moment, local."""
    return local(timezone.now())


def clock_time(moment: datetime) -> str:
    """``moment``, already local, as "06:58"."""
    return _time(moment.time().replace(second=0, microsecond=0), get_language())


def day(moment: date) -> str:
    """Its day, as "Friday, 7 September 2007"."""
    return _day(date(moment.year, moment.month, moment.day), "l, j F Y", get_language())


def date_and_time(moment: datetime) -> str:
    """``moment``, already local, as "7 September 2007, 06:58"."""
    return date_format(moment, "DATETIME_FORMAT")


def exact(moment: datetime) -> str:
    """``moment``, already local, to the second and with its time zone."""
    parts = {"day": _day(moment.date(), "DATE_FORMAT", get_language()), "time": f"{moment:%H:%M:%S}"}
    return _("%(day)s, %(time)s %(zone)s") % {**parts, "zone": f"{moment:%Z}"}


# A page has hundreds of moments, of few days; Django takes its time to write one.
@lru_cache(maxsize=2_000)
def _day(day: date, format: str, language: str | None) -> str:
    return date_format(day, format)


@lru_cache(maxsize=2_000)
def _time(moment: time, language: str | None) -> str:
    return time_format(moment, "TIME_FORMAT")
