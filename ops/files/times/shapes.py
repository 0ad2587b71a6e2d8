"""Dates and times in formats other than ISO 8601, read with one choice for a whole column.

Why patterns of our own: dateparser and python-dateutil were tried first. Both decide for each text by itself: with
"day first" they silently read 04/15/2026 as 15 April (dateparser issues 539 and 804, dateutil issue 1334), and take
missing parts from today's date. A column that mixes orders would be imported half wrong. A text takes them 27 µs
(dateutil 4.0) and 2,200 µs (dateparser 1.5), more than an hour for 2M rows. A file needs the opposite: few shapes,
each with one meaning, and a refusal of any other. Texts are normalised once (blanks, brackets, accents), then one
regular expression for each order of the parts reads them, in half the time of dateutil.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from functools import lru_cache

from ops.files.times.read import NO_TIME_OF_DAY, Read, combined
from ops.files.times.words import MONTHS, WEEKDAYS, plain
from ops.files.times.zones import written_zone

DAY_FIRST = "day-first"  # such as 03.08.21 and 3/8/2021
MONTH_FIRST = "month-first"  # only dates without dots, because those with dots have the day first
AS_WRITTEN = "as-written"  # only dates with one meaning: with the year first, or the name of the month
ORDERS = (DAY_FIRST, MONTH_FIRST, AS_WRITTEN)
LONGEST = 100  # characters
PIVOT = 69  # a year of two digits is one of 1969 to 2068, as POSIX has it

WEEKDAY = r"(?:(?P<weekday>[a-z]+)\.?(?:, ?| ))?"
DATE = (
    r"(?:(?P<y1>\d{4})(?P<s1>[-/.])(?P<m1>\d{1,2})(?P=s1)(?P<d1>\d{1,2})"  # 2021/08/21
    r"|(?P<a>\d{1,2})(?P<s2>[-/.]) ?(?P<b>\d{1,2})(?P=s2) ?(?P<y2>\d{4}|\d\d)"  # 21.08.2021, 8/21/21
    r"|(?P<d3>\d{1,2})(?:st|nd|rd|th|er|\.)?[ -](?:de )?(?P<n3>[a-z]+)\.?,?[ -](?:de |del )?(?P<y3>\d{4}|\d\d)"
    r"|(?P<n4>[a-z]+)\.? (?P<d4>\d{1,2})(?:st|nd|rd|th)?,? (?P<y4>\d{4})"  # August 21st, 2021
    r"|(?P<y5>\d{4})[ -](?P<n5>[a-z]+)\.?[ -](?P<d5>\d{1,2})"  # 2021-Aug-21
    r"|(?P<y6>\d{4})(?P<m6>\d\d)(?P<d6>\d\d))"  # 20210821
)
CLOCK = (
    r"(?:(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?:[.,:](?P<fraction>\d{1,30}))?)?)?"
    r"(?: ?(?P<half>[ap])\.? ?m\b\.?)?(?: uhr| h)?)"
)
COMPACT = r"(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)"
ZONE = r"(?: ?(?P<zone>[a-z][a-z/_]*(?: ?[+-]\d{1,2}(?::?\d\d)?)?|[+-]\d{1,2}(?::?\d\d)?))?"
BETWEEN = r"(?:,? (?:at |um |a las |a la |a |- )?|t|,)"
SHAPES = [
    re.compile(pattern, re.ASCII)
    for pattern in (
        f"{WEEKDAY}{DATE}(?:{BETWEEN}{CLOCK}{ZONE})?",
        f"{CLOCK},? {WEEKDAY}{DATE}{ZONE}",
        # What C, Unix and some services write: Sat Aug 21 23:06:00 +0000 2021
        f"{WEEKDAY}(?P<n4>[a-z]+) (?P<d4>\\d{{1,2}}) {CLOCK}{ZONE} (?P<y4>\\d{{4}})",
        rf"(?P<y6>\d{{4}})(?P<m6>\d\d)(?P<d6>\d\d){COMPACT}",
    )
]
# Invisible direction marks, which some programs put before a time.
UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
BRACKETS = re.compile(r"[\[\]()]")
COMMENT = re.compile(r"([+-]\d\d:?\d\d) \([^()]*\)$")  # +0200 (Central European Summer Time)
MINUS = {ord("−"): "-"}


def read_written(text: str, order: str) -> Read | None:
    """Return the time of a text in one of ORDERS; None if it has another shape or order.

    Raises ValueError if there is no such date or time, OverflowError.
    """
    if len(text) > LONGEST:
        return None
    found = _shape_of(text)
    return _read(found, order) if found else None


@lru_cache(maxsize=64)
def _shape_of(text: str) -> re.Match[str] | None:
    """Return the parts of a text; cached, because it is read in one order after the other."""
    made_plain = _plain(text)
    return next((found for shape in SHAPES if (found := shape.fullmatch(made_plain))), None)


def _plain(text: str) -> str:
    """Return the text in lower case, with single blanks and without brackets, accents and invisible marks."""
    if not text.isascii():
        text = plain(unicodedata.normalize("NFKC", UNSEEN.sub("", text)).translate(MINUS))
    text = BRACKETS.sub(" ", COMMENT.sub(r"\1", text.casefold().strip()))
    return " ".join(text.split()).replace(" ,", ",").rstrip(",")


def _read(found: re.Match[str], order: str) -> Read | None:
    parts = found.groupdict()
    date = _date(parts, order)
    if date is None:
        return None
    named = parts.get("zone")
    zone = written_zone(named) if named else None
    if named and zone is None:
        return None
    day = datetime(*date)
    weekday = parts.get("weekday")
    if weekday and WEEKDAYS.get(weekday) != day.weekday():
        if weekday not in WEEKDAYS:
            return None
        raise ValueError("another day of the week")
    if parts["hour"] is None:
        return Read(day, zone, (NO_TIME_OF_DAY,))
    half = parts.get("half")
    if parts["minute"] is None and not half:
        return None
    hour = _of_half(int(parts["hour"]), half) if half else int(parts["hour"])
    second = int(parts["second"] or 0)
    return combined(day, hour, int(parts["minute"] or 0), second, parts.get("fraction") or "", zone)


def _date(parts: dict[str, str | None], order: str) -> tuple[int, int, int] | None:
    """Return year, month and day; None if the order does not determine them."""
    for digit in "16":
        if year := parts.get(f"y{digit}"):
            return int(year), int(parts[f"m{digit}"] or 0), int(parts[f"d{digit}"] or 0)
    for digit in "345":
        if year := parts.get(f"y{digit}"):
            month = MONTHS.get(parts[f"n{digit}"] or "")
            return (_year(year), month, int(parts[f"d{digit}"] or 0)) if month else None
    first, second, short = int(parts["a"] or 0), int(parts["b"] or 0), _year(parts["y2"] or "")
    if order == DAY_FIRST:
        return short, second, first
    return (short, first, second) if order == MONTH_FIRST and parts["s2"] != "." else None


def _year(digits: str) -> int:
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < PIVOT else 1900)


def _of_half(hour: int, half: str) -> int:
    """Return the hour of a 24-hour clock for one of a 12-hour clock. Raises ValueError if there is none."""
    if not 1 <= hour <= 12:
        raise ValueError("no hour of a half day")
    return hour % 12 + (12 if half == "p" else 0)
