"""What all workbooks have in common: the rows of their first sheet, under a header."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from openpyxl.utils.cell import get_column_letter

from ops.files.headers import Columns, fit
from ops.files.problems import Problem, Unreadable, label
from ops.files.sources import Reading, SourceRow

NAMED_SHEETS = 5


class Row(NamedTuple):
    """A row of a sheet that holds anything: its values by column, counted from 0, and what is wrong with some."""

    number: int
    values: dict[int, str]
    flaws: dict[int, str]


class WorkbookFile:
    """The rows of an open workbook, read once.

    Opening reads the header: raises Unreadable where there is none, HeaderUnfit where it does not fit. Iterating gives
    a SourceRow for every row that is not blank, and raises Unreadable from where nothing that follows can be trusted.
    """

    format = ""
    encoding = separator = ""
    size = 0

    def __init__(self, sheets: list[str], rows: Iterator[Row], columns: Columns, reading: Reading) -> None:
        """``rows`` are those of the first of the ``sheets``."""
        self._sheets, self._rows = sheets, rows
        self.notices = _other_sheets(sheets)
        header = next(rows, None)
        if header is None:
            raise Unreadable(_empty(sheets))
        width = max(header.values) + 1
        self.headers = [header.values.get(column, "").strip() for column in range(width)]
        self.used = fit(self.headers, columns, reading, row=header.number).sources
        self._names = columns.names
        self._columns = [self.headers.index(source) if source is not None else -1 for source in self.used]

    @property
    def description(self) -> str:
        """How the file was read, in words."""
        others = len(self._sheets) - 1
        left_out = "" if not others else "; 1 other is left out" if others == 1 else f"; {others} others are left out"
        return f"read as {self.format}, sheet {label(self._sheets[0])}{left_out}"

    @property
    def codec(self) -> tuple[str, str]:
        """The codec and error handler that write its texts as CSV."""
        return "utf-8", "backslashreplace"

    def __iter__(self) -> Iterator[SourceRow]:
        found = False
        for row in self._rows:
            found = True
            values = [row.values.get(column, "") for column in self._columns]
            yield row.number, values, self._problem(row)
        if not found:
            raise Unreadable("the file has a header and no rows.")

    @property
    def original_headers(self) -> list[str]:
        """The names of the values of ``originals``."""
        return self.headers

    def originals(self) -> Iterator[tuple[int, list[str]]]:
        """(number, values as texts) of every row that is not blank, instead of the rows."""
        for row in self._rows:
            width = max(len(self.headers), *(column + 1 for column in row.values))
            yield row.number, [row.values.get(column, "") for column in range(width)]

    def _problem(self, row: Row) -> Problem | None:
        """What is wrong with a row. Flaws in columns that are not used do no harm."""
        for column, name in zip(self._columns, self._names, strict=True):
            flaw = row.flaws.get(column)
            if flaw:
                return Problem(row.number, name, "error", f"{name} holds {flaw}")
        farthest = max(row.values)
        if farthest < len(self.headers):
            return None
        place = get_column_letter(farthest + 1)
        words = (
            f"row {row.number} has a value in column {place}, which has no header: give it one, or remove the value."
        )
        return Problem(row.number, "", "error", words)


def _empty(sheets: list[str]) -> str:
    """The sentence for a workbook whose first sheet is empty."""
    if len(sheets) == 1:
        return "the file is empty."
    return f"the first sheet, {label(sheets[0], quoted=True)}, is empty, and no other is read: put the messages there."


def _other_sheets(sheets: list[str]) -> list[Problem]:
    """A notice that names the sheets that are not read."""
    others = sheets[1:]
    if not others:
        return []
    named = ", ".join(label(name, quoted=True) for name in others[:NAMED_SHEETS])
    more = f" and {len(others) - NAMED_SHEETS:,} more" if len(others) > NAMED_SHEETS else ""
    words = f"only the first sheet, {label(sheets[0], quoted=True)}, is read; left out: {named}{more}."
    return [Problem(None, "", "notice", words)]
