"""Timestamps in files: ISO 8601, and nothing that would have to be guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

SHAPE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII)
# What most systems write: the text is the moment already. Newer Pythons read 24:00:00 as the next day, so not that.
PLAIN_UTC = re.compile(r"(\d{4}-\d\d-\d\d)[T ]((?!24)\d\d:\d\d:\d\d)(?:Z|[+]00:00)", re.ASCII)
DATE_ONLY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?", re.ASCII)
DAY_AND_MONTH = re.compile(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}\b.*", re.ASCII | re.DOTALL)
LONGEST = 64  # characters that matter
REMEDY = "write it like 2026-01-05T10:00:00+00:00."


class Moment(NamedTuple):
    """A timestamp: ``utc`` as the database writes it, '2026-01-05 10:00:00', with microseconds if any.

    Where it is not valid ``utc`` is None, and ``problem`` says why, with the remedy. ``note`` is what was assumed.
    ``cure`` names the option of Reading that would change the result.
    """

    utc: str | None
    note: str = ""
    problem: str = ""
    cure: str = ""


@cache
def moments_in(time_zone: str) -> Callable[[str], Moment]:
    """A function that reads timestamps; those without a zone are taken as local times of ``time_zone`` (IANA)."""
    zone = ZoneInfo(time_zone)

    @lru_cache(maxsize=4096)
    def read(text: str) -> Moment:
        plain = PLAIN_UTC.fullmatch(text)
        if plain is None:
            return _read(text, zone)
        try:
            datetime.fromisoformat(text)
        except ValueError:
            return _no_such(text)
        return Moment(f"{plain[1]} {plain[2]}")

    return read


def _read(text: str, zone: ZoneInfo) -> Moment:
    """The moment of ``text``; digits after the microsecond are dropped."""
    if SHAPE.fullmatch(text) is None:
        return Moment(None, problem=f"{_why_not(text)}: {REMEDY}")
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return _local(moment, text, zone)
        return Moment(_utc(moment))
    except (ValueError, OverflowError):
        return _no_such(text)


def _local(moment: datetime, text: str, zone: ZoneInfo) -> Moment:
    """The moment of a time without a zone, which must exist once: clocks are put forward and back."""
    first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return Moment(_utc(first), note=f"the time has no zone; taken as {zone.key}.", cure="time_zone")
    exists = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == moment
    why = (
        f"{text} came twice in {zone.key}, where the clocks were put back"
        if exists
        else f"there was no {text} in {zone.key}, where the clocks were put forward"
    )
    return Moment(None, problem=f"{why}: write it with its offset, like {text}{_offset(first)}.", cure="time_zone")


def _offset(moment: datetime) -> str:
    """The offset of a time in its zone, as people write it: +02:00."""
    return moment.isoformat()[-6:]


def _utc(moment: datetime) -> str:
    return str(moment.astimezone(UTC).replace(tzinfo=None))


def _no_such(text: str) -> Moment:
    return Moment(None, problem=f"there is no such date and time as {text}: {REMEDY}")


def _why_not(text: str) -> str:
    """Why a text that does not look like a timestamp is none. It is not quoted, because it may be anything."""
    if not text.strip():
        return "the timestamp is empty"
    if NUMBER.fullmatch(text):
        return "a bare number does not say what it counts"
    if DATE_ONLY.fullmatch(text):
        return _why_not_date(text)
    if DAY_AND_MONTH.fullmatch(text):
        return "it is ambiguous which number is the day and which is the month"
    return "this is not a date and time"


def _why_not_date(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return f"there is no such date as {text}"
    return "the time of day is missing"
