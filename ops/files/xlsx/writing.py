"""Writing XLSX: one sheet that people work with, in which no text is taken for a formula, a link or a number.

Texts are typed and formatted as text, times are dates, flags are logical values; the header is bold, stays in view and
has filters. XlsxWriter makes the package; the sheet in it is written here, because XlsxWriter, in the mode that keeps
memory flat, writes a text such as "<r>…</r>" as XML, and changes the text "_x005F_x0041_".
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO, NamedTuple

from ops.files.dialects.utc_times import exact_header, in_utc_header
from ops.serving.lazy_modules import LazyModule

xlsxwriter, excel_cells = LazyModule("xlsxwriter"), LazyModule("xlsxwriter.utility")

MOST_ROWS = 1_048_575  # below the header
MOST_CHARACTERS = 32_767  # in a cell, counted as UTF-16 does

SHEET = "xl/worksheets/sheet1.xml"
BEGINNING = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<sheetViews><sheetView tabSelected="1" workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
)
# The formats of cells, in the order in which _package() uses them; 0 is none.
TEXT_STYLE, DATE_STYLE, HEADER_STYLE = 1, 2, 3
DATE_FORMAT = "yyyy-mm-dd hh:mm:ss.000"
EPOCH = datetime(1899, 12, 30, tzinfo=UTC)  # day 0 of Excel
FIRST_DAY = 61  # 1900-03-01: before it Excel counts a day that never existed
MILLISECONDS = 86_400_000  # of a day
WITH_FRACTION = 32  # characters of a time in ISO 8601 with microseconds
WHOLE_NUMBERS = 10**15  # below it Excel keeps all digits
EXACT_WIDTH = 33  # characters
NEEDS_ESCAPE = re.compile(r"[&<>_\x00-\x08\x0b-\x1f\ufffe\uffff]")
MARKUP = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
# Excel's own escapes for what XML cannot hold; text that already looks like one is escaped as well.
LOOKS_ESCAPED = re.compile(r"_(?=x[0-9a-fA-F]{4}_)")
NOT_IN_XML = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]")


class CellTooLong(Exception):
    """A text has more characters than a cell can hold."""


class Column(NamedTuple):
    """A column: its name, how its values are written (one of CELLS), and its width in characters."""

    name: str
    kind: str
    width: float


class Sheet:
    """The rows of a sheet. A column of kind "timestamp" is followed, after all others, by one of exact texts."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._moments = [place for place, column in enumerate(columns) if column.kind == "timestamp"]
        names = [in_utc_header(one.name) if one.kind == "timestamp" else one.name for one in columns]
        self._names = [*names, *(exact_header(columns[place].name) for place in self._moments)]
        self._widths = [*(one.width for one in columns), *[EXACT_WIDTH] * len(self._moments)]
        self.width = len(self._names)
        letters = [excel_cells.xl_col_to_name(place) for place in range(self.width)]
        self._cells = [(letter, CELLS[one.kind]) for letter, one in zip(letters, columns, strict=False)]
        self._exact = list(zip(self._moments, letters[len(columns) :], strict=True))

    def beginning(self) -> bytes:
        """Return the sheet up to and including its header, which is row 1."""
        columns = "".join(
            f'<col min="{place}" max="{place}" width="{width}" customWidth="1"/>'
            for place, width in enumerate(self._widths, start=1)
        )
        header = "".join(
            _text_cell(excel_cells.xl_col_to_name(place), 1, name, HEADER_STYLE)
            for place, name in enumerate(self._names)
        )
        return f'{BEGINNING}<cols>{columns}</cols><sheetData>\n<row r="1">{header}</row>\n'.encode()

    def row(self, number: int, values: Sequence[Any]) -> str:
        """Return a row of the sheet; empty cells are left out. Raises CellTooLong."""
        written = [
            write(letter, number, value)
            for (letter, write), value in zip(self._cells, values, strict=True)
            if value != "" and value is not None
        ]
        for place, letter in self._exact:
            moment = values[place]
            if moment and len(moment) == WITH_FRACTION:
                written.append(_text_cell(letter, number, moment))
        return f'<row r="{number}">{"".join(written)}</row>\n'


def _text_cell(letter: str, number: int, value: Any, style: int = TEXT_STYLE) -> str:
    return f'<c r="{letter}{number}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{_text(value)}</t></is></c>'


def _date_cell(letter: str, number: int, value: str) -> str:
    """Return a time in ISO 8601 as a date, cut to the millisecond; as text if Excel has no such date."""
    try:
        since = datetime.fromisoformat(value) - EPOCH
    except (ValueError, TypeError):
        return _text_cell(letter, number, value)
    if since.days < FIRST_DAY:
        return _text_cell(letter, number, value)
    days = since.days + (since.seconds * 1_000 + since.microseconds // 1_000) / MILLISECONDS
    return f'<c r="{letter}{number}" s="{DATE_STYLE}"><v>{days!r}</v></c>'


def _flag_cell(letter: str, number: int, value: Any) -> str:
    return f'<c r="{letter}{number}" t="b"><v>{1 if value == "true" else 0}</v></c>'


def _number_cell(letter: str, number: int, value: Any) -> str:
    if isinstance(value, int) and abs(value) < WHOLE_NUMBERS:
        return f'<c r="{letter}{number}"><v>{value}</v></c>'
    return _text_cell(letter, number, value)


CELLS: dict[str, Callable[[str, int, Any], str]] = {
    "text": _text_cell,
    "timestamp": _date_cell,
    "flag": _flag_cell,
    "number": _number_cell,
}


def pack(
    sheet: BinaryIO,
    size: int,
    target: BinaryIO,
    title: str,
    *,
    rows: int,
    columns: int,
    author: str,
    created: datetime,
    beat: Callable[[], None] = lambda: None,
) -> None:
    """Write a workbook with one sheet (its beginning and its ``rows``, ``size`` bytes), an author and a time.

    The same sheet, author and time give the same bytes. ``beat`` is called after each chunk.
    """
    end = f'</sheetData><autoFilter ref="A1:{excel_cells.xl_col_to_name(columns - 1)}{rows + 1}"/></worksheet>'.encode()
    with (
        zipfile.ZipFile(_package(title, author, created, rows, columns)) as package,
        zipfile.ZipFile(target, "w") as book,
    ):
        for member in package.infolist():
            kept = zipfile.ZipInfo(member.filename)
            kept.compress_type = zipfile.ZIP_DEFLATED
            if member.filename != SHEET:
                book.writestr(kept, package.read(member))
                continue
            kept.file_size = size + len(end)  # for the header of the member, where Excel expects it
            with book.open(kept, "w") as written:
                while chunk := sheet.read(2**20):
                    written.write(chunk)
                    beat()
                written.write(end)


def _package(title: str, author: str, created: datetime, rows: int, columns: int) -> io.BytesIO:
    """Return a workbook with a placeholder for the sheet, and all other parts that ours needs."""
    package = io.BytesIO()
    with xlsxwriter.Workbook(package, {"in_memory": True}) as book:
        moment = created.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        book.set_properties({"author": author, "created": moment, "comments": f"Exported by {author}"})
        sheet = book.add_worksheet(title)
        # Formats are numbered as they are used.
        formats: list[dict[str, Any]] = [{"num_format": "@"}, {"num_format": DATE_FORMAT}, {"bold": True}]
        for place, format in enumerate(formats):
            sheet.write_blank(0, place, None, book.add_format(format))
        sheet.autofilter(0, 0, rows, columns - 1)
    return package


def _text(cell: Any) -> str:
    """Return a value as the text of a cell. Raises CellTooLong."""
    text = cell if isinstance(cell, str) else str(cell)
    if len(text) > MOST_CHARACTERS // 2 and len(text.encode("utf-16-le")) > MOST_CHARACTERS * 2:
        raise CellTooLong
    if not NEEDS_ESCAPE.search(text):
        return text
    text = LOOKS_ESCAPED.sub("_x005F_", text.translate(MARKUP))
    return NOT_IN_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
