"""Reading CSV files: the encoding and the separator are detected, and faults are reported by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import islice
from operator import itemgetter

from django.utils.translation import gettext, gettext_lazy, gettext_noop, ngettext
from django.utils.translation import gettext as _

from messaging.languages.wording import grouped
from ops.files.dialects import escapes
from ops.files.dialects.mixed_encodings import MixedRows
from ops.files.dialects.utc_times import utc_columns
from ops.files.encodings import ESCAPED_BYTES, open_text, undecoded
from ops.files.headers.columns import Columns
from ops.files.headers.rows import Header, header_row, read_header
from ops.files.headers.unfit import columns_in_words
from ops.files.problems import Problem, Unreadable, not_read_after, not_valid_after
from ops.files.shapes.csv_rows import SEPARATORS, Beginning, beginning_of
from ops.files.shapes.long_values import LINE_ENDS, LongValues, pieces
from ops.files.sources import LONGEST_VALUE, Reading, SourceRow
from ops.files.suggestions import Suggestion

# A value that is longer than LONGEST_VALUE is most likely a quote that was never closed.
LONGEST_LINE = 2 * LONGEST_VALUE + (1 << 20)  # each character may be a quote, which is written twice
END_MARK = "\x1a"
NOT_TEXT = {
    b"PK\x03\x04": gettext_lazy("this is not text: it looks like a ZIP or XLSX file. Save it as CSV and import that."),
    b"\x1f\x8b": gettext_lazy(
        "this is not text: it looks like a compressed (gzip) file. Save it as CSV and import that."
    ),
    b"%PDF": gettext_lazy("this is not text: it looks like a PDF file. Save it as CSV and import that."),
    b"SQLite format 3": gettext_lazy(
        "this is not text: it looks like a database file. Save it as CSV and import that."
    ),
}
# Per-row messages: marked for translation here, looked up through a cache.
MORE_SEPARATORS = gettext_noop(
    "rows have more separators than the header: the empty values behind its columns are left out."
)
WITHOUT_NAME = gettext_noop("row %(row)s has a value in %(column)s, which has no name: say which column it is.")

# The limit is global to the process. Python's default of 131,072 characters refuses valid texts.
csv.field_size_limit(LONGEST_VALUE + 1)  # plus the guard character


class CsvFile:
    """The rows of an open CSV file, read once, in flat memory.

    Opening reads the header: it raises Unreadable if the file is empty or not text, HeaderUnfit if its header does not
    fit the columns. Iterating yields a SourceRow for every row that is not blank, and raises Unreadable once nothing
    that follows can be trusted.
    """

    format = "CSV"
    size = 0
    sheets: Sequence[str] = ()

    def __init__(self, file: io.BufferedReader, columns: Columns, reading: Reading) -> None:
        self._file = file
        self._look_up, self._values_found = cache(gettext), cache(_values_found)
        self.notices: list[Problem] = []
        self.suggestions: list[Suggestion] = []
        refuse_binary(file.peek(16)[:16])
        self._columns, self._reading = columns, reading
        self._text, self._encoding = open_text(file, reading.encoding)
        self._coming, self._ahead = pieces(self._text.readline), ""  # shared by header and rows: it reads ahead
        self._mixed = MixedRows(self._encoding, reading.fallback_encoding)
        self.encoding = self._encoding.name
        self._row = 0  # the number of the row that is being read
        self._line = ""
        self._backslashes = False  # whether a backslash before a quote made a row ragged
        self._undecoded = False  # whether any line so far has bytes that are not valid in the encoding
        begins = beginning_of(file, self._encoding, columns, reading)
        self.separator = begins.separator
        header = self._read_header(begins, columns, reading)
        self.header_row, self.headers, self.samples = header.row, header.names, header.samples
        self.notices += header.fit.notices
        self._width = header.width
        self._blank, self._counters = header.fit.blank, header.fit.counters
        self._named_width = max((place + 1 for place in range(self._width) if place not in self._blank), default=0)
        self._no_values = columns.no_values
        self.used = header.fit.sources
        self._utc = utc_columns(self.headers, self.used, columns)
        # Columns that the file does not have take the empty value that is appended to each row.
        self._pads = None in self.used
        self._in_order = itemgetter(*(self._width if place is None else place for place in header.fit.places))

    @property
    def description(self) -> str:
        """How the file was read, in words."""
        return SEPARATORS[self.separator] % {"encoding": self.encoding}

    @property
    def codec(self) -> tuple[str, str]:
        """The codec and error handler that reproduce its texts byte for byte."""
        return self._encoding.codec, self._encoding.errors

    def position(self) -> int:
        """Return how many bytes have been read; 0 for a pipe."""
        return self._file.tell() if self._file.seekable() else 0

    def __iter__(self) -> Iterator[SourceRow]:
        rows = 0
        width, pads, in_order, utc = self._width, self._pads, self._in_order, self._utc
        watched = bool(self._blank or self._counters)
        for number, values in self.originals():
            rows += 1
            if len(values) != width:
                fitted = self._without_empty_ends(values)
                if fitted is None:
                    self._backslashes = self._backslashes or escapes.ESCAPED_QUOTE in self._line
                    yield number, self._first_value_only(values), self._ragged(number, values)
                    continue
                values = fitted
            if watched and (problem := self._unnamed_value(number, values)):
                yield number, self._first_value_only(values), problem
                continue
            if pads:
                values.append("")
            ordered = in_order(values)
            if utc:
                for column in utc:
                    ordered = column.read(ordered, values)
            ordered, problem = self._mixed.read(number, ordered) if self._undecoded else (ordered, None)
            yield number, ordered, problem
        if not rows:
            raise Unreadable(_("the file has a header and no rows.") if self.header_row else _("the file has no rows."))
        self.notices += self._mixed.notices()
        self.suggestions += self._mixed.suggestions()
        if self._backslashes:
            self.suggestions += self._read_with_escapes()

    @property
    def original_headers(self) -> list[str]:
        """The header of each value in ``originals``; "" for blank columns and row counters."""
        return ["" if place in (*self._blank, *self._counters) else name for place, name in enumerate(self.headers)]

    def originals(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (number, values as in the file) of every row that is not blank; use instead of iterating."""
        for number, values in self._whole_rows():
            if values and (
                values[0].strip() or any(map(str.strip, values))
            ):  # not a blank line, nor an empty row of a spreadsheet
                yield number, values

    def _read_header(self, begins: Beginning, columns: Columns, reading: Reading) -> Header:
        row = header_row(begins.rows, columns, reading)
        if not row:
            self._carriage_returns_end_rows = begins.carriage_returns
            return read_header(begins.rows, columns, reading, row=0)
        line = self._line_of(row) if begins.rows else self._first_line()
        self._carriage_returns_end_rows = line.endswith("\r")
        others = [one for one in begins.rows if one[0] != self._row]
        return read_header([(self._row, self._cells(line)), *others], columns, reading, row=self._row)

    def _first_line(self) -> str:
        for line in self._lines():
            self._row += 1
            if line.strip():
                return line
        raise Unreadable(_("the file is empty."))

    def _line_of(self, row: int) -> str:
        """Return the line of ``row``, skipping those above it; nothing has been read before."""
        above = csv.reader(self._lines(), delimiter=self.separator)
        try:
            while self._row < row - 1 and next(above, None) is not None:
                self._row += 1
        except csv.Error as error:
            raise Unreadable(self._quoting_fault(str(error)), row=self._row + 1) from error
        line = next(self._lines(), "")
        if not line:
            said = _("the file has no row %(row)s, which was chosen for the header: choose another one.")
            raise Unreadable(said % {"row": grouped(row)}, cure="header_row")
        self._row += 1
        return line

    def _cells(self, line: str) -> list[str]:
        """Return the cells of the header. Raises Unreadable if it cannot be decoded or parsed."""
        said = ""
        if undecoded(1, line, self._encoding):
            said = _(
                "the header is not valid %(encoding)s: choose the file's encoding, or save the file as UTF-8 and "
                "import that."
            )
        elif "\x00" in line:
            said = _(
                "the header holds a character that cannot be stored (U+0000), read as %(encoding)s: remove it, choose "
                "the file's encoding, or save the file as UTF-8 and import that."
            )
        if said:
            raise Unreadable(said % {"encoding": self.encoding}, row=self._row, cure="encoding")
        try:
            return next(csv.reader([line.lstrip("\ufeff")], delimiter=self.separator, strict=True))
        except csv.Error as error:
            words = _("a quote in the header is never closed: close or remove it.")
            raise Unreadable(words, row=self._row) from error

    def _whole_rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (number, values) of each row.

        In old files a lone carriage return ends a row, but some programs write one in an unquoted text. It ends a row
        if it also ends the header, or if the rows on both sides are complete; otherwise it is text.
        """
        held: list[str] | None = None  # a row that a carriage return ended, perhaps too early
        continued = io.StringIO(newline="")  # the rest of its last value, perhaps millions of parts
        for values in self._parsed():
            if held is not None:
                if len(values) != self._width and len(held) + len(values) - 1 == self._width and values:
                    continued.write(f"\r{values[0]}")
                    whole = len(values) > 1 or continued.tell() > LONGEST_VALUE
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

    def _joined(self, row: int, values: list[str], continued: io.StringIO) -> list[str]:
        """Return the values with ``continued`` appended to the last one, and empty ``continued``."""
        if not continued.tell():
            return values
        values = [*values[:-1], values[-1] + continued.getvalue()]
        continued.seek(0)
        continued.truncate()
        if len(values[-1]) > LONGEST_VALUE:
            said = _("row %(row)s has a value of more than %(number)s characters: shorten the text.")
            raise Unreadable(said % {"row": row, "number": grouped(LONGEST_VALUE)}, row=row)
        return values

    def _parsed(self) -> Iterator[list[str]]:
        lines = self._pieces()
        if self._reading.escapes:
            lines = escapes.doubled(self._lines(), self.separator, self._width, self._reading.escapes)
        long = LongValues(self.separator)
        reader = csv.reader(long.shortened(lines), delimiter=self.separator, strict=True)
        while True:
            self._row += 1
            try:
                values = next(reader, None)
            except csv.Error as error:
                suggestions = self._read_with_escapes() if self._may_have_escapes() else []
                words = self._quoting_fault(str(error))
                raise Unreadable(words, row=self._row, suggestions=suggestions) from error
            if values is None:
                self._row -= 1
                return
            yield long.restored(values)

    def _may_have_escapes(self) -> bool:
        return escapes.ESCAPED_QUOTE in self._line

    def _read_with_escapes(self) -> list[Suggestion]:
        """Return suggestions to read backslashes as escapes, if the beginning of the file can be read that way."""
        if self._reading.escapes or not self._file.seekable():
            return []

        def rows_of(kind: str) -> list[SourceRow] | None:
            self._file.seek(0)
            again = CsvFile(self._file, self._columns, replace(self._reading, escapes=kind))
            try:
                return list(islice(again, escapes.TRIED))
            except Unreadable:
                return None
            finally:
                again._text.detach()  # or it would close the file

        return escapes.suggest(rows_of)

    def _quoting_fault(self, error: str) -> str:
        """Return our message for an error of the csv module, which only names the unexpected character."""
        if error.startswith("unexpected end"):
            said = _("the quote opened in row %(row)s is never closed: close it, or remove it.")
        elif error.startswith("field larger"):
            said = _(
                "the quote opened in row %(row)s is never closed, or the value is longer than %(number)s characters: "
                "close it, or shorten the text. The rows after it were not read."
            )
        else:
            said = _(
                "row %(row)s holds a quoted value that goes on after its closing quote: write quotes inside a quoted "
                'value twice (""). The rows after it were not read.'
            )
        return said % {"row": self._row, "number": grouped(LONGEST_VALUE)}

    def _lines(self) -> Iterator[str]:
        """Yield the whole lines of the file."""
        begun: list[str] = []
        for piece in self._pieces():
            begun.append(piece)
            if piece[-1] in LINE_ENDS:
                yield "".join(begun)
                begun.clear()
        if begun:
            yield "".join(begun)

    def _next_piece(self) -> str:
        piece, self._ahead = self._ahead or next(self._coming, ""), ""
        return piece

    def _is_last(self) -> bool:
        """Return whether nothing follows, by reading ahead: a long line may be cut anywhere."""
        self._ahead = next(self._coming, "")
        return not self._ahead

    def _pieces(self) -> Iterator[str]:
        """Yield the lines of the file, long ones in pieces."""
        size = 0  # of the line so far
        try:
            while piece := self._next_piece():
                size += len(piece)
                if size >= LONGEST_LINE:
                    said = _(
                        "row %(row)s has a line of more than %(number)s characters: the file is not a table, or "
                        "its lines do not end."
                    )
                    raise Unreadable(said % {"row": self._row, "number": grouped(LONGEST_LINE)}, row=self._row)
                if piece[-1] == END_MARK and self._is_last():  # put there by DOS and its copy command
                    piece = piece.rstrip(END_MARK)
                    words = _("The file ends with Ctrl-Z (U+001A), the end mark of DOS; it is ignored.")
                    self.notices.append(Problem(None, "", "notice", words))
                    if not piece:
                        return
                within = size > len(piece) and escapes.ESCAPED_QUOTE in self._line
                self._line = f"{escapes.ESCAPED_QUOTE}{piece}" if within else piece
                if not piece.isascii():
                    if ESCAPED_BYTES.search(piece):
                        self._undecoded = True
                    else:
                        self._mixed.any_sound = True
                size = 0 if piece[-1] in LINE_ENDS else size
                yield piece
        except UnicodeError as error:
            raise not_valid_after(self._row, self.encoding) from error
        except OSError as error:
            raise not_read_after(self._row, error) from error

    def _first_value_only(self, values: list[str]) -> tuple[str, ...]:
        """Return the values of a faulty row: only the one that identifies it, the others empty."""
        padded = [*values, *[""] * self._width][: self._width]
        return self._in_order([*padded, ""])[0], *self._no_values[1:]

    def _without_empty_ends(self, values: list[str]) -> list[str] | None:
        """Return a row fitted to the header's width by its empty last values; None if other values are concerned."""
        if len(values) < self._named_width or any(value.strip() for value in values[self._width :]):
            return None
        if len(values) > self._width:
            notice = Problem(None, "", "notice", self._look_up(MORE_SEPARATORS))
            if notice not in self.notices:
                self.notices.append(notice)
        return [*values[: self._width], *[""] * (self._width - len(values))]

    def _unnamed_value(self, number: int, values: list[str]) -> Problem | None:
        """Return the problem of a row with a value in a nameless column that seemed blank or a row counter."""
        for place in (*self._blank, *self._counters):
            value = values[place].strip()
            if value and not (place in self._counters and value.isdecimal()):
                words = self._look_up(WITHOUT_NAME) % {"row": number, "column": columns_in_words([place])}
                return Problem(number, "", "error", words, "columns")
        return None

    def _ragged(self, number: int, values: list[str]) -> Problem:
        found = len(values)
        words = self._values_found(found) % {"row": number, "number": found, "expected": self._width}
        return Problem(number, "", "error", words)


def _values_found(number: int) -> str:
    return ngettext(
        "row %(row)s has %(number)s value where %(expected)s are expected: put values that hold a separator (comma, "
        "semicolon or tab) in quotes, and leave no column out.",
        "row %(row)s has %(number)s values where %(expected)s are expected: put values that hold a separator (comma, "
        "semicolon or tab) in quotes, and leave no column out.",
        number,
    )


def refuse_binary(start: bytes) -> None:
    """Raise Unreadable if the first 16 bytes of a file are those of a format that is not text."""
    for magic, words in NOT_TEXT.items():
        if start.startswith(magic):
            raise Unreadable(words)
