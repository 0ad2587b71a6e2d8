"""What is wrong with each row of a file by itself, and how it is staged."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ops.accounts.usernames import MAX_LENGTH as LONGEST_USERNAME
from ops.files.formulas import has_guard
from ops.files.problems import Problem, Report
from ops.files.sources import SourceRow
from ops.files.timestamps import LONGEST as LONGEST_TIMESTAMP
from ops.files.timestamps import Moment, moments_in
from ops.imports.columns import COLUMNS

LONGEST_EXTERNAL_ID = 255
LONGEST = {
    "external_id": LONGEST_EXTERNAL_ID,
    "parent_external_id": LONGEST_EXTERNAL_ID,
    "sender": LONGEST_USERNAME,
    "receiver": LONGEST_USERNAME,
}
NEEDED = {
    "sender": "the sender is empty: give a username.",
    "receiver": "the receiver is empty: give a username.",
    "content": "the text is empty: give it one, or remove the row.",
}
FLAGS = {"": False, "false": False, "no": False, "0": False, "true": True, "yes": True, "1": True}

# What is compared of two messages with one id.
COMPARED = ("sender", "receiver", "timestamp", "content", "parent_external_id")

# The number, then the values in the order of COLUMNS: the time in UTC, edited and read as they are stored. The text is
# None where the row is faulty.
StagedRow = tuple[int, str | None, str | None, str | None, str | None, str | None, bool, bool, str | None]

# A text of nothing but these is empty. Other scripts' blanks, the ideographic one for instance, are somebody's text.
BLANKS = " \t\r\n"

CANNOT_BE_STORED = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class RowContext:
    """What the values of a row mean in this file.

    ``now`` decides what lies in the future, ``time_zone`` (IANA) what is meant by times that name no zone. ``guarded``:
    values may have the guard of our CSV exports, which does not count as one of their characters. ``ours``: we wrote
    the file, of rows that were excluded before, and people have corrected it since.
    """

    now: datetime
    time_zone: str = "UTC"
    guarded: bool = False
    ours: bool = False


def checked_rows(rows: Iterable[SourceRow], context: RowContext, report: Report) -> Iterator[StagedRow]:
    """Each row ready for staging; reports what is wrong with it by itself."""
    guarded = context.guarded
    latest = str(context.now.astimezone(UTC).replace(tzinfo=None))
    read_moment = moments_in(context.time_zone)
    for number, values, problem in rows:
        if problem is not None:
            # Its id is kept, so that replies to it are not reported as well.
            report(problem)
            yield number, _storable_id(values[0], guarded=guarded), None, None, None, None, False, False, None
            continue
        external_id, parent_external_id, sender, receiver, timestamp, edited, read, content = values
        moment = read_moment(timestamp[:LONGEST_TIMESTAMP])
        was_edited, was_read = _flag(edited), _flag(read)
        text = "".join(values)
        storable = (text.isascii() and "\x00" not in text) or not CANNOT_BE_STORED.search(text)
        sound = storable and sender and receiver and content.strip(BLANKS)
        long = len(text) > LONGEST_USERNAME and _long(values, guarded=guarded)
        if not sound or long or moment.utc is None or was_edited is None or was_read is None:
            yield _faulty(number, values, report, read_moment, guarded=guarded)
            continue
        if moment.note:
            report(Problem(number, "timestamp", "notice", moment.note, "time_zone"))
        if moment.utc > latest:
            report(Problem(number, "timestamp", "warning", "the time lies in the future: is it right?"))
        yield (
            number,
            external_id or None,
            parent_external_id or None,
            sender,
            receiver,
            moment.utc,
            was_edited,
            was_read,
            content,
        )


def too_long(column: str, value: str, *, guarded: bool) -> str:
    """Why a value is too long for its column, with the remedy; "" where it is not."""
    most = LONGEST.get(column)
    if most is None or len(value) - (guarded and has_guard(value)) <= most:
        return ""
    return f"the {column} has {len(value):,} characters: shorten it to {most}."


def _long(values: Sequence[str], *, guarded: bool) -> bool:
    """Whether a name or an id is too long; fast where none is, as is usual."""
    external_id, parent_external_id, sender, receiver = values[:4]
    return (
        len(external_id) > LONGEST_EXTERNAL_ID
        or len(parent_external_id) > LONGEST_EXTERNAL_ID
        or len(sender) > LONGEST_USERNAME
        or len(receiver) > LONGEST_USERNAME
    ) and any(too_long(column, value, guarded=guarded) for column, value in zip(COLUMNS, values, strict=True))


def _flag(value: str) -> bool | None:
    """What ``edited`` or ``read`` says; None where it is neither true nor false."""
    known = FLAGS.get(value)
    return known if known is not None else FLAGS.get(value.strip().lower())


def _faulty(
    number: int, values: Sequence[str], report: Report, read_moment: Callable[[str], Moment], *, guarded: bool
) -> StagedRow:
    """Report every fault of a row; what is sound of it is staged, so that checks of all rows together can continue."""
    sound: dict[str, str] = {}
    for column, value in zip(COLUMNS, values, strict=True):
        fault = _fault(column, value, guarded=guarded)
        cure = ""
        if column == "timestamp" and not fault:
            moment = read_moment(value[:LONGEST_TIMESTAMP])
            fault, cure = moment.problem, moment.cure
        if fault:
            report(Problem(number, column, "error", fault, cure))
        elif value:
            sound[column] = value
    external_id, parent_external_id, sender, receiver = (sound.get(column) for column in COLUMNS[:4])
    return number, external_id, parent_external_id, sender, receiver, None, False, False, None


def _fault(column: str, value: str, *, guarded: bool) -> str:
    """What is wrong with one value, with its remedy; "" where nothing is."""
    found = CANNOT_BE_STORED.search(value)
    if found:
        return f"{column} holds a character that cannot be stored (U+{ord(found[0]):04X}): remove it."
    if long := too_long(column, value, guarded=guarded):
        return long
    if column in ("edited", "read") and _flag(value) is None:
        return f"{column} is neither true nor false: write true or false, or leave it empty."
    empty = not (value.strip(BLANKS) if column == "content" else value)
    return NEEDED.get(column, "") if empty else ""


def _storable_id(external_id: str, *, guarded: bool) -> str | None:
    return None if _fault("external_id", external_id, guarded=guarded) else external_id or None


def differing(differs: Sequence[object]) -> str:
    """The columns of COMPARED that differ, as a sentence names them."""
    return ", ".join(column for column, differing in zip(COMPARED, differs, strict=True) if differing)
