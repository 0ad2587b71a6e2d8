"""Units of figures, how their numbers are formatted, and which numbers are round enough for the lines of a chart."""

from __future__ import annotations

import math
from enum import Enum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.languages.wording import grouped, numbered

MINUTE, HOUR, DAY = 60, 3_600, 86_400
MANY = 100
MOST_STEPS = 4  # between the lines of a chart
# Seconds between two lines of a chart of times; for longer times, round numbers of days.
STEPS_OF_TIME = (
    *(1, 5, 15, 30),
    *(MINUTE * number for number in (1, 5, 15, 30)),
    *(HOUR * number for number in (1, 2, 3, 6, 12)),
)


class Unit(Enum):
    """The unit of a number. DURATION is in seconds, SHARE is a fraction of 1."""

    NUMBER = "number"
    SHARE = "share"
    DURATION = "duration"
    BYTES = "bytes"
    RATIO = "ratio"


PLACES = {Unit.NUMBER: 1, Unit.SHARE: 3, Unit.RATIO: 2}  # decimal places to which values are rounded to be shown


def in_words(value: float | None, unit: Unit = Unit.NUMBER) -> str:
    """Format a value for people: "1,234", "12.5%", "3 h 20 min", "1.4 GB", "0.71"; "–" for None."""
    if value is None:
        return "–"
    match unit:
        case Unit.SHARE:
            return _("%(number)s%%") % {"number": _rounded(value * 100, 1)}
        case Unit.DURATION:
            return _time(value)
        case Unit.BYTES:
            return _bytes(value)
        case Unit.RATIO:
            return grouped(round(value, 2), decimals=2)
        case _:
            return _rounded(value, 1)


def as_shown(value: float, unit: Unit) -> float:
    """Round a value as ``in_words`` shows it, so that differences fit the values beside them. Lengths of time and sizes
    are returned unchanged."""
    return round(value, PLACES[unit]) if unit in PLACES else value


def points(share: float) -> str:
    """Format the difference of two shares in percentage points: "2.5 points"."""
    number = round(share * 100, 1)
    # Languages define plural forms for whole numbers only; fractions use the form for many.
    words = ngettext("%(number)s point", "%(number)s points", int(number) if number.is_integer() else MANY)
    return words % {"number": _rounded(number, 1)}


def round_ticks(most: float, unit: Unit = Unit.NUMBER) -> list[float]:
    """Return the lines of a chart whose greatest number is ``most``: 0 and up to four round numbers, the last of them
    at least ``most``."""
    step = _step(max(most, 0), unit)
    return [step * number for number in range(max(1, math.ceil(max(most, 0) / step)) + 1)]


def _step(most: float, unit: Unit) -> float:
    match unit:
        case Unit.DURATION:
            small = next((step for step in STEPS_OF_TIME if MOST_STEPS * step >= most), None)
            return small or DAY * _round_step(most / DAY)
        case Unit.SHARE:
            return _round_step(most * 100) / 100
        case Unit.BYTES:
            power = 1_000 ** max(0, math.floor(math.log(max(most, 1), 1_000)))
            return power * _round_step(most / power)
        case Unit.RATIO:
            return _round_step(most * 100) / 100
        case _:
            return _round_step(most)


def _round_step(most: float) -> int:
    """Return the smallest of 1, 2, 5, 10, 20, 50, … that reaches ``most`` in at most MOST_STEPS steps."""
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            if MOST_STEPS * step >= most:
                return step
        power *= 10


def _rounded(number: float, decimals: int) -> str:
    """Format a number with at most this many decimals and no trailing zeros."""
    rounded = round(number, decimals)
    return grouped(int(rounded) if float(rounded).is_integer() else rounded)


def _time(seconds: float) -> str:
    if seconds < 0:
        return f"−{_time(-seconds)}"
    if seconds < MINUTE:
        return _("%(number)s s") % {"number": math.floor(seconds)}
    if seconds < HOUR:
        return _("%(number)s min") % {"number": math.floor(seconds / MINUTE)}
    if seconds < 2 * DAY:
        hours, minutes = divmod(math.floor(seconds / MINUTE), 60)
        if minutes and hours < 10:
            return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}
        return _("%(number)s h") % {"number": hours}
    days, hours = divmod(math.floor(seconds / HOUR), 24)
    if hours and days < 10:
        return _("%(days)s d %(hours)s h") % {"days": days, "hours": hours}
    return _("%(number)s d") % {"number": grouped(days)}


def _bytes(number: float) -> str:
    """Format a number of bytes with at most three digits, but never without those before the point."""
    if number < 1_000:
        return numbered(ngettext("%(number)s byte", "%(number)s bytes", round(number)), round(number))
    units = (_("%(number)s kB"), _("%(number)s MB"), _("%(number)s GB"), _("%(number)s TB"))
    place = 0
    while number >= 999_500 and place < len(units) - 1:
        number, place = number / 1_000, place + 1
    number /= 1_000
    return units[place] % {"number": _rounded(number, 2 if number < 9.995 else 1 if number < 99.95 else 0)}
