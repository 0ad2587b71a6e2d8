"""Timestamps in imported files: ISO 8601 and nothing that has to be guessed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

SHAPE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII)
# What most systems write; its text is the moment already (but for 24:00:00, which newer Pythons take for the next day).
PLAIN_UTC = re.compile(r"(\d{4}-\d\d-\d\d)[T ]((?!24)\d\d:\d\d:\d\d)(?:Z|[+]00:00)", re.ASCII)
DATE_ONLY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?", re.ASCII)
DAY_AND_MONTH = re.compile(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}\b.*", re.ASCII | re.DOTALL)
REMEDY = "write it like 2026-01-05T10:00:00+00:00."


class Moment(NamedTuple):
    """A timestamp as read: ``utc`` as the database writes it, '2026-01-05 10:00:00', with microseconds if any.

    ``problem`` is why it is none, with its remedy; then ``utc`` is None.
    """

    utc: str | None
    has_zone: bool = True
    problem: str = ""


@lru_cache(maxsize=4096)
def read_moment(text: str) -> Moment:
    """What ``text`` says; a time without a zone is taken as UTC. Digits after the microsecond are dropped."""
    plain = PLAIN_UTC.fullmatch(text)
    shape = plain or SHAPE.fullmatch(text)
    if shape is None:
        return Moment(None, problem=f"{_why_not(text)}: {REMEDY}")
    try:
        moment = datetime.fromisoformat(text)
        if plain:
            return Moment(f"{plain[1]} {plain[2]}")
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return Moment(None, problem=f"there is no such date and time as {text}: {REMEDY}")
    return Moment(str(moment.replace(tzinfo=None)), has_zone=shape["zone"] is not None)


def _why_not(text: str) -> str:
    """For what does not look like a timestamp at all. The text itself is named by its kind: it may be anything."""
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
