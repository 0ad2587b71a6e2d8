"""Ids as spreadsheets and programs leave them: shortened to 15 digits, with ".0" at the end, or a word for none.

A spreadsheet keeps 15 digits of a number, so many different long ids end up the same: their rows must never be taken
for repeats of each other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from messaging.languages.wording import numbered
from ops.files.problems import Problem, label
from ops.files.suggestions import MOST_SAMPLES, Sample, Suggestion
from ops.imports.checking.findings import Findings
from ops.imports.checking.values.words import MOST_WORDS, NO_PARENT, NOTHING, in_words
from ops.imports.staging.base import Staging

ROUNDED = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+", re.ASCII)
KEPT_DIGITS = 15
ID_COLUMNS = ("external_id", "parent_external_id")

IS_LONG = "length({column}) > 15 AND ltrim({column}, '0123456789') = ''"
HAS_ZEROS = f"{IS_LONG} AND length(rtrim({{column}}, '0')) <= 15"
SHORTENED = f"SELECT number, {{column}} FROM {{rows}} WHERE {HAS_ZEROS} ORDER BY number"
# Rows with shortened ids are not compared with any others.
FORGET = f"UPDATE {{rows}} SET content = NULL, external_id = NULL, parent_external_id = NULL WHERE {HAS_ZEROS}"

IS_FLOAT = "substr({column}, length({column}) - 1) = '.0' AND ltrim({column}, '0123456789') = '.0' AND {column} <> '.0'"
OTHER_THAN_NUMBERS = (
    "SELECT EXISTS (SELECT 1 FROM {rows} WHERE {column} IS NOT NULL AND ltrim({column}, '0123456789') <> '' "
    f"AND NOT ({IS_FLOAT}) AND {{column}} NOT IN ({{words}}))"
)
ANY_WHOLE = "SELECT EXISTS (SELECT 1 FROM {rows} WHERE {column} <> '' AND ltrim({column}, '0123456789') = '')"
BOTH = (
    "SELECT EXISTS (SELECT 1 FROM {rows} floats CROSS JOIN {rows} wholes WHERE "
    + IS_FLOAT.replace("{column}", "floats.external_id")
    + " AND wholes.external_id = substr(floats.external_id, 1, length(floats.external_id) - 2))"
)
MAKE_WHOLE = f"UPDATE {{rows}} SET {{column}} = substr({{column}}, 1, length({{column}}) - 2) WHERE {IS_FLOAT}"


def rounded(value: str) -> str:
    """Return what is wrong with an id that a spreadsheet wrote as 1.17895E+18; "" for any other."""
    if not ROUNDED.fullmatch(value):
        return ""
    return _(
        "a spreadsheet has shortened these ids (%(id)s): save the ids as text in the spreadsheet, from the original "
        "data, or choose to import without ids."
    ) % {"id": label(value)}


class Ids:
    """Reads the ids of a file and records what they look like: a few samples, and the first words for none.

    ``nothing`` are the words chosen to mean none, ``choice`` is Reading.ids.
    """

    def __init__(self, nothing: Sequence[str], choice: str) -> None:
        self.left_out = choice == "none"
        self._keep = choice == "keep"
        self._chosen = list(nothing)
        self._nothing = frozenset(nothing)
        # Ids that need ``read``, besides those of a certain length or ending (rows._is_unusual).
        self.words = NOTHING | self._nothing | {NO_PARENT}
        self._found: dict[str, tuple[int, str]] = {}  # a word for none, and where it first occurs
        self._rounded: list[tuple[int, str]] = []
        self._zeros: list[tuple[int, str]] = []
        self._has_long = self._has_zero = self.has_floats = False
        self._answers_zero: int | None = None

    def read(self, row: int, column: str, value: str) -> str:
        """Record an id that looks unusual; return it, or "" if it stands for none."""
        if self.left_out or value in self._nothing:
            return ""
        if value in NOTHING:
            if len(self._found) < MOST_WORDS:
                self._found.setdefault(value, (row, column))
        elif value == NO_PARENT:
            self._note_zero(row, column)
        elif value.endswith(".0"):
            self.has_floats = True
        elif len(value) > KEPT_DIGITS and value.isascii() and value.isdecimal():
            self._note_long(row, value)
        elif len(self._rounded) < MOST_SAMPLES and ROUNDED.fullmatch(value):
            self._rounded.append((row, value))
        return value

    @property
    def shortened(self) -> bool:
        """Whether all long numbers end in zeros, which means that a spreadsheet has replaced their last digits."""
        return bool(self._zeros) and not self._has_long and not self._keep

    def suggestions(self) -> list[Suggestion]:
        """Return suggestions for words for none, and for shortened ids."""
        return [*self._words_for_none(), *self._without_ids()]

    def _note_zero(self, row: int, column: str) -> None:
        if column == "external_id":
            self._has_zero = True
        elif self._answers_zero is None:
            self._answers_zero = row

    def _note_long(self, row: int, value: str) -> None:
        if value[KEPT_DIGITS:].strip("0"):
            self._has_long = True
        elif len(self._zeros) < MOST_SAMPLES:
            self._zeros.append((row, value))

    def _words_for_none(self) -> list[Suggestion]:
        found = dict(self._found)
        if self._answers_zero is not None and not self._has_zero:
            found[NO_PARENT] = (self._answers_zero, "parent_external_id")
        if not found:
            return []
        words = ", ".join(found)
        columns = in_words({column for row, column in found.values()})
        said = ngettext(
            "%(words)s in %(columns)s probably means that there is no id.",
            "%(words)s in %(columns)s probably mean that there is no id.",
            len(found),
        ) % {"words": words, "columns": columns}
        button = _("Read %(words)s as none") % {"words": words}
        samples = [Sample(row, word, pgettext("an id", "none")) for word, (row, column) in found.items()]
        return [Suggestion("nothing", [*self._chosen, *found], said, button, samples[:MOST_SAMPLES])]

    def _without_ids(self) -> list[Suggestion]:
        eaten = [*self._rounded, *(self._zeros if self.shortened else [])]
        if not eaten or self.left_out:
            return []
        said = _(
            "A spreadsheet has shortened the ids of this file (%(id)s), so they do not tell messages apart. Best save "
            "the id column as text. Without ids all messages can be imported, but replies cannot join what they "
            "answer: each begins a conversation."
        ) % {"id": label(eaten[0][1])}
        samples = [Sample(row, value, pgettext("an id", "none")) for row, value in eaten[:MOST_SAMPLES]]
        found = [Suggestion("ids", "none", said, _("Import without ids"), samples, certain=False)]
        if not self._rounded:
            kept = _("If ids of this system really end in zeros, they can be taken as they are.")
            same = [Sample(row, value, value) for row, value in self._zeros]
            found.append(Suggestion("ids", "keep", kept, _("Take the ids as they are"), same, certain=False))
        return found


def refuse_shortened(staging: Staging, findings: Findings, ids: Ids) -> None:
    """Report rows with an id that a spreadsheet has shortened, if all long ids of the file look like it."""
    if not ids.shortened:
        return
    for column in ID_COLUMNS:
        for number, value in staging.stream(SHORTENED, column=column):
            message = _(
                "a spreadsheet has shortened these ids (%(id)s ends in zeros from the 16th digit on): save the ids as "
                "text in the spreadsheet, from the original data, or choose to import without ids."
            ) % {"id": value}
            findings.report(Problem(number, column, "error", message, "ids"))
    for column in ID_COLUMNS:
        staging.execute(FORGET, column=column)


def make_whole(staging: Staging, findings: Findings, ids: Ids) -> bool:
    """Remove ".0" from ids if all others are whole numbers; return whether that was done.

    pandas writes 12.0 for 12 where a value of the column is missing. Nothing changes if 12 and 12.0 are two messages.
    """
    if not ids.has_floats or not _are_numbers(staging):
        return False
    changed = remove_point_zero(staging)
    said = ngettext(
        "%(number)s id is a whole number with .0 at the end, and read without it: 12.0 is 12, as the other ids of the "
        "file are.",
        "%(number)s ids are whole numbers with .0 at the end, and read without it: 12.0 is 12, as the other ids of the "
        "file are.",
        changed,
    )
    findings.report(Problem(None, "", "notice", numbered(said, changed)))
    return True


def remove_point_zero(staging: Staging) -> int:
    """Remove ".0" from the staged ids; return from how many values."""
    return sum(staging.execute(MAKE_WHOLE, column=column) for column in ID_COLUMNS)


def _are_numbers(staging: Staging) -> bool:
    words = ", ".join(f"'{word}'" for word in sorted(NOTHING))
    if any(staging.value(OTHER_THAN_NUMBERS, column=column, words=words) for column in ID_COLUMNS):
        return False
    return any(staging.value(ANY_WHOLE, column=column) for column in ID_COLUMNS) and not staging.value(BOTH)
