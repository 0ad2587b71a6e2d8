"""XLSX workbooks: the rows of one sheet, with exact texts and flat memory.

openpyxl's own reader alters texts (it drops every "x005F_"), keeps all shared texts and the elements of a row of any
length in memory, and reads 7,000 rows a second. Only its code for Excel's number formats and dates is used.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from ops.files.headers.columns import Columns
from ops.files.shapes.merged import filled, filled_notice, suggestion
from ops.files.sources import Reading, SourceRow
from ops.files.workbooks import WorkbookFile
from ops.files.xlsx.package import Package
from ops.files.xlsx.sheets import Sheet, merged_cells, workbook_of


class XlsxFile(WorkbookFile):
    """The rows of an open XLSX workbook."""

    format = "XLSX"

    def __init__(self, file: io.BufferedReader, columns: Columns, reading: Reading) -> None:
        package = Package(file)
        workbook = workbook_of(package, reading.sheet)
        self._unpacked = package.size(workbook.sheet_part) or 1
        self._taken = 0  # bytes of the unpacked sheet
        self._package, self._workbook = package, workbook
        self._sheet = Sheet(package, workbook, self._took)
        rows = self._sheet.rows()
        if reading.fill_merged:
            rows = filled(rows, merged_cells(package, workbook.sheet_part))
        self._fill_merged = reading.fill_merged
        super().__init__(workbook.sheets, rows, columns, reading)
        if reading.fill_merged:
            self.notices.append(filled_notice())

    def __iter__(self) -> Iterator[SourceRow]:
        yield from super().__iter__()
        below = [one for one in self._sheet.merged if one.last_row > self.header_row]
        if below and not self._fill_merged:
            again = Sheet(self._package, self._workbook, lambda taken: None)
            self.suggestions.append(suggestion(below, again.rows()))

    def position(self) -> int:
        """Return how many bytes of the file have been read, estimated from the sheet."""
        return self.size * self._taken // self._unpacked

    def _took(self, taken: int) -> None:
        self._taken = taken
