"""Files that are made to do harm: cheap to send, costly to read. Each is written by a function of its own."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ops.files.csv_files import LONGEST_LINE
from ops.files.json.objects import LONGEST_OBJECT
from ops.files.sources import LONGEST_VALUE
from ops.files.tests.files import COLUMNS, as_json, as_xlsx, row
from ops.files.tests.workbooks import as_xls, ods_cell, ods_of, ods_table, xlsb_of, xlsb_sheet
from ops.files.xlsx.package import MOST_PARTS
from ops.files.xlsx.sheets import MOST_ROWS
from ops.files.xlsx.texts import MOST_SHARED_TEXTS

HEADER = ",".join(COLUMNS).encode() + b"\n"
OBJECT = as_json(row())[1:-1]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
MIB = 1 << 20
SHEET, TEXTS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)

# The limits of each file: processor time, as a multiple of the fixed work in ops.files.tests.limited (0.05 to 0.1 s),
# and memory. At full size, on a quiet machine with two cores, the worst files took 74 to 178 times that work.
MOST_TIMES, MOST_MIB = 250, 300

Write = Callable[[Path], None]


class Hostile(NamedTuple):
    """The function that writes a file, and the possible beginnings of the problem that people see.

    ``times`` and ``mib`` are the most that the file may take: a worst-case file the whole limits, a smaller one
    proportionally less; ``mib`` then limits the growth of the process. ``limits`` are constants of modules that are
    lowered for the file.
    """

    write: Write
    beginnings: tuple[str, ...]
    times: float
    mib: int
    limits: Mapping[str, int]


WRITERS: dict[str, Hostile] = {}
NO_LIMITS: Mapping[str, int] = MappingProxyType({})


def gives(
    *beginnings: str, times: float = MOST_TIMES, mib: int = MOST_MIB, limits: Mapping[str, int] = NO_LIMITS
) -> Callable[[Write], Write]:
    """Register the writer of a file, with the beginning of the problem that people see.

    There are several if it depends on the processor which limit is reached first.
    """

    def register(write: Write) -> Write:
        WRITERS[write.__name__] = Hostile(write, beginnings, times, mib, limits)
        return write

    return register


def repeated(piece: bytes, size: int) -> Iterator[bytes]:
    """Yield ``size`` bytes or a few less, consisting only of ``piece``."""
    block = piece * max(1, MIB // len(piece))
    for _ in range(size // len(block)):
        yield block


def long(path: Path, start: bytes, piece: bytes, size: int, end: bytes = b"") -> None:
    """Write a file of many pieces without holding it in memory."""
    with path.open("wb") as file:
        file.write(start)
        file.writelines(repeated(piece, size))
        file.write(end)


def workbook(path: Path, parts: dict[str, Iterator[bytes]]) -> None:
    """Write a valid workbook of one row, with some of its parts replaced."""
    sound = path.with_suffix(".sound")
    sound.write_bytes(as_xlsx(row()))
    with zipfile.ZipFile(sound) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for name in old.namelist():
            with new.open(name, "w") as part:
                for piece in parts.get(name) or [old.read(name)]:
                    part.write(piece)


def sheet(path: Path, rows: Iterator[bytes] | list[bytes], before: str = "") -> None:
    """Write a workbook whose sheet consists of our header and ``rows``."""
    header = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in COLUMNS)

    def pieces() -> Iterator[bytes]:
        yield f'{before}<worksheet xmlns="{MAIN}"><sheetData><row>{header}</row>'.encode()
        yield from rows
        yield b"</sheetData></worksheet>"

    workbook(path, {SHEET: pieces()})


@gives(f"row 2 has a line of more than {LONGEST_LINE:,} characters")
def csv_of_one_line(path: Path) -> None:
    long(path, HEADER, b"x", 100 * MIB)


@gives(
    f"the quote opened in row 2 is never closed, or the value is longer than {LONGEST_VALUE:,} characters",
    times=MOST_TIMES / 8,
)
def csv_of_an_open_quote(path: Path) -> None:
    """Its lines are sixteen times as long as the shortest, so that a sixteenth as many reach the limit."""
    long(path, HEADER + b'"', b"x" * 31 + b"\n", 100 * MIB)


@gives("row 2 has 1 value where 8 are expected", times=MOST_TIMES / 10, mib=21)
def csv_of_a_hundred_thousand_problems(path: Path) -> None:
    path.write_bytes(HEADER + b"x\n" * 100_000)


@gives(f"row 2 has a value of more than {LONGEST_VALUE:,} characters", times=MOST_TIMES / 8)
def csv_of_carriage_returns(path: Path) -> None:
    """Its parts are sixteen times as long as the shortest, too: kept one by one, 100 MiB of them would take 270 MiB."""
    long(path, HEADER + b"1,,a,b,t,,,x\r", b"y" * 31 + b"\r", 100 * MIB)


@gives("the file has 1,000,001 columns, too many to be read.")
def csv_of_a_million_columns(path: Path) -> None:
    path.write_bytes(b"," * 1_000_000 + b"\n")


@gives("row 1 holds lists or objects that are nested too deeply")
def json_of_brackets(path: Path) -> None:
    long(path, b"", b"[", 20 * MIB)


@gives(f"row 1 has more than {LONGEST_OBJECT:,} characters")
def json_of_one_text(path: Path) -> None:
    long(path, b'[{"content": "', b"x", 100 * MIB, b'"}]')


@gives(f"row 1 has more than {LONGEST_OBJECT:,} characters")
def json_line_of_one_text(path: Path) -> None:
    long(path, b'{"content": "', b"x", 100 * MIB, b'"}\n')


@gives("the file has 100,000 columns, too many to be read.", times=MOST_TIMES / 3, mib=70)
def json_of_many_keys(path: Path) -> None:
    path.write_bytes(b"[{" + b",".join(b'"%d":0' % number for number in range(100_000)) + b"}]")


@gives("row 101 has the key 99999 more than once", times=MOST_TIMES / 3, mib=70)
def json_of_a_late_repetition(path: Path) -> None:
    keys = b",".join(b'"%d":0' % number for number in range(100_000))
    path.write_bytes(b"[" + (OBJECT + b",") * 100 + b"{" + keys + b',"99999":0}]')


@gives("expected a list of objects, [{…}, {…}]: this list holds something else.")
def json_of_numbers(path: Path) -> None:
    long(path, b"[1", b"," + b"9" * 4_000, 100 * MIB, b"]")


@gives("row 1 holds lists or objects that are nested too deeply")
def json_lines_of_brackets(path: Path) -> None:
    path.write_bytes((b'{"a":' * 100_000 + b"\n") * 20 + OBJECT + b"\n")


@gives("cannot read this workbook: it would unpack to ")
def xlsx_of_blanks(path: Path) -> None:
    sheet(path, repeated(b" ", 40 * MIB))


@gives("cannot read this workbook: it is cut off or damaged;")
def xlsx_that_lies_about_its_size(path: Path) -> None:
    sheet(path, repeated(b" ", 40 * MIB))
    content = path.read_bytes()
    true_size = zipfile.ZipFile(path).getinfo(SHEET).file_size
    path.write_bytes(content.replace(struct.pack("<L", true_size), struct.pack("<L", 10_000)))


@gives("cannot read this workbook: it has a value at XFD1048576, far from the other values")
def xlsx_with_a_far_cell(path: Path) -> None:
    sheet(path, [b'<row r="1048576"><c r="XFD1048576" t="str"><v>far</v></c></row>'])


@gives("cannot read this workbook: row 2 has more than 16,384 columns;")
def xlsx_of_one_row(path: Path) -> None:
    sheet(path, [b"<row>", *repeated(b"<c/>", 30 * MIB)])


@gives(
    "cannot read this workbook: its rows are out of order, or more than 104,857;",
    times=MOST_TIMES / 10,
    mib=21,
    limits={"ops.files.xlsx.sheets.MOST_ROWS": MOST_ROWS // 10},
)
def xlsx_of_empty_rows(path: Path) -> None:
    sheet(path, repeated(b"<row/>", 3 * MIB))


@gives("cannot read this workbook: row 1 is built from too many pieces;")
def xlsx_of_deep_elements(path: Path) -> None:
    sheet(path, repeated(b"<x>", 30 * MIB))


@gives(f"cannot read this workbook: one of its texts has more than {LONGEST_VALUE:,} characters;")
def xlsx_of_one_text(path: Path) -> None:
    sheet(path, [b'<row><c t="str"><v>', *repeated(b"x", 30 * MIB)])


@gives("cannot read this workbook: it holds names or tags that no spreadsheet program writes;")
def xlsx_of_one_attribute(path: Path) -> None:
    sheet(path, [b'<row x="', *repeated(b"x", 30 * MIB)])


@gives("cannot read this workbook: it holds names or tags that no spreadsheet program writes;")
def xlsx_of_many_names(path: Path) -> None:
    sheet(path, (b"".join(b"<a%x_%x/>" % (block, number) for number in range(100_000)) for block in range(2)))


@gives("cannot read this workbook: it defines entities or a document type")
def xlsx_of_entities(path: Path) -> None:
    sheet(path, [b'<row><c t="str"><v>&i;</v></c></row>'], before=ENTITIES)


@gives("cannot read this workbook: it defines entities or a document type")
def xlsx_of_entities_in_its_texts(path: Path) -> None:
    workbook(path, {TEXTS: iter([ENTITIES.encode(), b"<sst><si><t>&i;</t></si></sst>"])})


@gives("cannot read this workbook: it defines entities or a document type")
def xlsx_that_names_a_file_of_ours(path: Path) -> None:
    outside = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    workbook(path, {"xl/workbook.xml": iter([outside, b"<workbook>&e;</workbook>"])})


@gives(
    "cannot read this workbook: it has more than 400,000 different texts;",
    times=MOST_TIMES / 10,
    mib=21,
    limits={"ops.files.xlsx.texts.MOST_SHARED_TEXTS": MOST_SHARED_TEXTS // 10},
)
def xlsx_of_countless_texts(path: Path) -> None:
    workbook(path, {TEXTS: iter([b"<sst>", *repeated(b"<si/>", 3 * MIB)])})


@gives("cannot read this workbook: it would unpack to ")
def xlsx_of_large_texts(path: Path) -> None:
    workbook(path, {TEXTS: iter([b"<sst>", *repeated(b"<si><t>" + b"x" * 900_000 + b"</t></si>", 40 * MIB)])})


def sharing(path: Path, *rows: int) -> None:
    """Write a workbook with these numbers of cells in its rows; all cells share one long text."""
    names = "".join(f"<si><t>{name}</t></si>" for name in COLUMNS).encode()
    header = "".join(f'<c t="s"><v>{number}</v></c>' for number in range(len(COLUMNS)))
    cells = (b"<row>%s</row>" % (b'<c t="s"><v>8</v></c>' * number) for number in rows)
    sheet = [f'<worksheet xmlns="{MAIN}"><sheetData><row>{header}</row>'.encode(), *cells, b"</sheetData></worksheet>"]
    texts = [b"<sst>", names, b"<si><t>%s</t></si></sst>" % (b"x" * 900_000)]
    workbook(path, {SHEET: iter(sheet), TEXTS: iter(texts)})


@gives("cannot read this workbook: row 2 has texts of more than 8 MiB;")
def xlsx_of_one_text_in_every_column(path: Path) -> None:
    sharing(path, *[256] * 40)


@gives("cannot read this workbook: its texts would unpack to more than 32 MiB;")
def xlsx_of_one_text_in_every_row(path: Path) -> None:
    sharing(path, *[8] * 5_000)


@gives("cannot read this workbook: row 2 has texts of more than 8 MiB;")
def xlsx_of_one_row_of_texts(path: Path) -> None:
    sheet(path, [b"<row>", *[b'<c t="str"><v>%s</v></c>' % (b"x" * 900_000)] * 30, b"</row>"])


@gives("cannot read this workbook: it is built from too many pieces;")
def xlsx_of_countless_formats(path: Path) -> None:
    workbook(path, {"xl/styles.xml": iter([b"<styleSheet><cellXfs>", *repeated(b"<xf/>", 10 * MIB)])})


@gives("cannot read this workbook: it is built from too many pieces;")
def xlsx_of_countless_sheets(path: Path) -> None:
    sheets = repeated(b'<sheet name="x" r:id="rId1"/>', 10 * MIB)
    workbook(path, {"xl/workbook.xml": iter([b'<workbook xmlns:r="x"><sheets>', *sheets])})


@gives("cannot read this workbook: it is a ZIP of too many or too large parts;")
def xlsx_of_countless_parts(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        for number in range(MOST_PARTS + 1):
            file.writestr(f"xl/{number}", b"")


@gives("cannot read this workbook: it is packed in a way that spreadsheet programs do not use;")
def xlsx_packed_otherwise(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("xl/workbook.xml", b" " * MIB)


def repeats(number: int, what: str) -> str:
    return f'table:number-{what}-repeated="{number}"'


def many(piece: str, size: int) -> Iterator[str]:
    """Yield ``size`` characters or a few less, consisting only of ``piece``."""
    return (block.decode() for block in repeated(piece.encode(), size))


@gives("cannot read this workbook: it has 129 MiB unpacked, and at most 128 MiB of ODS are read;")
def ods_of_blanks(path: Path) -> None:
    path.write_bytes(ods_of(many(" ", 129 * MIB)))


@gives("cannot read this workbook: it ")
def ods_of_repeated_cells(path: Path) -> None:
    cell = f'<table:table-cell office:value-type="string" {repeats(16_384, "columns")}><text:p>x</text:p>'
    row = f"<table:table-row {repeats(1_000_000, 'rows')}>{cell}</table:table-cell></table:table-row>"
    path.write_bytes(ods_of(f'<table:table table:name="x">{row}</table:table>'))


@gives("cannot read this workbook: it ")
def ods_of_a_few_repeated_cells(path: Path) -> None:
    """Too few for calamine to refuse them, on a few rows that are repeated."""
    row = f"<table:table-row {repeats(30_000, 'rows')}>{ods_cell('x' * 1_000) * 100}</table:table-row>"
    path.write_bytes(ods_of(f'<table:table table:name="x">{row}</table:table>'))


@gives("the columns of the header do not fit; unknown: far;")
def ods_with_a_far_cell(path: Path) -> None:
    empty = f"<table:table-row {repeats(1_000_000, 'rows')}><table:table-cell/></table:table-row>"
    far = f"<table:table-row><table:table-cell {repeats(16_000, 'columns')}/>{ods_cell('far')}</table:table-row>"
    path.write_bytes(ods_of(f'<table:table table:name="x">{empty}{far}</table:table>'))


@gives("cannot read this workbook: it ")
def ods_of_countless_blanks(path: Path) -> None:
    blanks = ods_cell("x").replace("<text:p>x", '<text:p><text:s text:c="4000000000"/>')
    path.write_bytes(ods_of(f'<table:table table:name="x"><table:table-row>{blanks}</table:table-row></table:table>'))


@gives(f"cannot read this workbook: one of its texts has more than {LONGEST_VALUE:,} characters;", times=MOST_TIMES / 2)
def ods_of_one_text(path: Path) -> None:
    before, after = ods_table("x", [["@"]]).split("@")
    path.write_bytes(ods_of(iter([before, *many("x", 20 * MIB), after])))


@gives("cannot read this workbook: it ", times=MOST_TIMES / 2)
def ods_of_deep_elements(path: Path) -> None:
    path.write_bytes(ods_of(many("<text:p>", 50 * MIB)))


@gives("cannot read this workbook: it is damaged, has a password, or is no workbook;")
def ods_of_entities(path: Path) -> None:
    content = ods_of(ods_table("x", [["@"]]))
    with zipfile.ZipFile(path, "w") as new, zipfile.ZipFile(io.BytesIO(content)) as old:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, ENTITIES.encode() + text.replace(b"@", b"&i;") if name == "content.xml" else text)


@gives(
    "cannot read this workbook: it is too large, or has a value far from the others;",
    "cannot read this workbook: it takes too long to read;",
    times=MOST_TIMES / 2.5,
)
def ods_of_tabs(path: Path) -> None:
    before, after = ods_table("x", [["@"]]).split("@")
    path.write_bytes(ods_of(iter([before, *many("<text:tab/>" * 900 + "</text:p><text:p>", 48 * MIB), after])))


@gives("cannot read this workbook: it is too large, or has a value far from the others;")
def xlsb_with_a_far_cell(path: Path) -> None:
    path.write_bytes(xlsb_of({"x": xlsb_sheet({0: COLUMNS, 1_048_575: ["far"] * 16_384})}))


@gives("cannot read this workbook: it is too large, or has a value far from the others;")
def xlsb_of_wide_rows(path: Path) -> None:
    """Just above the most that may be allocated."""
    path.write_bytes(
        xlsb_of({"x": xlsb_sheet({0: COLUMNS, **dict.fromkeys(range(1, 60_000), ["x"] * 3), 60_000: ["x"] * 200})})
    )


@gives("cannot read this workbook: it is too large, or has a value far from the others;")
def xls_with_a_far_cell(path: Path) -> None:
    path.write_bytes(as_xls(*[[]] * 65_534, ["far"] * 256))


@gives("cannot read this workbook: it ")
def xls_of_zeros(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
        file.truncate(120 * MIB)
