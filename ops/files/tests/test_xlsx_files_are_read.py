"""XLSX workbooks: the values that people see in the cells of the first sheet, as text; faults are reported by row."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from ops.files.headers.unfit import HeaderUnfit
from ops.files.problems import Unreadable
from ops.files.reading import open_source
from ops.files.sources import Reading
from ops.files.tests.files import COLUMNS, TABLE, as_xlsx, opened, problems_of, read_rows, row
from ops.files.xlsx import sheets
from ops.files.xlsx.reader import XlsxFile

OUT_OF_ORDER = "its rows are out of order, or more than 1,048,576"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def written(*rows: list[Any], **options: Any) -> bytes:
    """Return a workbook that openpyxl writes: Python values below our header."""
    content, workbook = io.BytesIO(), openpyxl.Workbook()
    for values in [list(COLUMNS), *rows]:
        workbook.active.append(values)
    for name in options.get("sheets", []):
        workbook.create_sheet(name)
    workbook.save(content)
    return content.getvalue()


def with_sheet(rows: str, *, after: str = "", before: str = "") -> bytes:
    """Return a workbook whose sheet is given as XML: our header, then ``rows``."""
    header = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in COLUMNS)
    return replaced(
        as_xlsx(),
        "xl/worksheets/sheet1.xml",
        f'{before}<worksheet xmlns="{MAIN}"><sheetData><row>{header}</row>{rows}</sheetData>{after}</worksheet>',
    )


def replaced(content: bytes, part: str, text: str) -> bytes:
    """Return the workbook with another text in one of its parts."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, text if name == part else old.read(name))
    return result.getvalue()


def open_xlsx(content: bytes, **options: Any) -> XlsxFile:
    return XlsxFile(opened(content), TABLE, Reading(**options))


def read(content: bytes, **options: Any) -> list[tuple[str, ...]]:
    return read_rows(open_xlsx(content, **options))


def refused(content: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        list(open_xlsx(content))
    return str(caught.value)


def test_texts_are_exact() -> None:
    """Excel writes characters that XML cannot hold as _x0000_, and texts that look like that as _x005F_x0000_."""
    texts = [" a\r\nb\tc\rd ", "_x000D_", "_X000D_", "\x01\x1f", "\ufffe", "🙂<&>\"'", "=1+1", "'=1", "1.0", "x_y"]
    assert [values[-1] for values in read(as_xlsx(*(row(content=text) for text in texts)))] == texts


def test_escapes_of_excel_are_replaced_once_each() -> None:
    """The result of an escape is not the beginning of another one."""
    source = with_sheet('<row><c t="inlineStr"><is><t>_x005F_x005F_x005F_x000D_|_x005f_x41_|_x000a_</t></is></c></row>')
    assert read(source)[0][0] == "_x005F_x000D_|_x41_|\n"


def test_numbers_booleans_and_dates_are_read_as_displayed() -> None:
    moment = datetime(2026, 1, 5, 10, 0, 0, 500_000)
    content = written(
        [1, 2.0, "alice", "bob", moment, True, False, 0.1],
        [10**15, 1e20, "alice", "bob", date(2026, 1, 5), None, None, -7],
        [None, None, "alice", "bob", time(10, 30), None, None, 1.5e-7],
    )
    assert read(content) == [
        ("1", "2", "alice", "bob", "2026-01-05T10:00:00.500000", "true", "false", "0.1"),
        ("1000000000000000", "100000000000000000000", "alice", "bob", "2026-01-05", "", "", "-7"),
        ("", "", "alice", "bob", "10:30:00", "", "", "1.5e-07"),
    ]


def test_dates_of_old_macs_are_read() -> None:
    content, workbook = io.BytesIO(), openpyxl.Workbook()
    workbook.epoch = openpyxl.utils.datetime.MAC_EPOCH
    workbook.active.append(list(COLUMNS))
    workbook.active.append(["1", "", "a", "b", datetime(2026, 1, 5, 10), "", "", "x"])
    workbook.save(content)
    assert read(content.getvalue())[0][4] == "2026-01-05T10:00:00"


def test_rows_count_as_the_spreadsheet_counts_them() -> None:
    """Rows or cells may be missing from the file, or be empty."""
    source = open_xlsx(
        with_sheet(
            '<row r="4"><c r="A4"/><c r="C4" t="str"><v>alice</v></c></row>'
            '<row r="6"><c r="B6"><v> </v></c></row><row r="7"/><row><c><v>1</v></c></row>'
        )
    )
    assert [(number, "|".join(values)) for number, values, _ in source] == [
        (4, "||alice|||||"),
        (8, "1|||||||"),
    ]


def test_rich_texts_are_joined_without_phonetic_hints() -> None:
    rich = '<r><t>東</t></r><r><rPr><b/></rPr><t xml:space="preserve">京 </t></r><rPh><t>トウキョウ</t></rPh>'
    source = with_sheet(f'<row><c t="inlineStr"><is>{rich}</is></c></row>')
    assert read(source)[0][0] == "東京 "


def test_elements_may_have_a_prefix() -> None:
    cells = "".join(f'<x:c t="inlineStr"><x:is><x:t>{name}</x:t></x:is></x:c>' for name in COLUMNS)
    sheet = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row>{cells}</x:row><x:row>{cells}</x:row></x:sheetData>'
    assert read(replaced(as_xlsx(), "xl/worksheets/sheet1.xml", f"{sheet}</x:worksheet>")) == [COLUMNS]


def test_formulas_and_errors_are_problems_of_their_rows() -> None:
    source = open_xlsx(
        with_sheet(
            '<row><c r="H2" t="str"><f>A1&amp;"x"</f><v>x</v></c></row>'
            '<row><c r="C3" t="e"><v>#REF!</v></c></row>'
            '<row><c r="A4"><f>ROW()</f></c></row>'
        )
    )
    assert problems_of(source) == [
        "row 2, content: content holds a formula: paste its value instead, or choose to take the values that formulas "
        "were saved with.",
        "row 3, sender: sender holds an error, #REF!: correct it.",
        "row 4, external_id: external_id holds a formula: paste its value instead.",
    ]


def test_logical_values_are_read_as_libreoffice_writes_them() -> None:
    cells = '<c r="G2" t="b"><f aca="false">FALSE()</f><v>0</v></c><c r="H2" t="b"><f>TRUE()</f><v>1</v></c>'
    assert read(with_sheet(f"<row>{cells}</row>"))[0][6:] == ("false", "true")
    other = open_xlsx(with_sheet('<row><c r="G2" t="b"><f>A1=B1</f><v>0</v></c></row>'))
    assert problems_of(other) == [
        "row 2, read: read holds a formula: paste its value instead, or choose to take the values that formulas were "
        "saved with."
    ]


def test_a_value_without_a_header_is_a_problem_of_its_row() -> None:
    words = "row 2 has a value in column I, which has no header: give it one, or remove the value."
    assert problems_of(open_xlsx(as_xlsx([*row(), "more"]))) == [words]


def test_formulas_in_columns_that_are_not_used_are_no_problem() -> None:
    content, workbook = io.BytesIO(), openpyxl.Workbook()
    workbook.active.append([*COLUMNS, "sum"])
    workbook.active.append([*row(), "=1+1"])
    workbook.save(content)
    assert read(content.getvalue(), ignore_unknown=True) == [row()]


def test_only_the_first_sheet_is_read_and_the_others_are_named() -> None:
    source = open_xlsx(written(list(row()), sheets=["Notes", "a", "b", "c", "d", "e"]))
    assert source.description == "read as XLSX, sheet Sheet; 6 others are left out"
    assert [str(notice) for notice in source.notices] == [
        "only the first sheet, 'Sheet', is read; left out: 'Notes', 'a', 'b', 'c', 'd' and 1 more."
    ]
    assert open_xlsx(as_xlsx(row())).description == "read as XLSX, sheet Sheet1"


def test_an_empty_first_sheet_is_named() -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as workbook:
        workbook.add_worksheet("Cover")
        workbook.add_worksheet("Messages").write_row(0, 0, COLUMNS)
    with pytest.raises(Unreadable) as caught:
        open_xlsx(content.getvalue())
    assert (
        str(caught.value)
        == "the first sheet, 'Cover', is empty, and no other is read: choose another sheet, or put the rows there."
    )


def test_a_hidden_sheet_is_not_the_first() -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as workbook:
        hidden, shown = workbook.add_worksheet("lists"), workbook.add_worksheet("messages")
        hidden.hide()
        shown.activate()
        shown.set_first_sheet()
        shown.write_row(0, 0, COLUMNS)
        shown.write_row(1, 0, row())
    assert open_xlsx(content.getvalue()).description.startswith("read as XLSX, sheet messages;")


def test_the_header_is_fitted_as_in_other_formats() -> None:
    with pytest.raises(HeaderUnfit) as caught:
        open_xlsx(as_xlsx(["1"], headers=["a"]))
    assert (caught.value.unknown, caught.value.problem.row) == (["a"], 1)
    assert refused(as_xlsx()) == "the file has a header and no rows."
    assert refused(as_xlsx(headers=[])) == "the file is empty."


def test_many_texts_are_kept_on_disk() -> None:
    """They are more than are kept in memory; each is found again."""
    texts = [f"{number}é" * 2_000 for number in range(2_000)]
    assert [values[-1] for values in read(as_xlsx(*(row(content=text) for text in texts)))] == texts


def test_the_position_grows_with_what_was_read(tmp_path: Path) -> None:
    path = tmp_path / "messages.xlsx"
    path.write_bytes(as_xlsx(*[row(content="hello " * 50)] * 5_000))
    with open_source(path, TABLE, Reading()) as source:
        positions = [source.position() for _ in source]
        assert positions == sorted(positions)
        assert positions[0] < positions[-1] <= source.size == path.stat().st_size


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (as_xlsx(row())[:-30], "it is cut off or damaged"),
        (as_xlsx(row())[:3_000], "it is cut off or damaged"),
        (replaced(as_xlsx(row()), "xl/worksheets/sheet1.xml", "<worksheet><sheet"), "it is cut off or damaged"),
        (replaced(as_xlsx(row()), "xl/worksheets/sheet1.xml", ""), "it is cut off or damaged"),
        (replaced(as_xlsx(row()), "xl/workbook.xml", "<workbook/>"), "it has no sheet"),
        (
            replaced(as_xlsx(row()), "xl/sharedStrings.xml", "<sst/>"),
            "one of its cells refers to a text that is missing",
        ),
        (with_sheet('<row><c r="A$2"><v>1</v></c></row>'), "one of its cells stands nowhere"),
        (with_sheet('<row r="5"><c><v>1</v></c></row><row r="4"/>'), OUT_OF_ORDER),
        (with_sheet("<row><row/></row>"), OUT_OF_ORDER),
        (with_sheet('<row r="1048577"><c><v>1</v></c></row>'), OUT_OF_ORDER),
        (
            with_sheet('<row><c r="IW2"><v>1</v></c></row>'),
            "it has a value at IW2, far from the other values: remove it",
        ),
        (with_sheet("<row>" + "<c/>" * 20_000 + "</row>"), "row 2 has more than 16,384 columns"),
        (
            with_sheet("", before="<!DOCTYPE x>"),
            "it defines entities or a document type, as no spreadsheet program does",
        ),
    ],
)
def test_a_file_that_is_no_workbook_is_refused_with_the_remedy(content: bytes, why: str) -> None:
    assert refused(content) == f"cannot read this workbook: {why}; save it again as .xlsx or CSV."


def test_a_workbook_without_relationships_of_its_package_is_read() -> None:
    assert read(replaced(as_xlsx(row()), "_rels/.rels", "<Relationships/>")) == [row()]


def test_limits_hold_while_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_ELEMENTS", 10)
    words = "cannot read this workbook: row 2 is built from too many pieces; save it again as .xlsx or CSV."
    assert refused(as_xlsx(row())).startswith("cannot read this workbook: row 1 is built from too many pieces;")
    monkeypatch.setattr(sheets, "MOST_ELEMENTS", 50)
    assert refused(with_sheet("<row>" + "<x>" * 51 + "</x>" * 51 + "</row>")) == words
