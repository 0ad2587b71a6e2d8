"""XLSX workbooks: the rows of the first sheet, with exact texts and flat memory.

openpyxl's own reader alters texts (it drops every "x005F_"), keeps all shared texts and the elements of a row of any
length in memory, and reads 7,000 rows a second. Only what it knows of Excel's number formats and dates is used.
"""

from __future__ import annotations

import io

from ops.files.headers import Columns
from ops.files.sources import Reading
from ops.files.workbooks import WorkbookFile
from ops.files.xlsx.package import Package
from ops.files.xlsx.sheets import Sheet, workbook_of


class XlsxFile(WorkbookFile):
    """The rows of an open XLSX workbook."""

    format = "XLSX"

    def __init__(self, file: io.BufferedReader, columns: Columns, reading: Reading) -> None:
        package = Package(file)
        workbook = workbook_of(package)
        self._unpacked = package.size(workbook.sheet_part) or 1
        self._taken = 0  # bytes of the unpacked sheet
        super().__init__(workbook.sheets, Sheet(package, workbook, self._took).rows(), columns, reading)

    def position(self) -> int:
        """How much of the file was read so far, estimated from how much of the sheet was."""
        return self.size * self._taken // self._unpacked

    def _took(self, taken: int) -> None:
        self._taken = taken
