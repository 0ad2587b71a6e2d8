"""The result of every reader of times, and the rules that all of them share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from django.utils.translation import gettext_noop

# Per-row messages: marked for translation here, looked up by the caller.
LEAP = gettext_noop("the leap second :60 is taken as :59.")
CUT = gettext_noop("the digits after the microsecond were cut off.")
NO_TIME_OF_DAY = gettext_noop("there is no time of day; taken as 00:00.")


class Read(NamedTuple):
    """A time as it was read: ``moment`` is naive; its ``zone`` is None if the text names none.

    ``notes`` state what was assumed, in English.
    """

    moment: datetime
    zone: tzinfo | None = None
    notes: tuple[str, ...] = ()


def combined(
    day: datetime, hour: int, minute: int, second: int = 0, fraction: str = "", zone: tzinfo | None = None
) -> Read:
    """Return the time on a ``day``: 24:00 is the next midnight, a leap second the second before it.

    ``fraction`` are the digits after the second. Raises ValueError if there is no such time, OverflowError.
    """
    notes = []
    if hour == 24:
        if minute or second or fraction.strip("0"):
            raise ValueError("after midnight")
        day, hour = day + timedelta(days=1), 0
    leap = second == 60
    micros = int(fraction[:6].ljust(6, "0")) if fraction else 0
    moment = day.replace(hour=hour, minute=minute, second=59 if leap else second, microsecond=micros)
    if leap:
        if not _may_leap(moment, zone):
            raise ValueError("no leap second")
        notes.append(LEAP)
    if fraction[6:].strip("0"):
        notes.append(CUT)
    return Read(moment, zone, tuple(notes))


def _may_leap(moment: datetime, zone: tzinfo | None) -> bool:
    """Return whether this is in the last minute of a day, in UTC or, if no zone is named, as written."""
    if zone is not None:
        moment = moment.replace(tzinfo=zone).astimezone(UTC)
    return (moment.hour, moment.minute) == (23, 59)
