"""A program that reads a workbook with python-calamine and writes its rows as JSON lines, for reader.py.

calamine keeps a whole sheet in memory, with every empty cell between its values: a file of 1 kB can demand any amount
of it, and without any left the process aborts. So this runs in a process of its own, with limits. It reads the
workbook from standard input; its arguments are the longest value and the sheet to read ("" for the first). Its first
line of output has the sheets, the hidden ones and the merged cells; each following line is a row: [number, texts]. Its
exit status shows how it ended.
"""

from __future__ import annotations

import errno
import io
import json
import re
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from typing import BinaryIO
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

MOST_MEMORY = 300 << 20  # bytes of addresses
MOST_SECONDS = 10  # of the processor
MOST_WRITTEN = 512 << 20  # bytes
MOST_MERGED = 50_000
MOST_COLUMNS = 16_384  # of a sheet, as in Excel and LibreOffice

DAMAGED, NO_SHEET, LONG_TEXT, TOO_LARGE, DISK_FULL = range(10, 15)  # exit statuses
OF_ERRORS = {errno.EFBIG: TOO_LARGE, errno.ENOSPC: DISK_FULL, errno.EDQUOT: DISK_FULL}

CONTENT = "content.xml"  # of an OpenDocument workbook
# calamine drops these elements from texts. There may be millions: replacing each kind by a constant takes less than
# half the time of calling a function for each.
DROPPED = {re.compile(rb"<text:tab\b[^>]*/>"): b"&#9;", re.compile(rb"<text:line-break\b[^>]*/>"): b"&#10;"}
# calamine does not report which cells of an OpenDocument workbook are merged.
SPAN = re.compile(rb'\btable:number-(?:rows|columns)-spanned="(?!1")')

Value = int | float | str | bool | date | time | timedelta


class Refused(Exception):
    """The workbook is not read; ``status`` is the exit status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def main(workbook: BinaryIO, longest: int, sheet: str) -> int:
    """Write the sheets and the rows of one of them; return the exit status."""
    try:
        for line in lines(checked(workbook), longest, sheet):
            print(json.dumps(line))
        sys.stdout.flush()
    except Refused as error:
        return error.status
    except (CalamineError, zipfile.BadZipFile, zlib.error, expat.ExpatError):
        return DAMAGED
    except MemoryError:
        return TOO_LARGE
    except OSError as error:
        return OF_ERRORS.get(error.errno or 0, DAMAGED)
    return 0


def lines(workbook: BinaryIO, longest: int, chosen: str) -> Iterator[list | dict]:
    """Yield the sheets (names, hidden, merged cells), then each row that is not blank; no rows for an unknown sheet."""
    workbook.seek(0)
    book = CalamineWorkbook.from_filelike(workbook)
    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    if not sheets:
        raise Refused(NO_SHEET)
    names = [sheet.name for sheet in sheets]
    hidden = [sheet.name for sheet in sheets if sheet.visible != SheetVisibleEnum.Visible]
    # A hidden sheet is not meant, unless there is no other.
    name = chosen or next((name for name in names if name not in hidden), names[0])
    sheet = book.get_sheet_by_name(name) if name in names else None
    merged = [[*start, *end] for start, end in (sheet.merged_cell_ranges or [])] if sheet else []
    merged = merged or merged_in_open_document(workbook, name)
    yield {"names": names, "hidden": hidden, "merged": merged[:MOST_MERGED]}
    for number, values in enumerate(sheet.iter_rows() if sheet else (), start=1):
        texts = [text_of(value, longest) for value in values]
        if any(texts):
            yield [number, texts]


def text_of(value: Value, longest: int) -> str:
    """Return a value as the XLSX reader does: dates in ISO 8601, numbers as people write them."""
    if isinstance(value, str):
        if len(value) > longest:
            raise Refused(LONG_TEXT)
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float):
        # The shortest digits that identify this number, as spreadsheets show it, not all digits of the float.
        return str(int(Decimal(repr(value)))) if value.is_integer() else repr(value)
    return str(value)


def checked(workbook: BinaryIO) -> BinaryIO:
    """Return the workbook, or a copy from which calamine reads all texts. Raises Refused if it is damaged.

    calamine itself silently reads a damaged sheet up to the damage.
    """
    if not zipfile.is_zipfile(workbook):
        return workbook
    with zipfile.ZipFile(workbook) as archive:
        if archive.testzip() is not None:
            raise Refused(DAMAGED)
        if CONTENT not in archive.namelist():
            return workbook
        content = archive.read(CONTENT)
        check_xml(content)
        return with_tabs(archive, content) if any(one.search(content) for one in DROPPED) else workbook


def check_xml(content: bytes) -> None:
    """Raise ExpatError if it is not well-formed, Refused if it has a document type, which no spreadsheet has."""

    def refuse(*_: object) -> None:
        raise Refused(DAMAGED)

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(content, True)


def with_tabs(archive: zipfile.ZipFile, content: bytes) -> BinaryIO:
    """Return a copy of an OpenDocument workbook, with characters for the tabs and line breaks in its content."""
    for element, character in DROPPED.items():
        content = element.sub(character, content)
    copy = io.BytesIO()
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for name in archive.namelist():
            new.writestr(name, content if name == CONTENT else archive.read(name))
    return copy


class MergedCells:
    """Handlers for the XML elements of an OpenDocument workbook.

    ``found`` has [top, left, bottom, right] of the merged cells of a sheet.
    One element may stand for several equal rows or cells.
    """

    def __init__(self, sheet: str) -> None:
        self.found: list[list[int]] = []
        self._sheet, self._inside = sheet, False
        self._row, self._rows, self._column = 0, 1, 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        def number(attribute: str) -> int:
            return int(attributes.get(f"table:number-{attribute}", 1))

        if name == "table:table":
            self._inside, self._row = attributes.get("table:name") == self._sheet, 0
        elif self._inside and name == "table:table-row":
            self._rows, self._column = number("rows-repeated"), 0
        elif self._inside and name in ("table:table-cell", "table:covered-table-cell"):
            rows, columns = number("rows-spanned"), min(number("columns-spanned"), MOST_COLUMNS)
            if rows > 1 or columns > 1:
                self.found.append([self._row, self._column, self._row + rows - 1, self._column + columns - 1])
            self._column += number("columns-repeated")

    def end(self, name: str) -> None:
        if self._inside and name == "table:table-row":
            self._row += self._rows


def merged_in_open_document(workbook: BinaryIO, sheet: str) -> list[list[int]]:
    """Return the merged cells of a sheet of an OpenDocument workbook; an empty list for other formats."""
    workbook.seek(0)
    if not zipfile.is_zipfile(workbook):
        return []
    with zipfile.ZipFile(workbook) as archive:
        content = archive.read(CONTENT) if CONTENT in archive.namelist() else b""
    if not SPAN.search(content):
        return []
    cells, parser = MergedCells(sheet), expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = cells.start, cells.end
    try:
        parser.Parse(content, True)
    except ValueError as error:
        raise Refused(DAMAGED) from error
    return cells.found


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_WRITTEN, MOST_WRITTEN))
    sys.exit(main(sys.stdin.buffer, int(sys.argv[1]), sys.argv[2]))
