"""Timestamps in files: ISO 8601, or what one choice for the whole column says; nothing is guessed for one text."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple

from ops.files.problems import label
from ops.files.times import numbers, shapes
from ops.files.times.iso import read_iso
from ops.files.times.read import Read
from ops.files.times.zones import chosen_zone, name_of

SHAPE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,6})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII)
# What most systems write: the text is the moment already. Newer Pythons read 24:00:00 as the next day, so not that.
PLAIN_UTC = re.compile(r"(\d{4}-\d\d-\d\d)[T ]((?!24)\d\d:\d\d:\d\d)(?:Z|[+]00:00)", re.ASCII)
DATE_ONLY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
LONGEST = shapes.LONGEST  # characters that matter; what has more is no time
# Moments nearer to the ends of the calendar than this do not exist in every time zone.
EARLIEST, LATEST = "0001-01-03 00:00:00", "9999-12-29 23:59:59.999999"
REMEDY = "write it like 2026-01-05T10:00:00+00:00."
CHOOSE = f"choose how the times of the file are written, or {REMEDY}"
TOO_FAR = f"times before {EARLIEST[:10]} and after {LATEST[:10]} do not exist in every time zone: correct it."

# How the times of a column may be written, as Reading.dates.
DATES = {
    "": "ISO 8601 only (2026-01-05T10:00:00Z)",
    shapes.DAY_FIRST: "day first (31.12.2026, 31/12/26, 31 Dec 2026)",
    shapes.MONTH_FIRST: "month first (12/31/2026, Dec 31, 2026)",
    shapes.AS_WRITTEN: "year first or month as a word (2026/12/31, 31 Dec 2026)",
    "seconds": "seconds since 1970 (Unix time)",
    "milliseconds": "milliseconds since 1970",
    "microseconds": "microseconds since 1970",
    "nanoseconds": "nanoseconds since 1970",
    "excel": "days as Excel counts them (from 1900)",
    "excel-1904": "days as Excel for Mac counted them (from 1904)",
    numbers.BY_SIZE: "numbers, each by its size: seconds, milliseconds, … or days",
}
# Which one is meant of the times that exist twice, because clocks were put back: Reading.repeated_times.
REPEATED = {"first": "the first (usually summer time)", "second": "the second (usually standard time)"}


class Moment(NamedTuple):
    """A timestamp: ``utc`` as the database writes it, '2026-01-05 10:00:00', with microseconds if any.

    Where it is not valid ``utc`` is None, and ``problem`` says why, with the remedy. ``note`` is what was assumed, a
    warning where ``doubtful``. ``cure`` names the option of Reading that would change the result.
    """

    utc: str | None
    note: str = ""
    problem: str = ""
    cure: str = ""
    doubtful: bool = False


@lru_cache(maxsize=16)
def moments_in(time_zone: str, dates: str = "", repeated_times: str = "first") -> Callable[[str], Moment]:
    """A function that reads timestamps, never raises, and takes those without a zone as local times of ``time_zone``.

    ISO 8601 is always read; other texts only as ``dates`` (one of DATES) says. ``repeated_times`` is one of REPEATED.
    """
    zone = chosen_zone(time_zone) or UTC
    second = repeated_times == "second"

    @lru_cache(maxsize=4096)
    def read(text: str) -> Moment:
        plain = PLAIN_UTC.fullmatch(text)
        if plain is None:
            return _read(text, zone, dates, second=second)
        try:
            datetime.fromisoformat(text)
        except ValueError:
            return _read(text, zone, dates, second=second)
        return _in_range(Moment(f"{plain[1]} {plain[2]}"))

    return read


def _read(text: str, zone: tzinfo, dates: str, *, second: bool) -> Moment:
    try:
        # Python reads most of ISO 8601 fast, but differs by version about midnight.
        if SHAPE.fullmatch(text) is not None and text[11:13] != "24" and text[17:19] != "60":
            moment = datetime.fromisoformat(text)
            found: Moment | None = Moment(_utc(moment)) if moment.tzinfo else _moment(Read(moment), zone, second=second)
        else:
            understood = _understood(text, dates)
            found = _moment(understood, zone, second=second) if understood else None
        return _in_range(found) if found else _why_not(text, dates)
    except OverflowError:
        return Moment(None, problem=TOO_FAR)
    except ValueError:
        if dates in shapes.ORDERS and any(written(text, order) for order in shapes.ORDERS):
            return _why_not(text, dates)
        return Moment(None, problem=f"there is no such date and time as {label(text)}: {REMEDY}")


def _understood(text: str, dates: str) -> Read | None:
    """The time as it was read; None where it is not written as is expected. Raises ValueError, OverflowError."""
    found = read_iso(text)
    if found is None and dates:
        return numbers.read_number(text, dates) if dates in numbers.UNITS else shapes.read_written(text, dates)
    return found


def _moment(found: Read, zone: tzinfo, *, second: bool) -> Moment:
    """The moment of a time; one without a zone is a local time of ``zone``, where it may not exist, or exist twice."""
    naive, named, notes = found
    zone, cure, clocks = named or zone, "", None
    moment = naive.replace(tzinfo=zone)
    if not isinstance(zone, timezone) and moment.utcoffset() != moment.replace(fold=1).utcoffset():
        clocks = _clocks(naive, zone, second=second)
        moment, notes, cure = moment.replace(fold=clocks.fold), (*notes, clocks.said), clocks.cure
    elif named is None:
        notes, cure = (*notes, f"the time has no zone; taken as {name_of(zone)}."), "time_zone"
    return Moment(_utc(moment), " ".join(notes), "", cure, clocks is not None)


class Clocks(NamedTuple):
    """What clocks that are put forward or back make of a time: what is said of it, and which is taken."""

    said: str
    fold: int
    cure: str


def _clocks(moment: datetime, zone: tzinfo, *, second: bool) -> Clocks:
    first, later = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    taken = first.astimezone(UTC).astimezone(zone)
    where = f"the clocks of {name_of(zone)} were put"
    if taken.replace(tzinfo=None) != moment:
        said = f"this time does not exist, taken as {taken:%Y-%m-%d %H:%M:%S}: {where} forward."
        return Clocks(said, 0, "time_zone")
    taken, place = (later, "second") if second else (first, "first")
    season = "summer time" if taken.dst() else "standard time"
    return Clocks(f"this time exists twice, taken as the {place} ({season}): {where} back.", second, "repeated_times")


def _utc(moment: datetime) -> str:
    return str(moment.astimezone(UTC).replace(tzinfo=None))


def _in_range(moment: Moment) -> Moment:
    utc = moment.utc or ""
    return moment if EARLIEST <= utc <= LATEST else Moment(None, problem=TOO_FAR)


def _why_not(text: str, dates: str) -> Moment:
    """Why a text is no timestamp, and which choice would read it. It is not quoted, because it may be anything."""
    if not text.strip():
        return Moment(None, problem=f"the timestamp is empty: {REMEDY}")
    if numbers.NUMBER.fullmatch(text) and dates not in shapes.ORDERS:
        return _why_not_number(text, dates)
    if DATE_ONLY.fullmatch(text):
        return _why_not_date(text)
    by_day, by_month = written(text, shapes.DAY_FIRST), written(text, shapes.MONTH_FIRST)
    if not by_day and not by_month:
        return Moment(None, problem=f"this is not a date and time: {REMEDY}")
    if dates == shapes.DAY_FIRST or dates == shapes.MONTH_FIRST:
        order = "day" if dates == shapes.DAY_FIRST else "month"
        why = f"it is not written with the {order} first, as was chosen for this file: correct it, or {REMEDY}"
        return Moment(None, problem=why, cure="dates")
    if by_day and by_month and by_day != by_month:
        why = f"it is ambiguous which number is the day and which is the month: choose which comes first, or {REMEDY}"
    else:
        why = f"it is not written as ISO 8601: {CHOOSE}"
    return Moment(None, problem=why, cure="dates")


@lru_cache(maxsize=64)
def written(text: str, order: str) -> datetime | None:
    """The time that a text would be in an order (one of shapes.ORDERS), as it is written; None where it is none."""
    try:
        found = shapes.read_written(text, order)
    except (ValueError, OverflowError):
        return None
    return found.moment if found else None


def _why_not_number(text: str, dates: str) -> Moment:
    if dates in numbers.UNITS:
        return Moment(None, problem=f"this number does not say what it counts: {REMEDY}", cure="dates")
    known = numbers.unit_of(text)
    remedy = CHOOSE if known else REMEDY
    cure = "dates" if known else ""
    return Moment(None, problem=f"a bare number does not say what it counts: {remedy}", cure=cure)


def _why_not_date(text: str) -> Moment:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return Moment(None, problem=f"there is no such date as {text}: {REMEDY}")
    return Moment(None, problem=f"the time of day is missing: {CHOOSE}", cure="dates")
