"""Shorthand for tests: workbooks in formats that the console reads but does not write."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Any
from xml.sax.saxutils import escape

import xlwt

from ops.files.tests.files import COLUMNS

Values = Iterable[Any]
EPOCH = datetime(1899, 12, 30)

# --- OpenDocument ----------------------------------------------------------------------------------------------------

MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "style", "manifest")
)
MANIFEST = (
    f'<manifest:manifest {NAMES} manifest:version="1.3">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{MIMETYPE}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)


def ods_cell(value: Any) -> str:
    """Return a cell as LibreOffice writes it."""
    if isinstance(value, bool):
        return f'<table:table-cell office:value-type="boolean" office:boolean-value="{str(value).lower()}"/>'
    if isinstance(value, int | float):
        return f'<table:table-cell office:value-type="float" office:value="{value!r}"/>'
    if isinstance(value, date):
        return f'<table:table-cell office:value-type="date" office:date-value="{value.isoformat()}"/>'
    if isinstance(value, time):
        return f'<table:table-cell office:value-type="time" office:time-value="{value.strftime("PT%HH%MM%SS")}"/>'
    if not value:
        return "<table:table-cell/>"
    return f'<table:table-cell office:value-type="string">{ods_text(value)}</table:table-cell>'


def ods_text(text: str) -> str:
    """Return a text in paragraphs, with elements for tabs and blanks."""
    escaped = escape(text, {"\r": "&#13;"})
    spaced = re.sub(" +", lambda run: f'<text:s text:c="{len(run[0])}"/>', escaped)
    return "".join(f"<text:p>{line}</text:p>" for line in spaced.replace("\t", "<text:tab/>").split("\n"))


def ods_of(content: str | Iterator[str]) -> bytes:
    """Return a workbook with this content in its body."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), MIMETYPE)
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        with archive.open("content.xml", "w") as part:
            part.write(f"<office:document-content {NAMES}><office:body><office:spreadsheet>".encode())
            part.writelines(piece.encode() for piece in ([content] if isinstance(content, str) else content))
            part.write(b"</office:spreadsheet></office:body></office:document-content>")
    return file.getvalue()


def ods_table(name: str, rows: Iterable[Values]) -> str:
    """Return a table whose remaining rows and columns are empty, as LibreOffice writes it."""
    rest = '<table:table-cell table:number-columns-repeated="16000"/>'
    lines = "".join(f"<table:table-row>{''.join(map(ods_cell, row))}{rest}</table:table-row>" for row in rows)
    empty = f'<table:table-row table:number-rows-repeated="1000000">{rest}</table:table-row>'
    return f'<table:table table:name="{name}">{lines}{empty}</table:table>'


def as_ods(*rows: Values, headers: Values = COLUMNS, others: Iterable[str] = ()) -> bytes:
    """Return the rows under our header, as an OpenDocument workbook; ``others`` are the names of further sheets."""
    tables = [ods_table("Sheet1", [headers, *rows]), *(ods_table(name, [["x"]]) for name in others)]
    return ods_of("".join(tables))


# --- Excel 97 --------------------------------------------------------------------------------------------------------

FORMATS = {datetime: "YYYY-MM-DD HH:MM:SS", date: "YYYY-MM-DD", time: "HH:MM:SS"}


def as_xls(*rows: Values, headers: Values = COLUMNS, others: Iterable[str] = ()) -> bytes:
    """Return the rows under our header, as a workbook of Excel 97; ``others`` are the names of further sheets."""
    file, book = io.BytesIO(), xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Sheet1")
    styles = {kind: xlwt.easyxf(num_format_str=text) for kind, text in FORMATS.items()}
    for number, values in enumerate([headers, *rows]):
        for column, value in enumerate(values):
            if value not in ("", None):
                sheet.write(number, column, value, styles.get(type(value), xlwt.Style.default_style))
    for name in others:
        book.add_sheet(name).write(0, 0, "x")
    book.save(file)
    return file.getvalue()


# --- Excel's binary format, as [MS-XLSB] describes it ----------------------------------------------------------------

TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>'
)
KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DATE_FORMATS = (0, 14, 22, 21)  # general, a date, a date with time, a time
STYLES = {date: 1, datetime: 2, time: 3}


def as_xlsb(*rows: Values, headers: Values = COLUMNS, others: Iterable[str] = ()) -> bytes:
    """Return the rows under our header, as a binary workbook; ``others`` are the names of further sheets."""
    first = xlsb_sheet(dict(enumerate([headers, *rows])))
    return xlsb_of({"Sheet1": first, **{name: xlsb_sheet({0: ["x"]}) for name in others}})


def xlsb_of(sheets: dict[str, bytes], *, hidden: Iterable[str] = ()) -> bytes:
    """Return a workbook of these sheets."""
    file = io.BytesIO()
    related = [(f"rId{number}", "worksheet", f"worksheets/sheet{number}.bin") for number in range(1, len(sheets) + 1)]
    bundle = b"".join(
        _record(156, struct.pack("<2I", name in hidden, number) + _wide(identity) + _wide(name))
        for number, ((identity, *_), name) in enumerate(zip(related, sheets, strict=True), start=1)
    )
    formats = (_record(47, struct.pack("<2H8xI", 0xFFFF, format, 0)) for format in DATE_FORMATS)
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": _relations([("rId1", "officeDocument", "xl/workbook.bin")]),
        "xl/_rels/workbook.bin.rels": _relations([*related, ("rIdStyles", "styles", "styles.bin")]),
        "xl/workbook.bin": b"".join([_record(131), _record(143), bundle, _record(144), _record(132)]),
        "xl/styles.bin": b"".join(
            [_record(278), _record(617, struct.pack("<I", len(DATE_FORMATS))), *formats, _record(618), _record(279)]
        ),
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        for (*_, path), content in zip(related, sheets.values(), strict=True):
            archive.writestr(f"xl/{path}", content)
    return file.getvalue()


def xlsb_sheet(rows: dict[int, Values]) -> bytes:
    """Return a sheet of these rows, by their numbers from 0."""
    lines, last = [], 0
    for number, values in rows.items():
        lines.append(_record(0, struct.pack("<2I2HBI", number, 0, 300, 0, 0, 0)))
        for column, value in enumerate(values):
            if value not in ("", None):
                lines.append(_xlsb_cell(column, value))
                last = max(last, column)
    size = _record(148, struct.pack("<4I", 0, max(rows), 0, last))
    return b"".join([_record(129), size, _record(145), *lines, _record(146), _record(130)])


def _xlsb_cell(column: int, value: Any) -> bytes:
    head = struct.pack("<2I", column, STYLES.get(type(value), 0))
    if isinstance(value, bool):
        return _record(4, head + bytes([value]))
    if isinstance(value, str):
        return _record(6, head + _wide(value))
    return _record(5, head + struct.pack("<d", _serial(value)))


def _serial(value: Any) -> float:
    """Return a date or time as Excel's serial number."""
    if isinstance(value, time):
        return (value.hour * 3_600 + value.minute * 60 + value.second) / 86_400
    if isinstance(value, datetime):
        return (value - EPOCH).total_seconds() / 86_400
    return (value - EPOCH.date()).days if isinstance(value, date) else value


def _record(kind: int, payload: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 127 | 128, kind >> 7])
    size, left = b"", len(payload)
    while left > 127:
        size, left = size + bytes([left & 127 | 128]), left >> 7
    return head + size + bytes([left]) + payload


def _wide(text: str) -> bytes:
    encoded = text.encode("utf-16-le", "surrogatepass")
    return struct.pack("<I", len(encoded) // 2) + encoded


def _relations(related: list[tuple[str, str, str]]) -> str:
    lines = (f'<Relationship Id="{one}" Type="{KINDS}/{kind}" Target="{path}"/>' for one, kind, path in related)
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{space}">{"".join(lines)}</Relationships>'
