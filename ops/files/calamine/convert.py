"""Reads a workbook with python-calamine and writes its rows as JSON lines: a program of its own, for reader.py.

calamine keeps a whole sheet in memory, with every empty cell between its values: a file of 1 kB can ask for any amount
of it, and where there is none left the process ends at once. So this runs in a process of its own, with limits. It
takes the workbook as its input. The first line that it writes is the list of the sheets, the one that is read first;
each following one is a row: [number, texts]. How it ended is told by its exit status.
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
from typing import BinaryIO
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

MOST_MEMORY = 300 << 20  # bytes of addresses
MOST_SECONDS = 10  # of the processor
MOST_WRITTEN = 512 << 20  # bytes
LONGEST_TEXT = 1_000_000  # characters

DAMAGED, NO_SHEET, LONG_TEXT, TOO_LARGE, DISK_FULL = range(10, 15)  # exit statuses
OF_ERRORS = {errno.EFBIG: TOO_LARGE, errno.ENOSPC: DISK_FULL, errno.EDQUOT: DISK_FULL}

CONTENT = "content.xml"  # of an OpenDocument workbook
# calamine drops these elements of its texts.
TAB_OR_BREAK = re.compile(rb"<text:(tab|line-break)\b[^>]*/>")

Value = int | float | str | bool | date | time | timedelta


class Refused(Exception):
    """The workbook is not read; ``status`` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def main(workbook: BinaryIO) -> int:
    """Write the sheets and rows of a workbook; returns the exit status."""
    try:
        for line in lines(checked(workbook)):
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


def lines(workbook: BinaryIO) -> Iterator[list]:
    """The names of the sheets, then each row that holds anything."""
    workbook.seek(0)
    book = CalamineWorkbook.from_filelike(workbook)
    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    if not sheets:
        raise Refused(NO_SHEET)
    # A hidden sheet was not meant, unless there is nothing else.
    sheets.sort(key=lambda sheet: sheet.visible != SheetVisibleEnum.Visible)
    names = [sheet.name for sheet in sheets]
    yield names
    for number, values in enumerate(book.get_sheet_by_name(names[0]).iter_rows(), start=1):
        texts = [text_of(value) for value in values]
        if any(texts):
            yield [number, texts]


def text_of(value: Value) -> str:
    """A value as the reader of XLSX files gives it: dates in ISO 8601, numbers as people write them."""
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise Refused(LONG_TEXT)
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def checked(workbook: BinaryIO) -> BinaryIO:
    """The workbook, or a copy of which calamine reads all texts. Raises Refused where it is damaged.

    calamine reads a damaged sheet up to the damage and says nothing.
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
        return with_tabs(archive, content) if TAB_OR_BREAK.search(content) else workbook


def check_xml(content: bytes) -> None:
    """Raises ExpatError where it is not well-formed, Refused where it defines entities, as no spreadsheet does."""

    def refuse(*_: object) -> None:
        raise Refused(DAMAGED)

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(content, True)


def with_tabs(archive: zipfile.ZipFile, content: bytes) -> BinaryIO:
    """A copy of an OpenDocument workbook, with characters for the tabs and line breaks in its content."""
    content = TAB_OR_BREAK.sub(lambda found: b"&#9;" if found[1] == b"tab" else b"&#10;", content)
    copy = io.BytesIO()
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for name in archive.namelist():
            new.writestr(name, content if name == CONTENT else archive.read(name))
    return copy


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_WRITTEN, MOST_WRITTEN))
    sys.exit(main(sys.stdin.buffer))
