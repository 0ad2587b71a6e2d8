"""Timestamps in files: ISO 8601, or one format chosen for the whole column; no text is guessed by itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timezone, tzinfo
from functools import cache, lru_cache
from typing import NamedTuple

from django.utils.translation import get_language, gettext, gettext_lazy, gettext_noop

from ops.files.problems import label
from ops.files.times import numbers, shapes
from ops.files.times.iso import read_iso
from ops.files.times.read import Read
from ops.files.times.zones import chosen_zone, name_of
from ops.files.wording import LookUp

SHAPE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,6})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII)
# What most systems write, and needs no conversion; except 24:00:00, which newer Pythons read as the next day.
PLAIN_UTC = re.compile(r"(\d{4}-\d\d-\d\d)[T ]((?!24)\d\d:\d\d:\d\d)(?:Z|[+]00:00)", re.ASCII)
DATE_ONLY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
LONGEST = shapes.LONGEST  # characters; a longer text is not a time
# Moments nearer to the ends of the calendar than this do not exist in every time zone.
EARLIEST, LATEST = "0001-01-03 00:00:00", "9999-12-29 23:59:59.999999"
EXAMPLE = "2026-01-05T10:00:00+00:00"
# Per-row messages: marked for translation here, looked up through a cache.
TOO_FAR = gettext_noop("times before %(first)s and after %(last)s do not exist in every time zone: correct it.")
NO_SUCH_TIME = gettext_noop("there is no such date and time as %(text)s: write it like %(example)s.")
NO_SUCH_DATE = gettext_noop("there is no such date as %(text)s: write it like %(example)s.")
NO_CLOCK_TIME = gettext_noop(
    "the time of day is missing: choose how the times of the file are written, or write it like %(example)s."
)
EMPTY = gettext_noop("the timestamp is empty: write it like %(example)s.")
NO_TIME = gettext_noop("this is not a date and time: write it like %(example)s.")
AMBIGUOUS = gettext_noop(
    "it is ambiguous which number is the day and which is the month: choose which comes first, or write it like "
    "%(example)s."
)
NOT_ISO = gettext_noop(
    "it is not written as ISO 8601: choose how the times of the file are written, or write it like %(example)s."
)
OTHER_ORDER = {
    shapes.DAY_FIRST: gettext_noop(
        "it is not written with the day first, as was chosen for this file: correct it, or write it like %(example)s."
    ),
    shapes.MONTH_FIRST: gettext_noop(
        "it is not written with the month first, as was chosen for this file: correct it, or write it like %(example)s."
    ),
}
NOT_THIS_NUMBER = gettext_noop("this number does not say what it counts: write it like %(example)s.")
BARE_NUMBER = gettext_noop(
    "a bare number does not say what it counts: choose how the times of the file are written, or write it like "
    "%(example)s."
)
NO_NUMBER = gettext_noop("a bare number does not say what it counts: write it like %(example)s.")
NO_ZONE = gettext_noop("the time has no zone; taken as %(zone)s.")
SKIPPED = gettext_noop("this time does not exist, taken as %(time)s: the clocks of %(zone)s were put forward.")
# By whether the second of two times is taken, and whether the time taken is in summer.
TWICE = {
    (False, True): gettext_noop(
        "this time exists twice, taken as the first (summer time): the clocks of %(zone)s were put back."
    ),
    (False, False): gettext_noop(
        "this time exists twice, taken as the first (standard time): the clocks of %(zone)s were put back."
    ),
    (True, True): gettext_noop(
        "this time exists twice, taken as the second (summer time): the clocks of %(zone)s were put back."
    ),
    (True, False): gettext_noop(
        "this time exists twice, taken as the second (standard time): the clocks of %(zone)s were put back."
    ),
}

# How the times of a column may be written: Reading.dates.
DATES = {
    "": gettext_lazy("ISO 8601 only (2026-01-05T10:00:00Z)"),
    shapes.DAY_FIRST: gettext_lazy("day first (31.12.2026, 31/12/26, 31 Dec 2026)"),
    shapes.MONTH_FIRST: gettext_lazy("month first (12/31/2026, Dec 31, 2026)"),
    shapes.AS_WRITTEN: gettext_lazy("year first or month as a word (2026/12/31, 31 Dec 2026)"),
    "seconds": gettext_lazy("seconds since 1970 (Unix time)"),
    "milliseconds": gettext_lazy("milliseconds since 1970"),
    "microseconds": gettext_lazy("microseconds since 1970"),
    "nanoseconds": gettext_lazy("nanoseconds since 1970"),
    "excel": gettext_lazy("days as Excel counts them (from 1900)"),
    "excel-1904": gettext_lazy("days as Excel for Mac counted them (from 1904)"),
    numbers.BY_SIZE: gettext_lazy("numbers, each by its size: seconds, milliseconds, … or days"),
}
# Which time is meant if it exists twice because clocks were put back: Reading.repeated_times.
REPEATED = {
    "first": gettext_lazy("the first (usually summer time)"),
    "second": gettext_lazy("the second (usually standard time)"),
}


class Moment(NamedTuple):
    """A timestamp: ``utc`` as the database writes it, '2026-01-05 10:00:00', with microseconds if any.

    If the text is not valid, ``utc`` is None and ``problem`` is the reason, with the remedy. ``note`` is what was
    assumed, a warning if ``doubtful``. ``cure`` names the option of Reading that would change the result.
    """

    utc: str | None
    note: str = ""
    problem: str = ""
    cure: str = ""
    doubtful: bool = False


class TimeReading(NamedTuple):
    """How times are read: the ``zone`` if they name none, their format (``dates``), and which of two is meant."""

    zone: tzinfo
    dates: str
    second: bool
    look_up: LookUp

    def refused(self, sentence: str, cure: str = "", **names: str) -> Moment:
        """Return a Moment without a time, with the reason."""
        return Moment(None, problem=self.look_up(sentence) % {"example": EXAMPLE, **names}, cure=cure)

    def too_far(self) -> Moment:
        return self.refused(TOO_FAR, first=EARLIEST[:10], last=LATEST[:10])


def moments_in(time_zone: str, dates: str = "", repeated_times: str = "first") -> Callable[[str], Moment]:
    """Return a function that reads ISO 8601 and what ``dates`` allows, by default in ``time_zone``; it never raises."""
    # Its messages are in the language that is active now.
    return _moments_in(time_zone, dates, repeated_times, get_language())


@lru_cache(maxsize=16)
def _moments_in(time_zone: str, dates: str, repeated_times: str, language: str | None) -> Callable[[str], Moment]:
    reading = TimeReading(chosen_zone(time_zone) or UTC, dates, repeated_times == "second", cache(gettext))

    @lru_cache(maxsize=4096)
    def read(text: str) -> Moment:
        plain = PLAIN_UTC.fullmatch(text)
        if plain is None:
            return _read(text, reading)
        try:
            datetime.fromisoformat(text)
        except ValueError:
            return _read(text, reading)
        utc = f"{plain[1]} {plain[2]}"
        return Moment(utc) if EARLIEST <= utc <= LATEST else reading.too_far()

    return read


def _read(text: str, reading: TimeReading) -> Moment:
    try:
        # Python reads most of ISO 8601 fast, but differs by version about midnight.
        if SHAPE.fullmatch(text) is not None and text[11:13] != "24" and text[17:19] != "60":
            moment = datetime.fromisoformat(text)
            found: Moment | None = Moment(_utc(moment)) if moment.tzinfo else _moment(Read(moment), reading)
        else:
            understood = _understood(text, reading.dates)
            found = _moment(understood, reading) if understood else None
        return _in_range(found, reading) if found else _why_not(text, reading)
    except OverflowError:
        return reading.too_far()
    except ValueError:
        if reading.dates in shapes.ORDERS and any(written(text, order) for order in shapes.ORDERS):
            return _why_not(text, reading)
        return reading.refused(NO_SUCH_TIME, text=label(text))


def _understood(text: str, dates: str) -> Read | None:
    """Return the time as it was read; None if it is in another format. Raises ValueError, OverflowError."""
    found = read_iso(text)
    if found is None and dates:
        return numbers.read_number(text, dates) if dates in numbers.UNITS else shapes.read_written(text, dates)
    return found


def _moment(found: Read, reading: TimeReading) -> Moment:
    """Return the moment of a time. Without a zone it is local time, which may not exist or may exist twice."""
    naive, named, notes = found
    notes = tuple(map(reading.look_up, notes))
    zone, cure, clocks = named or reading.zone, "", None
    moment = naive.replace(tzinfo=zone)
    if not isinstance(zone, timezone) and moment.utcoffset() != moment.replace(fold=1).utcoffset():
        clocks = _clocks(naive, zone, reading)
        moment, notes, cure = moment.replace(fold=clocks.fold), (*notes, clocks.said), clocks.cure
    elif named is None:
        notes, cure = (*notes, reading.look_up(NO_ZONE) % {"zone": name_of(zone)}), "time_zone"
    return Moment(_utc(moment), " ".join(notes), "", cure, clocks is not None)


class Clocks(NamedTuple):
    """How a clock change affects a time: the note about it, and which of the two times is taken."""

    said: str
    fold: int
    cure: str


def _clocks(moment: datetime, zone: tzinfo, reading: TimeReading) -> Clocks:
    first, later = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    taken = first.astimezone(UTC).astimezone(zone)
    if taken.replace(tzinfo=None) != moment:
        said = reading.look_up(SKIPPED) % {"time": f"{taken:%Y-%m-%d %H:%M:%S}", "zone": name_of(zone)}
        return Clocks(said, 0, "time_zone")
    in_summer = bool((later if reading.second else first).dst())
    said = reading.look_up(TWICE[reading.second, in_summer]) % {"zone": name_of(zone)}
    return Clocks(said, reading.second, "repeated_times")


def _utc(moment: datetime) -> str:
    return str(moment.astimezone(UTC).replace(tzinfo=None))


def _in_range(moment: Moment, reading: TimeReading) -> Moment:
    utc = moment.utc or ""
    return moment if EARLIEST <= utc <= LATEST else reading.too_far()


def _why_not(text: str, reading: TimeReading) -> Moment:
    """Return why a text is no timestamp, and which choice would read it. It is not quoted: it may be anything."""
    if not text.strip():
        return reading.refused(EMPTY)
    if numbers.NUMBER.fullmatch(text) and reading.dates not in shapes.ORDERS:
        return _why_not_number(text, reading)
    if DATE_ONLY.fullmatch(text):
        return _why_not_date(text, reading)
    by_day, by_month = written(text, shapes.DAY_FIRST), written(text, shapes.MONTH_FIRST)
    if not by_day and not by_month:
        return reading.refused(NO_TIME)
    if reading.dates in OTHER_ORDER:
        return reading.refused(OTHER_ORDER[reading.dates], "dates")
    several = by_day and by_month and by_day != by_month
    return reading.refused(AMBIGUOUS if several else NOT_ISO, "dates")


@lru_cache(maxsize=64)
def written(text: str, order: str) -> datetime | None:
    """Return the time of a text in an order (one of shapes.ORDERS), without its zone; None if it is none."""
    try:
        found = shapes.read_written(text, order)
    except (ValueError, OverflowError):
        return None
    return found.moment if found else None


def _why_not_number(text: str, reading: TimeReading) -> Moment:
    if reading.dates in numbers.UNITS:
        return reading.refused(NOT_THIS_NUMBER, "dates")
    return reading.refused(BARE_NUMBER, "dates") if numbers.unit_of(text) else reading.refused(NO_NUMBER)


def _why_not_date(text: str, reading: TimeReading) -> Moment:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return reading.refused(NO_SUCH_DATE, text=text)
    return reading.refused(NO_CLOCK_TIME, "dates")
