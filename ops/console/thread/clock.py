"""Moments as the conversation page writes them: the one place that decides in which time zone."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from messaging.languages.moments import clock_time, day_and_time, exact, weekday_and_day

__all__ = ["clock_time", "day_and_time", "exact", "local", "now", "weekday_and_day"]


def local(moment: datetime) -> datetime:
    """``moment`` in the time zone in which the page shows it; at the limits of the calendar as it is stored."""
    try:
        return timezone.localtime(moment)
    except (OverflowError, ValueError):
        return moment


def now() -> datetime:
    """This moment, local."""
    return local(timezone.now())
