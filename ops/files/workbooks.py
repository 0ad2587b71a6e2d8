"""The base of all workbook readers: the rows of one sheet, under a header."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext as _
from openpyxl.utils.cell import get_column_letter

from messaging.languages.wording import numbered
from ops.files.dialects.utc_times import utc_columns
from ops.files.headers.columns import Columns
from ops.files.headers.rows import LONGEST_BEGINNING, Header, header_row, read_header
from ops.files.problems import Problem, Unreadable, label
from ops.files.shapes.rows import SAVED_FORMULA, Flaw, Row
from ops.files.shapes.sheets import Sheets
from ops.files.sources import Reading, SourceRow
from ops.files.suggestions import MOST_SAMPLES, Sample, Suggestion

ROWS_AHEAD = 100  # read first, to find the header and what the columns hold
# Per-row messages: marked for translation here, looked up through a cache.
HOLDS_ERROR = gettext_noop("%(column)s holds an error, %(error)s: correct it.")
HOLDS_FORMULA = gettext_noop("%(column)s holds a formula: paste its value instead.")
HOLDS_SAVED_FORMULA = gettext_noop(
    "%(column)s holds a formula: paste its value instead, or choose to take the values that formulas were saved with."
)
NO_HEADER_ABOVE = gettext_noop(
    "row %(row)s has a value in column %(column)s, which has no header: give it one, or remove the value."
)


class WorkbookFile:
    """The rows of an open workbook, read once.

    Opening reads the header: it raises Unreadable if there is none, HeaderUnfit if it does not fit. Iterating yields a
    SourceRow for every row that is not blank, and raises Unreadable once nothing that follows can be trusted.
    """

    format = ""
    encoding = separator = ""
    size = 0

    def __init__(self, book: Sheets, rows: Iterator[Row], columns: Columns, reading: Reading) -> None:
        """``rows`` are those of the sheet of ``book`` that is read."""
        self._book, self._rows = book, rows
        self._saved_values = reading.saved_values
        self._look_up = cache(gettext)
        self._formulas: list[Sample] = []  # the first ones
        self._count_of_formulas = 0
        self.sheets: Sequence[str] = book.names
        self.notices = book.notices()
        self.suggestions: list[Suggestion] = []
        self._ended: Unreadable | None = None
        self._ahead = self._look_ahead()
        try:
            header = self._header(columns, reading)
        except Unreadable as error:
            error.suggestions += book.suggestions()
            raise
        self.header_row, self.headers, self.samples = header.row, header.names, header.samples
        self.notices += header.fit.notices
        self.used = header.fit.sources
        self._names = columns.names
        self._utc = utc_columns(self.headers, self.used, columns)
        self._columns = [-1 if place is None else place for place in header.fit.places]
        self._blank, self._counters = header.fit.blank, header.fit.counters
        self._ahead = [row for row in self._ahead if row.number > header.row]

    @property
    def description(self) -> str:
        """How the file was read, in words."""
        others = len(self.sheets) - 1
        names = {"format": self.format, "sheet": label(self._book.read)}
        if not others:
            return _("read as %(format)s, sheet %(sheet)s") % names
        text = ngettext(
            "read as %(format)s, sheet %(sheet)s; %(number)s other is left out",
            "read as %(format)s, sheet %(sheet)s; %(number)s others are left out",
            others,
        )
        return numbered(text, others, **names)

    @property
    def codec(self) -> tuple[str, str]:
        """The codec and error handler that write its texts as CSV."""
        return "utf-8", "backslashreplace"

    def __iter__(self) -> Iterator[SourceRow]:
        found = False
        for row in self._all():
            found = True
            values = [row.values.get(column, "") for column in self._columns]
            if self._utc:
                cells = [row.values.get(place, "") for place in range(len(self.headers))]
                for column in self._utc:
                    values = column.read(values, cells)
            yield row.number, values, self._problem(row)
        if not found:
            raise Unreadable(_("the file has a header and no rows.") if self.header_row else _("the file has no rows."))
        self._suggest_saved_values()

    @property
    def original_headers(self) -> list[str]:
        """The header of each value in ``originals``; "" for blank columns and row counters."""
        return ["" if at in (*self._blank, *self._counters) else name for at, name in enumerate(self.headers)]

    def originals(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (number, values as texts) of every row that is not blank; use instead of iterating."""
        for row in self._all():
            yield row.number, _listed(row, len(self.headers))

    def _look_ahead(self) -> list[Row]:
        """Return the first rows. An error that ends them early is kept, and raised after them."""
        ahead: list[Row] = []
        size = 0
        try:
            for row in self._rows:
                if any(map(str.strip, row.values.values())) or row.flaws:
                    ahead.append(row)
                size += sum(map(len, row.values.values()))
                if len(ahead) == ROWS_AHEAD or size > LONGEST_BEGINNING:
                    break
        except Unreadable as error:
            self._ended = error
        return ahead

    def _header(self, columns: Columns, reading: Reading) -> Header:
        if not self._ahead:
            raise self._ended or Unreadable(self._book.empty())
        rows = [(row.number, _listed(row, 0)) for row in self._ahead]
        number = header_row(rows, columns, reading)
        while number > self._ahead[-1].number and (row := next(self._rows, None)) is not None:
            self._ahead = [row]  # a header that was chosen far below
            rows = [(row.number, _listed(row, 0))]
        return read_header(rows, columns, reading, row=number)

    def _all(self) -> Iterator[Row]:
        yield from self._ahead
        self._ahead = []
        if self._ended:
            raise self._ended
        for row in self._rows:
            if any(map(str.strip, row.values.values())) or row.flaws:
                yield row

    def _problem(self, row: Row) -> Problem | None:
        """Return the problem of a row. Flaws in unused columns are ignored."""
        for column, name in zip(self._columns, self._names, strict=True):
            flaw = row.flaws.get(column)
            if flaw == SAVED_FORMULA:
                self._note_formula(row, column)
                if self._saved_values:
                    continue
            if flaw is not None:
                cure = "saved_values" if flaw.has_value else ""
                return Problem(row.number, name, "error", self._said(flaw, name), cure)
        return self._unnamed_value(row)

    def _said(self, flaw: Flaw, column: str) -> str:
        text = HOLDS_ERROR if flaw.error else HOLDS_SAVED_FORMULA if flaw.has_value else HOLDS_FORMULA
        return self._look_up(text) % {"column": column, "error": flaw.error}

    def _unnamed_value(self, row: Row) -> Problem | None:
        """Return the problem of a row with a value in a column without a header."""
        width = len(self.headers)
        if max(row.values) < width and not (self._blank or self._counters):
            return None
        for place, text in row.values.items():
            value = text.strip()
            if value and (place >= width or place in self._blank):
                break
            if value and place in self._counters and not value.isdecimal():
                break
        else:
            return None
        words = self._look_up(NO_HEADER_ABOVE) % {"row": row.number, "column": get_column_letter(place + 1)}
        return Problem(row.number, "", "error", words, "columns" if place < width else "")

    def _note_formula(self, row: Row, column: int) -> None:
        self._count_of_formulas += 1
        if len(self._formulas) < MOST_SAMPLES:
            place = f"{get_column_letter(column + 1)}{row.number}"
            written = _("formula in %(cell)s") % {"cell": place}
            self._formulas.append(Sample(row.number, written, row.values[column]))

    def _suggest_saved_values(self) -> None:
        if not self._count_of_formulas:
            return
        if self._saved_values:
            taken = _("Formulas count as the values that they were saved with, as was chosen: look at the first rows.")
            self.notices.append(Problem(None, "", "warning", taken))
            return
        text = ngettext(
            "%(number)s row holds formulas, with the values that they had when the workbook was saved. They may be out "
            "of date.",
            "%(number)s rows hold formulas, with the values that they had when the workbook was saved. They may be out "
            "of date.",
            self._count_of_formulas,
        )
        said, button = numbered(text, self._count_of_formulas), _("Take the saved values")
        self.suggestions.append(Suggestion("saved_values", True, said, button, self._formulas, certain=False))


def _listed(row: Row, width: int) -> list[str]:
    """Return the values of a row, in ``width`` columns or more."""
    width = max(width, *(column + 1 for column in row.values)) if row.values else width
    return [row.values.get(column, "") for column in range(width)]
