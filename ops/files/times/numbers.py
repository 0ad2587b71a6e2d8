"""Times that are numbers: seconds or fractions of them since 1970 in UTC, or days as spreadsheets count them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ops.files.times.read import CUT, Read

NUMBER = re.compile(r"(-?)(\d{1,30})(?:[.,](\d{0,30}))?", re.ASCII)
# How many decimal places of a second a whole number includes.
EPOCHS = {"seconds": 0, "milliseconds": 3, "microseconds": 6, "nanoseconds": 9}
SERIALS = {"excel": datetime(1899, 12, 30), "excel-1904": datetime(1904, 1, 1)}
BY_SIZE = "by-size"
UNITS = (*EPOCHS, *SERIALS, BY_SIZE)
EPOCH = datetime(1970, 1, 1)
# The sizes of numbers that most likely are times (1973 to 2128) and days (1954 to 2119). The ranges do not overlap.
SECONDS, DAYS = (10**8, 5 * 10**9), (20_000, 80_000)
FICTION = 60  # 29 February 1900, which Excel counts although it never existed
PRECISE_TO_MINUTES, PRECISE_TO_SECONDS = 4, 7  # digits of a day's fraction


def unit_of(text: str) -> str:
    """Return what a number most likely counts: one of EPOCHS, "excel", or "" if its size does not show it."""
    found = NUMBER.fullmatch(text)
    if found is None or found[1]:
        return ""
    whole = int(found[2])
    if DAYS[0] <= whole < DAYS[1]:
        return "excel"
    low, high = SECONDS
    return next((unit for unit, digits in EPOCHS.items() if low * 10**digits <= whole < high * 10**digits), "")


def read_number(text: str, unit: str) -> Read | None:
    """Return the time that a number means in one of UNITS; None if it is none. Raises OverflowError, ValueError."""
    found = NUMBER.fullmatch(text)
    if found is None:
        return None
    if unit == BY_SIZE:
        unit = unit_of(text)
    if unit in EPOCHS:
        return _since_1970(found[1], found[2], found[3] or "", EPOCHS[unit])
    return _serial(Decimal(f"{found[1]}{found[2]}.{found[3] or 0}"), len(found[3] or ""), unit) if unit else None


def _since_1970(sign: str, whole: str, fraction: str, digits: int) -> Read:
    """Return the time, exact to the microsecond; further digits are cut towards the past."""
    number = int(f"{sign}{whole}{fraction}")
    shift = 6 - digits - len(fraction)
    micros, rest = (number * 10**shift, 0) if shift >= 0 else divmod(number, 10**-shift)
    return Read(EPOCH + timedelta(microseconds=micros), UTC, (CUT,) if rest else ())


def _serial(days: Decimal, decimals: int, unit: str) -> Read | None:
    """Return a day with its time, without a zone; a day's fraction is rounded to the precision of its digits.

    10:00 is 0.4166666667 of a day, and 0.41667 if fewer digits are shown: both must be read as 10:00.
    """
    start = SERIALS[unit]
    if days < 0:
        return None
    whole = int(days)
    if unit == "excel" and whole <= FICTION:
        if whole == FICTION:
            raise ValueError("29 February 1900")
        start += timedelta(days=1)
    step = 60_000_000 if decimals <= PRECISE_TO_MINUTES else 1_000_000 if decimals <= PRECISE_TO_SECONDS else 1_000
    micros = round((days - whole) * 86_400_000_000 / step) * step
    return Read(start + timedelta(days=whole, microseconds=micros))
