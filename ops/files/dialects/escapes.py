r"""CSV files that escape quotes with a backslash, "say \"hi\"", as some programs write them.

Our files and those of spreadsheets double them instead. An unescaped backslash at the end of a value, "C:\", looks the
same as an escaped quote: the number of values in the row decides.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.files.sources import SourceRow
from ops.files.suggestions import MOST_SAMPLES, Sample, Suggestion

ESCAPED_QUOTE = '\\"'
QUOTES, ALL = "quotes", "all"
ESCAPES = {
    QUOTES: gettext_lazy('quotes have a backslash in front (\\"), other backslashes are text'),
    ALL: gettext_lazy('quotes and backslashes have a backslash in front (\\" and \\\\)'),
}
SEEMS = {
    QUOTES: gettext_lazy(
        'The file seems to be written by a program for which quotes have a backslash in front (\\"), other backslashes '
        "are text."
    ),
    ALL: gettext_lazy(
        "The file seems to be written by a program for which quotes and backslashes have a backslash in front "
        '(\\" and \\\\).'
    ),
}
TRIED = 1_000  # rows that are read to detect such a file
SHOWN = 80  # characters of a value
PATTERNS = {QUOTES: re.compile(r'\\(")'), ALL: re.compile(r'\\(["\\])')}
# An escaped quote that may close a value instead, because another value or the line end follows.
ALONE_AT_END = re.compile(r'\\"(?=[,;\t]"|[\r\n]*$)')
SINGLE = re.compile(r"(?<!\\)\\(?:\\\\)*(?!\\)")  # an odd number of backslashes

Rows = Callable[[str], list[SourceRow] | None]


def doubled(lines: Iterable[str], separator: str, width: int, kind: str) -> Iterator[str]:
    """Yield the lines of a file whose quotes are escaped as ``kind``, with doubled quotes instead.

    ``width`` is the number of values in a row.
    """
    coming = iter(lines)
    line = next(coming, None)
    within = False  # a quoted value that began on an earlier line
    while line is not None:
        following: str | None = ""
        written = line
        if "\\" in line:
            written = _doubled(line, kind)
            if not within and ALONE_AT_END.search(line) and _values(written, separator) != width:
                following = next(coming, None)
                other = ESCAPED_QUOTE.join(_doubled(part, kind) for part in ALONE_AT_END.split(line))
                ended = not following or _begins_row(following, line)
                written = other if ended and _values(other, separator) == width else written
        within ^= written.count('"') % 2 == 1
        yield written
        line = following or next(coming, None)


def suggest(rows_of: Rows) -> list[Suggestion]:
    """Return suggestions to read a file with escapes. ``rows_of(kind)`` reads its first rows; None if that fails."""
    found = {kind: rows for kind in ESCAPES if (rows := rows_of(kind)) and _samples(rows, kind)}
    if QUOTES not in found:
        return [_suggestion(kind, rows) for kind, rows in found.items()]
    if found.get(ALL) == found[QUOTES]:
        return [_suggestion(QUOTES, found[QUOTES])]
    # A program that writes a single backslash does not escape backslashes.
    single = any(SINGLE.search(value) for _, values, _ in found[QUOTES] for value in values)
    likeliest_first = found if single else dict(reversed(found.items()))
    return [_suggestion(kind, rows) for kind, rows in likeliest_first.items()]


def _suggestion(kind: str, rows: list[SourceRow]) -> Suggestion:
    button = _('Read \\" as a quote') if kind == QUOTES else _('Read \\" and \\\\ as escaped')
    return Suggestion("escapes", kind, str(SEEMS[kind]), button, _samples(rows, kind))


def _samples(rows: Iterable[SourceRow], kind: str) -> list[Sample]:
    """Return the first values for which the escapes make a difference."""
    different = (
        Sample(number, _cut(_escaped(value, kind)), _cut(value))
        for number, values, problem in rows
        if problem is None
        for value in values
        if '"' in value
    )
    return [sample for sample, _ in zip(different, range(MOST_SAMPLES), strict=False)]


def _escaped(value: str, kind: str) -> str:
    return (value.replace("\\", "\\\\") if kind == ALL else value).replace('"', ESCAPED_QUOTE)


def _cut(value: str) -> str:
    return value if len(value) <= SHOWN else f"{value[:SHOWN]}…"


def _doubled(line: str, kind: str) -> str:
    return PATTERNS[kind].sub(lambda found: '""' if found[1] == '"' else "\\", line)


def _begins_row(line: str, another: str) -> bool:
    """Return whether a line begins a row, as ``another`` does, and does not continue a quoted value."""
    if another.startswith('"'):
        return line.startswith('"') and line[1:2] not in (",", ";", "\t", "\r", "\n", "")
    return not line.startswith('"')


def _values(line: str, separator: str) -> int:
    """Return how many values a line has; 0 if it is not a whole row."""
    try:
        rows = list(csv.reader([line], delimiter=separator, strict=True))
    except csv.Error:
        return 0
    return len(rows[0]) if len(rows) == 1 else 0
