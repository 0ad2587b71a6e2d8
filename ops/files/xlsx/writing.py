"""Writing XLSX: one sheet whose cells are all typed as text, so that no cell is a formula, a link or a number.

XlsxWriter makes the package; the sheet in it is written here. XlsxWriter's own sheet, where it keeps memory flat, takes
a text such as "<r>…</r>" for XML and writes it as it is, and changes the text "_x005F_x0041_".
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

MOST_ROWS = 1_048_575  # below the header
MOST_CHARACTERS = 32_767  # in a cell, counted as UTF-16 does

SHEET = "xl/worksheets/sheet1.xml"
BEGINNING = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>\n'
)
END = b"</sheetData></worksheet>"
NEEDS_ESCAPE = re.compile(r"[&<>_\x00-\x08\x0b-\x1f\ufffe\uffff]")
MARKUP = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
# Excel's own way of writing what XML cannot hold; text that looks like it already is escaped as well.
LOOKS_ESCAPED = re.compile(r"_(?=x[0-9a-fA-F]{4}_)")
NOT_IN_XML = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")


class CellTooLong(Exception):
    """A text has more characters than a cell can hold."""


def letters_of(columns: int) -> list[str]:
    """The letters of so many columns."""
    return [xl_col_to_name(place) for place in range(columns)]


def beginning(names: Sequence[str]) -> bytes:
    """The sheet up to its header, which is row 1."""
    return BEGINNING + row(1, names, letters_of(len(names))).encode()


def row(number: int, cells: Iterable[Any], letters: Sequence[str]) -> str:
    """A row of the sheet; empty cells are left out. Raises CellTooLong."""
    written = "".join(
        f'<c r="{letter}{number}" t="inlineStr"><is><t xml:space="preserve">{_text(cell)}</t></is></c>'
        for letter, cell in zip(letters, cells, strict=True)
        if cell != "" and cell is not None
    )
    return f'<row r="{number}">{written}</row>\n'


def pack(
    sheet: BinaryIO,
    size: int,
    target: BinaryIO,
    title: str,
    *,
    author: str,
    created: datetime,
    beat: Callable[[], None] = lambda: None,
) -> None:
    """Write the workbook with a sheet (its beginning and its rows, ``size`` bytes), its author and its time.

    The same sheet, author and time give the same bytes. ``beat`` is called now and then.
    """
    with zipfile.ZipFile(_package(title, author, created)) as package, zipfile.ZipFile(target, "w") as book:
        for member in package.infolist():
            kept = zipfile.ZipInfo(member.filename)
            kept.compress_type = zipfile.ZIP_DEFLATED
            if member.filename != SHEET:
                book.writestr(kept, package.read(member))
                continue
            kept.file_size = size + len(END)  # the header of the member says it, as Excel expects
            with book.open(kept, "w") as written:
                while chunk := sheet.read(2**20):
                    written.write(chunk)
                    beat()
                written.write(END)


def _package(title: str, author: str, created: datetime) -> io.BytesIO:
    """A workbook with one empty sheet."""
    package = io.BytesIO()
    with Workbook(package, {"in_memory": True}) as book:
        moment = created.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        book.set_properties({"author": author, "created": moment, "comments": f"Exported by {author}"})
        book.add_worksheet(title)
    return package


def _text(cell: Any) -> str:
    """A value as the text of a cell."""
    text = cell if isinstance(cell, str) else str(cell)
    if len(text) > MOST_CHARACTERS // 2 and len(text.encode("utf-16-le")) > MOST_CHARACTERS * 2:
        raise CellTooLong
    if not NEEDS_ESCAPE.search(text):
        return text
    text = LOOKS_ESCAPED.sub("_x005F_", text.translate(MARKUP))
    return NOT_IN_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
