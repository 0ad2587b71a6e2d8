"""XLSX workbooks: the rows of the first sheet, texts exact, memory flat.

openpyxl's own reader alters texts (it drops every "x005F_"), keeps all shared texts and the elements of a row of any
length in memory, and reads 7,000 rows a second: of it, what knows Excel's formats and dates is used.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from openpyxl.utils.cell import get_column_letter

from ops.files.headers import Columns, fit
from ops.files.problems import Problem, Unreadable, label
from ops.files.sources import Reading, SourceRow
from ops.files.xlsx.package import Package
from ops.files.xlsx.sheets import Row, Sheet, workbook_of

NAMED_SHEETS = 5
# A ZIP with one of these in front is a workbook, or some other document of an office program.
FIRST_PARTS = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/")
NAME_IN_ZIP = 30  # where a ZIP says the name of its first part


class XlsxFile:
    """The rows of an open workbook, read once.

    Opening reads the header: raises Unreadable where there is none, or (HeaderUnfit) its columns are not ours.
    Iterating gives a SourceRow for every row that is not blank; raises Unreadable where nothing after can be trusted.
    """

    format = "XLSX"
    encoding = separator = ""
    size = 0

    def __init__(self, file: io.BufferedReader, columns: Columns, reading: Reading) -> None:
        self._package = Package(file)
        self._workbook = workbook_of(self._package)
        self._taken = 0
        self.notices = _left_out(self._workbook.sheets)
        self._rows = Sheet(self._package, self._workbook, self._took).rows()
        header = next(self._rows, None)
        if header is None:
            raise Unreadable(_empty(self._workbook.sheets))
        width = max(header.values) + 1
        self.headers = [header.values.get(column, "").strip() for column in range(width)]
        self.used = fit(self.headers, columns, reading, row=header.number).sources
        self._names = columns.names
        self._columns = [self.headers.index(source) if source is not None else -1 for source in self.used]

    @property
    def description(self) -> str:
        """How the file was understood, in words."""
        others = len(self._workbook.sheets) - 1
        left_out = "" if not others else "; 1 other is left out" if others == 1 else f"; {others} others are left out"
        return f"read as XLSX, sheet {label(self._workbook.sheets[0])}{left_out}"

    @property
    def codec(self) -> tuple[str, str]:
        """What rows of this file are written in where they come back as CSV."""
        return "utf-8", "backslashreplace"

    def position(self) -> int:
        """How much of the file was taken so far, told by how much of the sheet was."""
        whole = self._package.size(self._workbook.sheet_part) or 1
        return self.size * self._taken // whole

    def _took(self, position: int) -> None:
        self._taken = position

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
        """What the values of ``originals`` are called."""
        return self.headers

    def originals(self) -> Iterator[tuple[int, list[str]]]:
        """(number, values as texts) of every row that is not blank, instead of the rows."""
        for row in self._rows:
            width = max(len(self.headers), *(column + 1 for column in row.values))
            yield row.number, [row.values.get(column, "") for column in range(width)]

    def _problem(self, row: Row) -> Problem | None:
        """What keeps a row from being understood; what stands in columns that are not used does not."""
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


def looks_like_a_workbook(start: bytes) -> bool:
    """Whether a file that begins so is one, or was meant to be."""
    return start.startswith(b"PK\x03\x04") and start[NAME_IN_ZIP:].startswith(FIRST_PARTS)


def _empty(sheets: list[str]) -> str:
    """What people are told where the first sheet has nothing in it."""
    if len(sheets) == 1:
        return "the file is empty."
    return f"the first sheet, {label(sheets[0], quoted=True)}, is empty, and no other is read: put the messages there."


def _left_out(sheets: list[str]) -> list[Problem]:
    """Only the first sheet is read, and people are told of the others."""
    others = sheets[1:]
    if not others:
        return []
    named = ", ".join(label(name, quoted=True) for name in others[:NAMED_SHEETS])
    more = f" and {len(others) - NAMED_SHEETS:,} more" if len(others) > NAMED_SHEETS else ""
    words = f"only the first sheet, {label(sheets[0], quoted=True)}, is read; left out: {named}{more}."
    return [Problem(None, "", "notice", words)]
