"""Rows of a message file, whatever format they came from, and what can be said of each one by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from ops.transfers.problems import Problem, Report
from ops.transfers.timestamps import read_moment

COLUMNS = ("external_id", "parent_external_id", "sender", "receiver", "timestamp", "content")
LONGEST_EXTERNAL_ID = 255
NEEDED = {
    "sender": "the sender is empty: give a username.",
    "receiver": "the receiver is empty: give a username.",
    "content": "the text is empty: give it one, or remove the row.",
}

# A row as a file reader hands it over: its number, its values in the order of COLUMNS, and what the reader found wrong
# with it (then only the external id counts, so that answers to it are not blamed as well).
SourceRow = tuple[int, Sequence[str], Problem | None]
# The number, then what staging.py keeps. The text is None where the row is faulty.
StagedRow = tuple[int, str | None, str | None, str | None, str | None, str | None, str | None]

# A text of nothing but these is empty. Other scripts' blanks, the ideographic one for instance, are somebody's text.
BLANKS = " \t\r\n"

CANNOT_BE_STORED = re.compile("[\x00\ud800-\udfff]")


def checked_rows(rows: Iterable[SourceRow], *, now: datetime, report: Report) -> Iterator[StagedRow]:
    """Each row ready for staging; reports what is wrong with it by itself. ``now`` decides what lies in the future."""
    latest = str(now.astimezone(UTC).replace(tzinfo=None))
    for number, values, problem in rows:
        if problem is not None:
            report(problem)
            yield number, _storable_id(values[0]), None, None, None, None, None
            continue
        external_id, parent_external_id, sender, receiver, timestamp, content = values
        moment = read_moment(timestamp)
        text = "".join(values)
        storable = (text.isascii() and "\x00" not in text) or not CANNOT_BE_STORED.search(text)
        sound = storable and sender and receiver and content.strip(BLANKS)
        if not sound or moment.utc is None or len(external_id) > LONGEST_EXTERNAL_ID:
            yield _faulty(number, values, report)
            continue
        if not moment.has_zone:
            report(Problem(number, "timestamp", "notice", "the time has no zone; taken as UTC."))
        if moment.utc > latest:
            report(Problem(number, "timestamp", "warning", "the time lies in the future: is it right?"))
        yield number, external_id or None, parent_external_id or None, sender, receiver, moment.utc, content


def _faulty(number: int, values: Sequence[str], report: Report) -> StagedRow:
    """Report every fault of a row; stage what is sound of it, so that the checks of all rows together go on."""
    sound: dict[str, str] = {}
    for column, value in zip(COLUMNS, values, strict=True):
        fault = _fault(column, value)
        if fault:
            report(Problem(number, column, "error", fault))
        elif value:
            sound[column] = value
    external_id, parent_external_id, sender, receiver, _, _ = (sound.get(column) for column in COLUMNS)
    return number, external_id, parent_external_id, sender, receiver, None, None


def _fault(column: str, value: str) -> str:
    """What is wrong with one value, with its remedy; empty where nothing is."""
    found = CANNOT_BE_STORED.search(value)
    if found:
        return f"{column} holds a character that cannot be stored (U+{ord(found[0]):04X}): remove it."
    if column == "timestamp":
        return read_moment(value).problem
    if column == "external_id" and len(value) > LONGEST_EXTERNAL_ID:
        return f"the external_id has {len(value):,} characters: shorten it to {LONGEST_EXTERNAL_ID}."
    empty = not (value.strip(BLANKS) if column == "content" else value)
    return NEEDED.get(column, "") if empty else ""


def _storable_id(external_id: str) -> str | None:
    return None if _fault("external_id", external_id) else external_id or None
