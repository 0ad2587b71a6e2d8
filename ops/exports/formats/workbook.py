"""XLSX: a sheet whose cells are all typed as text, so that nothing in them is a formula, a link or a number.

XlsxWriter makes the package; the sheet in it is ours. Its own, where it keeps memory flat, takes a text such as
"<r>…</r>" for XML and writes it as it is, and gives "_x005F_x0041_" back as another text.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.db.models import QuerySet
from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

from ops.exports.columns import Column
from ops.exports.rows import Piece, values
from ops.exports.selections import Refused

MOST_ROWS = 1_048_575  # below the header
MOST_CHARACTERS = 32_767  # in a cell, counted as UTF-16 does
TOO_MANY = f"An Excel sheet holds at most {MOST_ROWS:,} messages, and these are {{:,}}: export them as CSV."
TOO_LONG = f"An Excel cell holds at most {MOST_CHARACTERS:,} characters, and a text here is longer: export it as CSV."

SHEET = "xl/worksheets/sheet1.xml"
BEGINNING = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>\n'
)
END = b"</sheetData></worksheet>"
ODD = re.compile(r"[&<>_\x00-\x08\x0b-\x1f\ufffe\uffff]")
MARKUP = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
# Excel's own way of writing what XML cannot hold; what looks like it already is marked as not being it.
LOOKS_ESCAPED = re.compile(r"_(?=x[0-9a-fA-F]{4}_)")
NOT_IN_XML = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")


def header(columns: Mapping[str, Column]) -> bytes:
    """The beginning of the sheet, with the names of the columns."""
    return BEGINNING + _row(1, columns, _letters(columns)).encode()


def lines(rows: QuerySet, columns: Mapping[str, Column], *, after: int, up_to: int, number: int = 0) -> Iterator[Piece]:
    """The rows of the sheet whose keys come after one and up to another; ``number`` rows come before them.

    Raises Refused for what no sheet can hold.
    """
    letters = _letters(columns)
    for found in values(rows, columns, after=after, up_to=up_to):
        if number + len(found) > MOST_ROWS:
            raise Refused(TOO_MANY.format(number + len(found)))
        # The header is row 1.
        text = "".join(_row(place, row, letters) for place, row in enumerate(found, start=number + 2))
        number += len(found)
        yield text.encode(), len(found)


def pack(
    sheet: Path, target: BinaryIO, title: str, *, author: str, created: datetime, beat: Callable[[], None]
) -> None:
    """Write the workbook that holds a sheet (its beginning and its rows) and says who exported it, and when.

    The same sheet, author and time give the same bytes. ``beat`` is called now and then.
    """
    with zipfile.ZipFile(_package(title, author, created)) as package, zipfile.ZipFile(target, "w") as book:
        for member in package.infolist():
            kept = zipfile.ZipInfo(member.filename)
            kept.compress_type = zipfile.ZIP_DEFLATED
            if member.filename != SHEET:
                book.writestr(kept, package.read(member))
                continue
            kept.file_size = sheet.stat().st_size + len(END)  # where it is known, Excel takes the ZIP as well
            with sheet.open("rb") as source, book.open(kept, "w") as written:
                while chunk := source.read(2**20):
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


def _letters(columns: Mapping[str, Column]) -> list[str]:
    return [xl_col_to_name(place) for place in range(len(columns))]


def _row(number: int, cells: Any, letters: list[str]) -> str:
    written = "".join(
        f'<c r="{letter}{number}" t="inlineStr"><is><t xml:space="preserve">{_text(cell)}</t></is></c>'
        for letter, cell in zip(letters, cells, strict=True)
        if cell != ""
    )
    return f'<row r="{number}">{written}</row>\n'


def _text(cell: Any) -> str:
    """A value as the text of a cell; raises Refused for one that is too long."""
    text = cell if isinstance(cell, str) else str(cell)
    if len(text) > MOST_CHARACTERS // 2 and len(text.encode("utf-16-le")) > MOST_CHARACTERS * 2:
        raise Refused(TOO_LONG)
    if not ODD.search(text):
        return text
    text = LOOKS_ESCAPED.sub("_x005F_", text.translate(MARKUP))
    return NOT_IN_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
