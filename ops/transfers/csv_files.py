"""CSV files as people have them: what they are written in is told from their beginning, their faults by row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from operator import itemgetter

from ops.transfers.problems import Problem, Unreadable, label
from ops.transfers.rows import COLUMNS, SourceRow

LONGEST_VALUE = 1_000_000  # characters; more in one cell is a quote that was never closed, or no message
LONGEST_LINE = 2 * LONGEST_VALUE
DELIMITERS = {",": "separated by ,", ";": "separated by ;", "\t": "separated by tabs"}
BYTE_ORDER_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\xef\xbb\xbf": "UTF-8"}
# Codec, and what becomes of bytes that are no text: they reach the rows, which are then reported one by one.
CODECS = {"UTF-8": ("utf-8-sig", "surrogateescape"), "UTF-16": ("utf-16", "surrogatepass")}
NOT_TEXT = {
    b"PK\x03\x04": "a ZIP or XLSX file",
    b"\xd0\xcf\x11\xe0": "an old Excel (.xls) file",
    b"\x1f\x8b": "a compressed (gzip) file",
    b"%PDF": "a PDF file",
    b"SQLite format 3": "a database file",
}
ESCAPED_BYTES = re.compile("[\udc80-\udcff]")

# The limit is one of the whole process; Python's own refuses texts that messages may well have.
csv.field_size_limit(LONGEST_VALUE)


class CsvFile:
    """The rows of an open CSV file, read once, in flat memory.

    Opening reads the header: raises Unreadable where the file is empty, no text, or its columns are not ours.
    Iterating gives a SourceRow for every row that is not blank; raises Unreadable where nothing after can be trusted.
    """

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file
        start = file.peek(16)[:16]
        for magic, kind in NOT_TEXT.items():
            if start.startswith(magic):
                raise Unreadable(f"this is not text: it looks like {kind}. Save it as CSV and import that.")
        self.encoding = next((name for mark, name in BYTE_ORDER_MARKS.items() if start.startswith(mark)), "UTF-8")
        codec, errors = CODECS[self.encoding]
        self._text = io.TextIOWrapper(file, encoding=codec, errors=errors, newline="")
        self._row = 0  # the last row that was begun
        self._line = ""
        header_line = self._first_line()
        self.delimiter = _delimiter(header_line)
        self._carriage_returns_end_rows = header_line.endswith("\r")
        header = self._header(header_line)
        self._width = len(header)
        self._in_order = itemgetter(*(header.index(column) for column in COLUMNS))

    @property
    def description(self) -> str:
        """How the file was understood, in words."""
        return f"read as {self.encoding}, {DELIMITERS[self.delimiter]}"

    def position(self) -> int:
        """How many bytes were taken from the file so far; 0 where a pipe does not tell."""
        return self._file.tell() if self._file.seekable() else 0

    def __iter__(self) -> Iterator[SourceRow]:
        rows = 0
        for number, values in self._whole_rows():
            if not any(values):  # a blank line, or what a spreadsheet writes for an empty row
                continue
            rows += 1
            if len(values) != self._width:
                yield number, self._external_id_only(values), self._ragged(number, values)
                continue
            ordered = self._in_order(values)
            problem = None
            if self.encoding == "UTF-8" and not (text := "".join(ordered)).isascii():
                problem = _undecoded(number, text)
            yield number, ordered, problem
        if not rows:
            raise Unreadable("the file has a header and no rows.")

    def _first_line(self) -> str:
        for line in self._lines():
            self._row += 1
            if line.strip():
                return line
        raise Unreadable("the file is empty.")

    def _header(self, line: str) -> list[str]:
        """The names of the columns; raises Unreadable naming all that are unknown, missing or repeated."""
        if "\x00" in line or ESCAPED_BYTES.search(line):
            raise Unreadable(f"the header is not valid {self.encoding}: save the file as UTF-8 and import that.")
        try:
            names = [name.strip() for name in next(csv.reader([line], delimiter=self.delimiter, strict=True))]
        except csv.Error as error:
            raise Unreadable("a quote in the header is never closed: close or remove it.", row=self._row) from error
        unknown = [name for name in dict.fromkeys(names) if name not in COLUMNS]
        missing = [name for name in COLUMNS if name not in names]
        repeated = [name for name in COLUMNS if names.count(name) > 1]
        faults = [
            f"{kind}: {', '.join(label(name) for name in found)}"
            for kind, found in (("unknown", unknown), ("missing", missing), ("repeated", repeated))
            if found
        ]
        if faults:
            expected = f"Expected, once each: {', '.join(COLUMNS)}."
            raise Unreadable(f"the columns of the header do not fit; {'; '.join(faults)}. {expected}", row=self._row)
        return names

    def _whole_rows(self) -> Iterator[tuple[int, list[str]]]:
        """(number, values) of each row.

        A carriage return alone ends a row in old files, but some programs write one that belongs to a text without
        quotes. It ends a row where the header ends so, or where whole rows stand on both sides; else it is text.
        """
        held: list[str] | None = None
        for values in self._parsed():
            if held is not None:
                if len(values) != self._width and len(held) + len(values) - 1 == self._width and values:
                    values = [*held[:-1], f"{held[-1]}\r{values[0]}", *values[1:]]
                    self._row -= 1
                else:
                    yield self._row - 1, held
                held = None
            if self._line.endswith("\r") and not self._carriage_returns_end_rows:
                held = values
            else:
                yield self._row, values
        if held is not None:
            yield self._row, held

    def _parsed(self) -> Iterator[list[str]]:
        reader = csv.reader(self._lines(), delimiter=self.delimiter, strict=True)
        while True:
            self._row += 1
            try:
                values = next(reader, None)
            except csv.Error as error:
                raise Unreadable(self._quoting_fault(str(error)), row=self._row) from error
            if values is None:
                self._row -= 1
                return
            yield values

    def _quoting_fault(self, error: str) -> str:
        """In our words why the row that is being read cannot be; the library's only say what it stumbled over."""
        row = self._row
        if error.startswith("unexpected end"):
            return f"the quote opened in row {row} is never closed: close it, or remove it."
        if error.startswith("field larger"):
            return (
                f"the quote opened in row {row} is never closed, or the value is longer than {LONGEST_VALUE:,} "
                "characters: close it, or shorten the text. The rows after it were not read."
            )
        return (
            f"row {row} holds a quoted value that goes on after its closing quote: write quotes inside a quoted value "
            'twice (""). The rows after it were not read.'
        )

    def _lines(self) -> Iterator[str]:
        readline = self._text.readline
        try:
            while line := readline(LONGEST_LINE):
                if len(line) >= LONGEST_LINE:
                    raise Unreadable(
                        f"row {self._row} has a line of more than {LONGEST_LINE:,} characters: this is no file of "
                        "messages, or its lines do not end.",
                        row=self._row,
                    )
                self._line = line
                yield line
        except UnicodeError as error:
            raise Unreadable(
                f"the file is not valid {self.encoding} after row {self._row}: it may be cut off. Save it as UTF-8.",
                row=self._row,
            ) from error
        except OSError as error:
            raise Unreadable(f"the file cannot be read after row {self._row}: {error.strerror}.") from error

    def _external_id_only(self, values: list[str]) -> tuple[str, ...]:
        """Of a row with too few or too many values: what other rows may answer."""
        blank = [""] * self._width
        external_id = self._in_order([*values, *blank][: self._width])[0]
        return external_id, *blank[: len(COLUMNS) - 1]

    def _ragged(self, number: int, values: list[str]) -> Problem:
        values_found = f"{len(values)} value" if len(values) == 1 else f"{len(values)} values"
        return Problem(
            number,
            "",
            "error",
            f"row {number} has {values_found} where {self._width} are expected: put values that hold a separator "
            "(comma, semicolon or tab) in quotes, and leave no column out.",
        )


def _delimiter(header: str) -> str:
    """The separator that finds most of our columns in the header; a comma where none is better."""

    def columns_found(delimiter: str) -> int:
        return sum(name.strip('" \r\n') in COLUMNS for name in header.split(delimiter))

    return max(DELIMITERS, key=columns_found)


def _undecoded(number: int, text: str) -> Problem | None:
    found = ESCAPED_BYTES.search(text)
    if found is None:
        return None
    byte = ord(found[0]) - 0xDC00
    return Problem(
        number,
        "",
        "error",
        f"Row {number} is not valid UTF-8 (byte 0x{byte:02X}): open the file in the program that wrote it, choose "
        "UTF-8 as the file's encoding, and save it again.",
    )
