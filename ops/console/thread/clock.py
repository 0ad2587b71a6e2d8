"""Moments as the conversation page writes them: the one place that decides in which time zone."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone


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
    return f"{moment:%H:%M}"


def day(moment: date) -> str:
    """Its day, as "Friday, 7 September 2007"."""
    return f"{moment:%A}, {moment.day} {moment:%B %Y}"


def date_and_time(moment: datetime) -> str:
    """``moment``, already local, as "7 September 2007, 06:58"."""
    return f"{moment.day} {moment:%B %Y, %H:%M}"


def exact(moment: datetime) -> str:
    """``moment``, already local, to the second and with its time zone."""
    return f"{moment.day} {moment:%B %Y, %H:%M:%S %Z}"
