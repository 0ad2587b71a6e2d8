"""The first rows of a CSV file, examined before it is read to find its separator and its header."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from django.utils.translation import gettext_lazy

from ops.files.encodings import Encoding
from ops.files.headers.columns import Columns
from ops.files.headers.rows import LOOKED_AT
from ops.files.headers.samples import FileRow
from ops.files.sources import Reading

# How a file with each separator was read, in words.
SEPARATORS = {
    ",": gettext_lazy("read as %(encoding)s, separated by commas"),
    ";": gettext_lazy("read as %(encoding)s, separated by ;"),
    "\t": gettext_lazy("read as %(encoding)s, separated by tabs"),
    "|": gettext_lazy("read as %(encoding)s, separated by |"),
}
SEPARATOR_LINE = re.compile(r'\ufeff*"?sep=([,;\t|])"?[ ,;\t|]*(?:\r\n|\r|\n|$)', re.IGNORECASE)
WHOLE = 8_192  # bytes: if less is buffered, it is the whole file


@dataclass(frozen=True)
class Beginning:
    """The first ``rows`` that are not blank, with their numbers. ``carriage_returns``: whether lone ones end lines."""

    separator: str
    rows: list[FileRow]
    carriage_returns: bool


def beginning_of(file: io.BufferedReader, encoding: Encoding, columns: Columns, reading: Reading) -> Beginning:
    """Return the beginning of a file from its buffer, without reading on."""
    start = file.peek()
    text = _decoded(start, encoding).lstrip("\ufeff")
    told = SEPARATOR_LINE.match(text)
    lines = list(io.StringIO(text, newline=""))
    carriage_returns = bool(lines) and lines[0].endswith("\r")
    if lines and len(start) >= WHOLE and not lines[-1].endswith(("\r", "\n")):
        lines.pop()  # it is cut off
    separator = told[1] if told else _separator(lines, columns, reading)
    rows = [row for row in _rows(lines, separator) if not told or row[0] > 1]
    return Beginning(separator, rows, carriage_returns)


def _decoded(start: bytes, encoding: Encoding) -> str:
    try:
        return codecs.getincrementaldecoder(encoding.codec)(encoding.errors).decode(start)
    except UnicodeError:
        return codecs.getincrementaldecoder(encoding.codec)("ignore").decode(start)


def _rows(lines: Sequence[str], separator: str) -> list[FileRow]:
    found: list[FileRow] = []
    try:
        for number, values in enumerate(csv.reader(lines, delimiter=separator), start=1):
            if any(value.strip() for value in values):
                found.append((number, values))
    except csv.Error:
        pass  # reading the file reports it
    return found


def _separator(lines: Sequence[str], columns: Columns, reading: Reading) -> str:
    """Return the separator with which a row names most columns, then the one that gives most values; else a comma."""

    def columns_found(separator: str) -> tuple[int, int]:
        rows = [values for _, values in islice(_rows(lines[: 2 * LOOKED_AT], separator), LOOKED_AT)]
        named = [columns.found_in(values, reading) for values in rows]
        if any(named):
            best = named.index(max(named))
            return named[best], len(rows[best])
        return 0, min(map(len, rows), default=0)

    return max(SEPARATORS, key=columns_found)
