"""Times that are numbers: seconds and their parts since 1970 in UTC, or days as spreadsheets count them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ops.files.times.read import CUT, Read

NUMBER = re.compile(r"(-?)(\d{1,30})(?:[.,](\d{0,30}))?", re.ASCII)
# How many digits after the second the last digit of a whole number is.
EPOCHS = {"seconds": 0, "milliseconds": 3, "microseconds": 6, "nanoseconds": 9}
SERIALS = {"excel": datetime(1899, 12, 30), "excel-1904": datetime(1904, 1, 1)}
BY_SIZE = "by-size"
UNITS = (*EPOCHS, *SERIALS, BY_SIZE)
EPOCH = datetime(1970, 1, 1)
# What a number most likely counts, by its size: dates from 1973 to 2128, days from 1954 to 2119. The ranges are apart.
SECONDS, DAYS = (10**8, 5 * 10**9), (20_000, 80_000)
FICTION = 60  # 29 February 1900, which Excel counts though it never was
PRECISE_TO_MINUTES, PRECISE_TO_SECONDS = 4, 7  # digits of a day's fraction


def unit_of(text: str) -> str:
    """What a number most likely counts: one of EPOCHS, "excel", or "" where its size tells nothing."""
    found = NUMBER.fullmatch(text)
    if found is None or found[1]:
        return ""
    whole = int(found[2])
    if DAYS[0] <= whole < DAYS[1]:
        return "excel"
    low, high = SECONDS
    return next((unit for unit, digits in EPOCHS.items() if low * 10**digits <= whole < high * 10**digits), "")


def read_number(text: str, unit: str) -> Read | None:
    """The time that a number stands for, in one of UNITS; None where it is none. Raises OverflowError, ValueError."""
    found = NUMBER.fullmatch(text)
    if found is None:
        return None
    if unit == BY_SIZE:
        unit = unit_of(text)
    if unit in EPOCHS:
        return _since_1970(found[1], found[2], found[3] or "", EPOCHS[unit])
    return _serial(Decimal(f"{found[1]}{found[2]}.{found[3] or 0}"), len(found[3] or ""), unit) if unit else None


def _since_1970(sign: str, whole: str, fraction: str, digits: int) -> Read:
    """Exact to the microsecond; what is beyond is cut towards the past."""
    number = int(f"{sign}{whole}{fraction}")
    shift = 6 - digits - len(fraction)
    micros, rest = (number * 10**shift, 0) if shift >= 0 else divmod(number, 10**-shift)
    return Read(EPOCH + timedelta(microseconds=micros), UTC, (CUT,) if rest else ())


def _serial(days: Decimal, decimals: int, unit: str) -> Read | None:
    """A day with its time, in no zone: a day's fraction is rounded to what its digits can tell apart.

    10:00 is 0.4166666667 of a day, and 0.41667 where fewer digits are shown: both must come back as 10:00.
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
