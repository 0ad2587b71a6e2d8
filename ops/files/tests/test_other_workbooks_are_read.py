"""OpenDocument and Excel's other formats: the values that people see in the cells of the first sheet, within limits."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.files.calamine import convert, reader
from ops.files.headers.unfit import HeaderUnfit
from ops.files.problems import Unreadable
from ops.files.reading import open_source
from ops.files.sources import LONGEST_VALUE, Reading
from ops.files.tests.files import COLUMNS, TABLE, problems_of, read_rows, row
from ops.files.tests.workbooks import (
    as_ods,
    as_xls,
    as_xlsb,
    ods_cell,
    ods_of,
    ods_table,
    ods_text,
    xlsb_of,
    xlsb_sheet,
)

Write = Callable[..., bytes]
FORMATS: list[tuple[Write, str]] = [(as_ods, "ODS"), (as_xls, "XLS"), (as_xlsb, "XLSB")]
WRITERS = [write for write, _ in FORMATS]
REMEDY = "save it again as .xlsx or CSV."
DAMAGED = f"cannot read this workbook: it is damaged, has a password, or is no workbook; {REMEDY}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A name without a suffix: the format is detected from the content."""
    return tmp_path / "messages"


def read(path: Path, content: bytes, **options: Any) -> list[tuple[str, ...]]:
    path.write_bytes(content)
    with open_source(path, TABLE, Reading(**options)) as source:
        return read_rows(source)


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(Unreadable) as caught, open_source(path, TABLE, Reading()) as source:
        list(source)
    return str(caught.value)


def converted(content: bytes) -> list[list[str]]:
    """Return the texts of all rows, converted in this process."""
    return [texts for _, texts in list(convert.lines(convert.checked(io.BytesIO(content)), LONGEST_VALUE, ""))[1:]]


@pytest.mark.parametrize(("write", "format"), FORMATS)
def test_the_rows_of_the_first_sheet_are_read(write: Write, format: str, path: Path) -> None:
    rows = [row("1", content="héllo 🙂"), row("2", "1", content=" two  blanks\n\tand a tab "), row("3", read="true")]
    path.write_bytes(write(*rows, others=["Notes", "More"]))
    with open_source(path, TABLE, Reading()) as source:
        assert source.description == f"read as {format}, sheet Sheet1; 2 others are left out"
        assert [str(notice) for notice in source.notices] == [
            "only the first sheet, 'Sheet1', is read; left out: 'Notes', 'More'.",
            f"in {format} files formulas count as the values they were saved with, and errors such as #N/A as empty.",
        ]
        assert read_rows(source) == rows


def with_spans(name: str = "Sheet1", rows: str = "3", columns: str = "1") -> bytes:
    """Return an OpenDocument workbook in which the sender of row 3 is merged with the cells below."""
    above = ods_table(name, [COLUMNS, row("1")]).split('<table:table-row table:number-rows-repeated="1000000">')[0]
    span = f'<table:table-cell office:value-type="string" table:number-rows-spanned="{rows}"'
    first, *below = (row(str(number), sender="carol" if number == 2 else "") for number in (2, 3, 4))
    merged = "".join(map(ods_cell, first)).replace(
        ods_cell("carol"), f'{span} table:number-columns-spanned="{columns}">{ods_text("carol")}</table:table-cell>'
    )
    covered = [
        "".join(map(ods_cell, one)).replace("<table:table-cell/>", "<table:covered-table-cell/>", 2) for one in below
    ]
    lines = "".join(f"<table:table-row>{line}</table:table-row>" for line in [merged, *covered])
    return ods_of(f"{above}{lines}</table:table>")


def test_merged_cells_of_an_open_document_are_read_as_their_first(path: Path) -> None:
    path.write_bytes(with_spans())
    with open_source(path, TABLE, Reading()) as source:
        assert [values[2] for values in read_rows(source)] == ["alice", "carol", "", ""]
        (one,) = source.suggestions
    assert (one.option, one.sentence) == (
        "fill_merged",
        "One group of cells is merged, such as carol for rows 3–5: only the first of them holds the value.",
    )
    assert [values[2] for values in read(path, with_spans(), fill_merged=True)] == ["alice", "carol", "carol", "carol"]


def test_merged_cells_of_another_sheet_are_ignored() -> None:
    assert convert.merged_in_open_document(io.BytesIO(with_spans("Notes")), "Notes") == [[2, 2, 4, 2]]
    assert convert.merged_in_open_document(io.BytesIO(with_spans("Notes")), "Sheet1") == []
    assert convert.merged_in_open_document(io.BytesIO(as_xls(row("1"))), "Sheet1") == []


@pytest.mark.parametrize("span", ["many", "-3", "999999999999", "9" * 5000])
def test_impossible_spans_do_no_harm(span: str, path: Path) -> None:
    path.write_bytes(with_spans(rows=span, columns=span))
    try:
        with open_source(path, TABLE, Reading(fill_merged=True)) as source:
            assert [number for number, _, _ in source] == [2, 3, 4, 5]
    except Unreadable as error:
        assert str(error) == DAMAGED


@pytest.mark.parametrize("write", WRITERS)
def test_numbers_booleans_and_dates_are_read_as_displayed(write: Write, path: Path) -> None:
    content = write(
        [1, 2.0, "alice", "bob", datetime(2026, 1, 5, 10, 0, 30), True, False, 0.1],
        [10**15, 1e20, "alice", "bob", date(2026, 1, 5), None, None, -7],
        [None, None, "alice", "bob", time(10, 30), None, None, 1.5e-7],
    )
    assert read(path, content) == [
        ("1", "2", "alice", "bob", "2026-01-05T10:00:30", "true", "false", "0.1"),
        ("1000000000000000", "100000000000000000000", "alice", "bob", "2026-01-05", "", "", "-7"),
        ("", "", "alice", "bob", "10:30:00", "", "", "1.5e-07"),
    ]


def test_values_from_calamine_become_text() -> None:
    values: list[convert.Value] = [7, 7.0, 0.5, True, "x", date(2026, 1, 5), timedelta(hours=50), float("inf")]
    texts = ["7", "7", "0.5", "true", "x", "2026-01-05", "2 days, 2:00:00", "inf"]
    assert [convert.text_of(value, LONGEST_VALUE) for value in values] == texts


@pytest.mark.parametrize("write", WRITERS)
def test_rows_count_as_the_spreadsheet_counts_them(write: Write, path: Path) -> None:
    path.write_bytes(write([], ["1", *row()[1:]], [], [], ["2", *row()[1:]], headers=TABLE.names))
    with open_source(path, TABLE, Reading()) as source:
        assert [(number, values[0]) for number, values, _ in source] == [(3, "1"), (6, "2")]


def test_empty_rows_before_the_header_count_too(path: Path) -> None:
    path.write_bytes(as_ods(TABLE.names, row(), headers=[]))
    with open_source(path, TABLE, Reading()) as source:
        assert [number for number, *_ in source] == [3]


def written_text(alphabet: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.text(alphabet, min_size=1).filter(str.strip), min_size=1, max_size=5)


IN_XML = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.sampled_from("\t\n\r ")


@given(texts=written_text(IN_XML))
def test_any_text_of_an_opendocument_workbook_comes_in_exactly(texts: list[str]) -> None:
    assert converted(as_ods(texts, headers=["a"]))[1] == texts


@pytest.mark.parametrize("write", [as_xls, as_xlsb])
@given(texts=written_text(st.characters(exclude_categories=["Cs"])))
def test_any_text_of_an_older_workbook_comes_in_exactly(write: Write, texts: list[str]) -> None:
    assert converted(write(texts, headers=["a"]))[1] == texts


def test_whitespace_elements_of_opendocument_are_read_as_characters(path: Path) -> None:
    cell = (
        '<table:table-cell office:value-type="string"><office:annotation><text:p>a note</text:p></office:annotation>'
        '<text:p>a<text:tab/>b<text:line-break/>c<text:s text:c="2"/>d <text:span>e</text:span></text:p>'
        "<text:p>f</text:p></table:table-cell>"
    )
    content = ods_table("Sheet1", [["a"], ["@"]]).replace("<text:p>@</text:p>", "")
    before, _, after = content.rpartition('<table:table-cell office:value-type="string"></table:table-cell>')
    assert converted(ods_of(before + cell + after)) == [["a"], ["a\tb\nc  d e\nf"]]


@pytest.mark.parametrize("write", WRITERS)
def test_the_header_is_fitted_as_in_other_formats(write: Write, path: Path) -> None:
    path.write_bytes(write(["1"], headers=["a"]))
    with pytest.raises(HeaderUnfit) as caught, open_source(path, TABLE, Reading()):
        pass
    assert (caught.value.unknown, caught.value.problem.row) == (["a"], 1)
    assert refused(path, write()) == "the file has a header and no rows."
    assert refused(path, write(headers=[])) == "the file is empty."


@pytest.mark.parametrize("write", WRITERS)
def test_a_value_without_a_header_is_a_problem_of_its_row(write: Write, path: Path) -> None:
    path.write_bytes(write([*row(), "more"]))
    with open_source(path, TABLE, Reading()) as source:
        assert problems_of(source) == [
            "row 2 has a value in column I, which has no header: give it one, or remove the value."
        ]


def test_a_hidden_sheet_is_not_the_first(path: Path) -> None:
    sheets = {"lists": xlsb_sheet({0: ["x"]}), "messages": xlsb_sheet({0: TABLE.names, 1: row()})}
    path.write_bytes(xlsb_of(sheets, hidden=["lists"]))
    with open_source(path, TABLE, Reading()) as source:
        assert source.description.startswith("read as XLSB, sheet messages;")
        assert read_rows(source) == [row()]


def test_the_original_rows_can_be_read_instead(path: Path) -> None:
    path.write_bytes(as_ods(row()[:2], [*row(), "more"]))
    with open_source(path, TABLE, Reading()) as source:
        assert list(source.originals()) == [(2, [*row()[:2], *[""] * 6]), (3, [*row(), "more"])]


def test_the_position_grows_with_what_was_read(path: Path) -> None:
    path.write_bytes(as_ods(*[row(content="hello " * 50)] * 2_000))
    with open_source(path, TABLE, Reading()) as source:
        positions = [source.position() for _ in source]
        assert positions == sorted(positions)
        assert positions[0] < positions[-1] <= source.size == path.stat().st_size


def broken(content: bytes) -> Iterable[bytes]:
    """Yield the workbook cut off, then with a hole in its middle."""
    yield content[: len(content) // 2]
    yield content[: len(content) // 2] + bytes(len(content) // 4) + content[-len(content) // 4 :]


@pytest.mark.parametrize("write", WRITERS)
def test_a_damaged_workbook_is_refused_with_the_remedy(write: Write, path: Path) -> None:
    for content in broken(write(*[row(str(number), content=f"{number} hello") for number in range(2_000)])):
        assert refused(path, content).startswith("cannot read this workbook: it is ")


@pytest.mark.parametrize(
    ("content", "why"),  # made when needed: as parameters, every process that collects tests would make them
    [
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 a document", DAMAGED),
        (lambda: ods_of(""), f"cannot read this workbook: it has no sheet; {REMEDY}"),
        (lambda: ods_of("<table:table"), DAMAGED),
        (lambda: ods_of("<text:p>&unknown;</text:p>"), DAMAGED),
        (
            lambda: as_ods(["x" * (LONGEST_VALUE + 1)]),
            f"cannot read this workbook: one of its texts has more than {LONGEST_VALUE:,} characters; {REMEDY}",
        ),
        (
            lambda: xlsb_of({"One": xlsb_sheet({0: ["a"], 1_048_575: ["z"] * 16_384})}),
            f"cannot read this workbook: it is too large, or has a value far from the others; {REMEDY}",
        ),
    ],
)
def test_a_file_that_is_no_workbook_is_refused_with_the_remedy(
    content: Callable[[], bytes], why: str, path: Path
) -> None:
    assert refused(path, content()) == why


@pytest.mark.parametrize(("write", "format"), FORMATS)
def test_a_workbook_that_is_too_large_is_refused_before_it_is_read(
    write: Write, format: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "LARGEST", 1 << 20)
    content = write(*(row(content=f"{number} " * 2_000) for number in range(200)))
    monkeypatch.setattr(reader, "_converted", lambda file: pytest.fail("it was read"))
    assert refused(path, content).startswith("cannot read this workbook: it has ")
    assert refused(path, content).endswith(f"and at most 1 MiB of {format} are read; {REMEDY}")


def test_a_full_disk_is_no_fault_of_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        returncode = convert.DISK_FULL

    monkeypatch.setattr(reader.subprocess, "run", lambda *args, **options: Full())
    path.write_bytes(as_ods(row()))
    with pytest.raises(OSError, match="No space left"), open_source(path, TABLE, Reading()):
        pass
