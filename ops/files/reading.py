"""Opening a file of rows. Its format is detected from its content, not from its name."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from ops.files.calamine.reader import ODS, XLS, XLSB, CalamineFile
from ops.files.csv_files import CsvFile
from ops.files.encodings import encoding_of
from ops.files.headers.columns import Columns
from ops.files.json.lines import JsonLines
from ops.files.json.lists import JsonUnder
from ops.files.json.one_object import refuse_one_object
from ops.files.json.reader import looks_like_json
from ops.files.sources import Reading, Source, SourceRow
from ops.files.xlsx.package import Package
from ops.files.xlsx.reader import XlsxFile

__all__ = ["Reading", "Source", "SourceRow", "open_source"]

START = 4_096  # bytes, at least, from which the format is detected
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container of .xls files, and of others that Office writes
ZIP, NAME_IN_ZIP = b"PK\x03\x04", 30  # how a ZIP begins, and where the name of its first part is
# An OpenDocument file begins with a part that states the kind of document.
OPEN_DOCUMENT = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
# A ZIP that begins with one of these is a workbook of Excel, or another document of Office.
FIRST_PARTS = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/")
BINARY_MAIN_PART = "xl/workbook.bin"


@contextmanager
def open_source(path: Path, columns: Columns, reading: Reading) -> Iterator[Source]:
    """Open a file for reading its rows.

    Raises Unreadable if it holds none, HeaderUnfit if its headers do not fit ``columns``, and OSError. Iterating the
    source raises Unreadable as well, once nothing that follows can be trusted.
    """
    with path.open("rb", buffering=1 << 16) as opened:
        file = cast(io.BufferedReader, opened)
        source = _source(file, columns, reading)
        source.size = path.stat().st_size
        yield source


def _source(file: io.BufferedReader, columns: Columns, reading: Reading) -> Source:
    start = file.peek(START)
    workbook = _workbook_format(start, file)
    if workbook == "XLSX":
        return XlsxFile(file, columns, reading)
    if workbook:
        return CalamineFile(file, columns, reading, format=workbook)
    encoding = encoding_of(start[:4], reading.encoding)
    objects = looks_like_json(text := start.decode(encoding.codec, "ignore"))
    if objects is JsonLines and reading.list_under:
        objects = JsonUnder
    elif objects is JsonLines:
        refuse_one_object(text, columns, reading)
    return objects(file, columns, reading) if objects else CsvFile(file, columns, reading)


def _workbook_format(start: bytes, file: io.BufferedReader) -> str:
    """Return the format of a workbook, "" for any other file. Raises Unreadable for a damaged one."""
    if start.startswith(OLE):
        return XLS
    first_part = start[NAME_IN_ZIP:] if start.startswith(ZIP) else b""
    if first_part.startswith(OPEN_DOCUMENT):
        return ODS
    if not first_part.startswith(FIRST_PARTS):
        return ""
    return XLSB if BINARY_MAIN_PART in Package(file) else "XLSX"
