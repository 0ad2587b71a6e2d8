"""CSV files as people have them: encoding and separator are detected, and faults are reported by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from operator import itemgetter

from ops.files.encodings import ESCAPED_BYTES, open_text, undecoded
from ops.files.headers import Columns, fit
from ops.files.problems import Problem, Unreadable
from ops.files.sources import Reading, SourceRow

LONGEST_VALUE = 1_000_000  # characters; a longer one is most likely a quote that was never closed
LONGEST_LINE = 2 * LONGEST_VALUE
SEPARATORS = {",": "separated by commas", ";": "separated by ;", "\t": "separated by tabs"}
NOT_TEXT = {
    b"PK\x03\x04": "a ZIP or XLSX file",
    b"\x1f\x8b": "a compressed (gzip) file",
    b"%PDF": "a PDF file",
    b"SQLite format 3": "a database file",
}

# The limit is global to the process. Python's default of 131,072 characters refuses texts that are fine.
csv.field_size_limit(LONGEST_VALUE)


class CsvFile:
    """The rows of an open CSV file, read once, in flat memory.

    Opening reads the header: raises Unreadable where the file is empty or no text, HeaderUnfit where its header does
    not fit the columns. Iterating gives a SourceRow for every row that is not blank, and raises Unreadable from where
    nothing that follows can be trusted.
    """

    format = "CSV"
    size = 0

    def __init__(self, file: io.BufferedReader, columns: Columns, reading: Reading) -> None:
        self._file = file
        self.notices: list[Problem] = []
        refuse_binary(file.peek(16)[:16])
        self._text, self._encoding = open_text(file, reading.encoding)
        self.encoding = self._encoding.name
        self._row = 0  # the number of the row that is being read
        self._line = ""
        self._undecoded = False  # whether any line so far has bytes that are not valid in the encoding
        header_line = self._first_line()
        self.separator = _separator(header_line, columns.known_headers(reading))
        self._carriage_returns_end_rows = header_line.endswith("\r")
        self.headers = self._header(header_line)
        self._width = len(self.headers)
        self._no_values = columns.no_values
        found = fit(self.headers, columns, reading, row=self._row)
        self.used = found.sources
        # Columns that the file does not have take the empty value that is then appended to each row.
        self._pads = None in found.sources
        self._in_order = itemgetter(*(self.headers.index(s) if s is not None else self._width for s in found.sources))

    @property
    def description(self) -> str:
        """How the file was read, in words."""
        return f"read as {self.encoding}, {SEPARATORS[self.separator]}"

    @property
    def codec(self) -> tuple[str, str]:
        """The codec and error handler that write its texts byte for byte as they were."""
        return self._encoding.codec, self._encoding.errors

    def position(self) -> int:
        """How many bytes were read so far; 0 for a pipe."""
        return self._file.tell() if self._file.seekable() else 0

    def __iter__(self) -> Iterator[SourceRow]:
        rows = 0
        width, pads, in_order = self._width, self._pads, self._in_order
        for number, values in self.originals():
            rows += 1
            if len(values) != width:
                yield number, self._first_value_only(values), self._ragged(number, values)
                continue
            if pads:
                values.append("")
            ordered = in_order(values)
            problem = undecoded(number, "".join(ordered), self._encoding) if self._undecoded else None
            yield number, ordered, problem
        if not rows:
            raise Unreadable("the file has a header and no rows.")

    @property
    def original_headers(self) -> list[str]:
        """The names of the values of ``originals``."""
        return self.headers

    def originals(self) -> Iterator[tuple[int, list[str]]]:
        """(number, values as they are in the file) of every row that is not blank, instead of the rows."""
        for number, values in self._whole_rows():
            if any(values):  # not a blank line, nor an empty row of a spreadsheet
                yield number, values

    def _first_line(self) -> str:
        for line in self._lines():
            self._row += 1
            if line.strip():
                return line
        raise Unreadable("the file is empty.")

    def _header(self, line: str) -> list[str]:
        """The names of the columns."""
        choose = "choose the file's encoding, or save the file as UTF-8 and import that."
        if undecoded(1, line, self._encoding):
            raise Unreadable(f"the header is not valid {self.encoding}: {choose}", row=self._row, cure="encoding")
        if "\x00" in line:
            why = f"the header holds a character that cannot be stored (U+0000), read as {self.encoding}"
            raise Unreadable(f"{why}: remove it, {choose}", row=self._row, cure="encoding")
        try:
            names = next(csv.reader([line], delimiter=self.separator, strict=True))
        except csv.Error as error:
            raise Unreadable("a quote in the header is never closed: close or remove it.", row=self._row) from error
        return [name.strip() for name in names]

    def _whole_rows(self) -> Iterator[tuple[int, list[str]]]:
        """(number, values) of each row.

        A carriage return alone ends a row in old files, but some programs write one in a text without quotes. It ends
        a row where it ends the header too, or where there are complete rows on both sides; otherwise it is text.
        """
        held: list[str] | None = None  # a row that a carriage return ended, perhaps in the middle
        continued: list[str] = []  # the parts that belong to its last value
        for values in self._parsed():
            if held is not None:
                if len(values) != self._width and len(held) + len(values) - 1 == self._width and values:
                    continued.append(values[0])
                    whole = len(values) > 1 or len(continued) > LONGEST_VALUE // 2
                    self._row -= 1
                    values = [*self._joined(self._row, held, continued), *values[1:]] if whole else held
                else:
                    yield self._row - 1, self._joined(self._row - 1, held, continued)
                held = None
            if self._line.endswith("\r") and not self._carriage_returns_end_rows:
                held = values
            else:
                yield self._row, self._joined(self._row, values, continued)
        if held is not None:
            yield self._row, self._joined(self._row, held, continued)

    def _joined(self, row: int, values: list[str], continued: list[str]) -> list[str]:
        """The values, the last one joined with its ``continued`` parts, which are then cleared."""
        if not continued:
            return values
        values = [*values[:-1], "\r".join([values[-1], *continued])]
        continued.clear()
        if len(values[-1]) > LONGEST_VALUE:
            words = f"row {row} has a value of more than {LONGEST_VALUE:,} characters: shorten the text."
            raise Unreadable(words, row=row)
        return values

    def _parsed(self) -> Iterator[list[str]]:
        reader = csv.reader(self._lines(), delimiter=self.separator, strict=True)
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
        """The sentence for an error of the csv module, which only names the character that it did not expect."""
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
                if not line.isascii() and ESCAPED_BYTES.search(line):
                    self._undecoded = True
                yield line
        except UnicodeError as error:
            raise Unreadable(
                f"the file is not valid {self.encoding} after row {self._row}: it may be cut off. Save it as UTF-8.",
                row=self._row,
                cure="encoding",
            ) from error
        except OSError as error:
            raise Unreadable(f"the file cannot be read after row {self._row}: {error.strerror}.") from error

    def _first_value_only(self, values: list[str]) -> tuple[str, ...]:
        """The values of a row with too few or too many: only the one that identifies it."""
        padded = [*values, *[""] * self._width][: self._width]
        return self._in_order([*padded, ""])[0], *self._no_values[1:]

    def _ragged(self, number: int, values: list[str]) -> Problem:
        values_found = f"{len(values)} value" if len(values) == 1 else f"{len(values)} values"
        return Problem(
            number,
            "",
            "error",
            f"row {number} has {values_found} where {self._width} are expected: put values that hold a separator "
            "(comma, semicolon or tab) in quotes, and leave no column out.",
        )


def refuse_binary(start: bytes) -> None:
    """Raises Unreadable where the first 16 bytes of a file are those of a format that is not text."""
    for magic, kind in NOT_TEXT.items():
        if start.startswith(magic):
            raise Unreadable(f"this is not text: it looks like {kind}. Save it as CSV and import that.")


def _separator(header: str, known: set[str]) -> str:
    """The separator that finds most of the known columns in the header, then most columns; a comma if in doubt."""

    def columns_found(separator: str) -> tuple[int, int]:
        names = header.split(separator)
        return sum(name.strip('" \r\n') in known for name in names), len(names)

    return max(SEPARATORS, key=columns_found)
