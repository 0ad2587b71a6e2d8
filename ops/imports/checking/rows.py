"""Checking each row of a file by itself, and preparing it for staging."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from messaging.languages.wording import grouped, numbered
from messaging.limits import LONGEST_TEXT
from ops.accounts.usernames import MAX_LENGTH as LONGEST_USERNAME
from ops.files.formulas import has_guard
from ops.files.problems import Problem, Report
from ops.files.sources import SourceRow
from ops.files.timestamps import LONGEST as LONGEST_TIMESTAMP
from ops.files.timestamps import Moment
from ops.imports.checking.values.context import RowContext, Unusual
from ops.imports.checking.values.ids import ID_COLUMNS, KEPT_DIGITS, rounded
from ops.imports.checking.values.words import flag
from ops.imports.columns import COLUMNS

LONGEST_EXTERNAL_ID = 255
LONGEST = {
    "external_id": LONGEST_EXTERNAL_ID,
    "parent_external_id": LONGEST_EXTERNAL_ID,
    "sender": LONGEST_USERNAME,
    "receiver": LONGEST_USERNAME,
}
NEEDED = {
    "sender": gettext_lazy("the sender is empty: give a username."),
    "receiver": gettext_lazy("the receiver is empty: give a username."),
    "content": gettext_lazy("the text is empty: give it one, or remove the row."),
}
FLAG_COLUMNS = ("edited", "read", "hidden", "redacted")
NEVER_EMPTY = {*NEEDED, "timestamp"}
OTHER_FLAGS = gettext_lazy("Values that are neither true nor false")
SENDER, RECEIVER, CONTENT = map(COLUMNS.index, ("sender", "receiver", "content"))
KEPT = 1_024  # cached sentences

# The columns that are compared between two messages with the same id.
COMPARED = ("sender", "receiver", "timestamp", "content", "parent_external_id")

# The row's number, then its values: times in UTC, the flags as they are stored, edited_at before the text. The text of
# a faulty row is None.
StagedRow = tuple[
    int, str | None, str | None, str | None, str | None, str | None, bool, bool, bool, bool, str | None, str | None
]
# The values of a faulty row after its sender and receiver.
NOTHING_MORE = (None, False, False, False, False, None, None)

# A text of only these counts as empty. Blanks of other scripts, such as the ideographic one, count as text.
BLANKS = " \t\r\n"

CANNOT_BE_STORED = re.compile("[\x00\ud800-\udfff]")
NOT_BLANK = re.compile(f"[^{BLANKS}]")
JOINED = 1 << 16  # characters; shorter texts are copied to check all values of a row as one text


def checked_rows(
    rows: Iterable[SourceRow], context: RowContext, report: Report, unusual: Unusual | None = None
) -> Iterator[StagedRow]:
    """Yield each row ready for staging; report its own faults, and let ``unusual`` collect its unusual values."""
    seen = unusual or Unusual(context)
    ids, read_moment = seen.ids, context.moments
    read_flag, other_flag = context.read_flags, context.edited_flags
    for number, values, problem in rows:
        if problem is not None:
            # Its id is kept, so that replies to it are not reported as well.
            report(problem)
            external_id = "" if ids.left_out else ids.read(number, "external_id", values[0])
            yield number, _storable_id(external_id, context), None, None, None, *NOTHING_MORE
            continue
        shortened = False
        if ids.left_out or _is_unusual(values[0], ids.words) or _is_unusual(values[1], ids.words):
            as_read = [ids.read(number, *one) for one in zip(ID_COLUMNS, values[:2], strict=True)]
            values, shortened = (*as_read, *values[2:]), any(map(rounded, as_read))
        external_id, parent_external_id, sender, receiver, timestamp, edited, read, content, edited_at = values[:9]
        moment = read_moment(timestamp[: LONGEST_TIMESTAMP + 1])
        flags = (
            flag(edited, other_flag),
            flag(read, read_flag),
            flag(values[9], other_flag),
            flag(values[10], other_flag),
        )
        times = moment.utc is not None and (not edited_at or not _edit_fault(values, context))
        if shortened or not times or None in flags or not _are_texts_sound(values, guarded=context.guarded):
            yield _faulty(number, values, report, context, seen)
            continue
        if moment.note or moment.utc > context.latest:  # type: ignore[operator]
            _note_moment(number, timestamp, moment, report, context, seen)
        if context.self_parents_begin and parent_external_id == external_id:
            parent_external_id = ""
        yield (
            number,
            external_id or None,
            parent_external_id or None,
            sender,
            receiver,
            moment.utc,
            bool(flags[0] or edited_at),
            bool(flags[1]),
            bool(flags[2]),
            bool(flags[3]),
            read_moment(edited_at[: LONGEST_TIMESTAMP + 1]).utc if edited_at else None,
            content,
        )


def _is_unusual(value: str, words: Collection[str]) -> bool:
    """Return whether an id may be a word for none or changed by a spreadsheet or program: a fast, rough check."""
    return value in words or len(value) > KEPT_DIGITS or value[-2:] == ".0" or "+" in value


def _are_texts_sound(values: Sequence[str], *, guarded: bool) -> bool:
    """Return whether sender, receiver and text are there, all values can be stored, and none is too long."""
    content = values[CONTENT]
    joined = len(content) <= JOINED
    text = "".join(values) if joined else "".join((*values[:CONTENT], *values[CONTENT + 1 :]))
    if not ((text.isascii() and "\x00" not in text) or not CANNOT_BE_STORED.search(text)):
        return False
    if not (values[SENDER] and values[RECEIVER] and (content.strip(BLANKS) if joined else _is_long_text(content))):
        return False
    return (len(text) <= LONGEST_USERNAME and joined) or not _long(values, guarded=guarded)


def _note_moment(
    number: int, timestamp: str, moment: Moment, report: Report, context: RowContext, seen: Unusual
) -> None:
    """Report the notes on a time that can be stored, and a time in the future."""
    if moment.note:
        report(Problem(number, "timestamp", "warning" if moment.doubtful else "notice", moment.note, moment.cure))
        if moment.cure == "repeated_times":
            seen.times.add_twice(number, timestamp)
    if moment.utc > context.latest:  # type: ignore[operator]
        report(Problem(number, "timestamp", "warning", _("the time lies in the future: is it right?")))


def _is_long_text(content: str) -> bool:
    """Return whether a long text can be stored and is not empty, without copying it."""
    storable = (content.isascii() and "\x00" not in content) or not CANNOT_BE_STORED.search(content)
    return storable and NOT_BLANK.search(content) is not None


def too_long(column: str, value: str, *, guarded: bool) -> str:
    """Return why a value is too long for its column, with the remedy; "" if it is not."""
    if column == "content" and len(value) - (guarded and has_guard(value)) > LONGEST_TEXT:
        text = ngettext(
            "the text has %(number)s character: shorten it to %(most)s.",
            "the text has %(number)s characters: shorten it to %(most)s.",
            len(value),
        )
        return numbered(text, len(value), most=grouped(LONGEST_TEXT))
    most = LONGEST.get(column)
    if most is None or len(value) - (guarded and has_guard(value)) <= most:
        return ""
    text = ngettext(
        "the %(column)s has %(number)s character: shorten it to %(most)s.",
        "the %(column)s has %(number)s characters: shorten it to %(most)s.",
        len(value),
    )
    return numbered(text, len(value), column=column, most=most)


def _long(values: Sequence[str], *, guarded: bool) -> bool:
    """Return whether any value is too long; fast if none is, which is usual."""
    external_id, parent_external_id, sender, receiver = values[:4]
    return (
        len(external_id) > LONGEST_EXTERNAL_ID
        or len(parent_external_id) > LONGEST_EXTERNAL_ID
        or len(sender) > LONGEST_USERNAME
        or len(receiver) > LONGEST_USERNAME
        or len(values[CONTENT]) > LONGEST_TEXT
    ) and any(too_long(column, value, guarded=guarded) for column, value in zip(COLUMNS, values, strict=True))


def _faulty(number: int, values: Sequence[str], report: Report, context: RowContext, seen: Unusual) -> StagedRow:
    """Report every fault of a row, and return its sound values for staging, so that checks across rows can continue."""
    sound: dict[str, str] = {}
    for column, value in zip(COLUMNS, values, strict=True):
        if not value and column not in NEVER_EMPTY:
            continue
        fault, cure = _fault(column, value, guarded=context.guarded, language=context.language)
        kind = ""
        if not fault and column == "timestamp":
            moment = context.moments(value[: LONGEST_TIMESTAMP + 1])
            fault, cure = moment.problem, moment.cure
            if fault:
                seen.times.add(number, value[: LONGEST_TIMESTAMP + 1])
        elif not fault and column in FLAG_COLUMNS and flag(value, context.edited_flags) is None:
            (fault, kind), cure = _no_flag(column, context.language), "yes"
            seen.flags.add(number, column, value)
        elif not fault and column == "edited_at" and value:
            fault, cure = _edit_fault(values, context) or ("", "")
        if fault:
            report(Problem(number, column, "error", fault, cure, kind))
        elif value:
            sound[column] = value
    external_id, parent_external_id, sender, receiver = (sound.get(column) for column in COLUMNS[:4])
    return number, external_id, parent_external_id, sender, receiver, *NOTHING_MORE


def _edit_fault(values: Sequence[str], context: RowContext) -> tuple[str, str] | None:
    """Return what is wrong with a row's ``edited_at``, and the option that would cure it; None if nothing is."""
    sent, edited = (context.moments(value[: LONGEST_TIMESTAMP + 1]) for value in (values[4], values[8]))
    if edited.utc is None:
        return edited.problem, edited.cure
    if edited.utc > context.latest:
        return _("the text was edited in the future: correct edited_at, or leave it empty."), ""
    if sent.utc and edited.utc < sent.utc:
        return _("the text was edited before the message was sent: correct edited_at or timestamp."), ""
    return None


def _fault(column: str, value: str, *, guarded: bool, language: str | None) -> tuple[str, str]:
    """Return what is wrong with one value, with its remedy, and the option that would cure it; "" if nothing is."""
    if not value:
        return _if_empty(column, language), ""
    found = CANNOT_BE_STORED.search(value)
    if found:
        return _not_storable(column, found[0], language), ""
    if long := too_long(column, value, guarded=guarded):
        return long, ""
    if column in ID_COLUMNS and (shortened := rounded(value)):
        return shortened, "ids"
    blank = column == "content" and not value.strip(BLANKS)
    return (_if_empty(column, language) if blank else ""), ""


# Cached: a file may have such a fault in every row, and looking up a text takes longer than checking a value.
@lru_cache(KEPT)
def _if_empty(column: str, language: str | None) -> str:
    return str(NEEDED.get(column, ""))


@lru_cache(KEPT)
def _no_flag(column: str, language: str | None) -> tuple[str, str]:
    fault = _("%(column)s is neither true nor false: write true or false, or leave it empty.")
    return fault % {"column": column}, str(OTHER_FLAGS)


@lru_cache(KEPT)
def _not_storable(column: str, character: str, language: str | None) -> str:
    held = _("%(column)s holds a character that cannot be stored (%(character)s): remove it.")
    return held % {"column": column, "character": f"U+{ord(character):04X}"}


def _storable_id(external_id: str, context: RowContext) -> str | None:
    fault, _cure = _fault("external_id", external_id, guarded=context.guarded, language=context.language)
    return None if fault else external_id or None


def differing(differs: Sequence[object]) -> str:
    """Return the columns of COMPARED that differ, joined for a sentence."""
    return ", ".join(column for column, differing in zip(COMPARED, differs, strict=True) if differing)
