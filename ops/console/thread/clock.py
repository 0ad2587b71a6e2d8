"""Times on the conversation page: the only place that decides on their time zone."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from messaging.languages.moments import clock_time, day_and_time, exact, weekday_and_day

__all__ = ["clock_time", "day_and_time", "exact", "local", "now", "weekday_and_day"]


def local(moment: datetime) -> datetime:
    """Return ``moment`` in the time zone of the page; at the limits of the calendar, return it unchanged."""
    try:
        return timezone.localtime(moment)
    except (OverflowError, ValueError):
        return moment


def now() -> datetime:
    """Return the current time in the time zone of the page."""
    return local(timezone.now())
