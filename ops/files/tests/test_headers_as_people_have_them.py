"""Headers below titles, without names, in other spellings or missing; several sheets; lists of other shapes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from ops.files.formulas import guarded
from ops.files.headers.columns import Columns, plain
from ops.files.headers.fitting import fit
from ops.files.headers.samples import is_counter
from ops.files.headers.unfit import HeaderUnfit
from ops.files.json.lists import JsonList
from ops.files.problems import Unreadable
from ops.files.reading import open_source
from ops.files.sources import LONGEST_VALUE, Reading
from ops.files.tests.files import COLUMNS, TABLE, as_csv, open_csv, problems_of, read_rows, row
from ops.files.tests.files import opened as as_file
from ops.files.tests.workbooks import as_ods, as_xls

HEADER = ",".join(COLUMNS)
LINE = "1,,alice,bob,t,,,hello"
OBJECT = dict(zip(COLUMNS, row("7"), strict=True))


def opened(content: bytes, tmp_path: Path, **options: Any) -> tuple[list[tuple[str, ...]], list[str]]:
    """Return the rows of a file, and its notices."""
    path = tmp_path / "messages"
    path.write_bytes(content)
    with open_source(path, TABLE, Reading(**options)) as source:
        rows = read_rows(source)
        return rows, [notice.message for notice in source.notices]


def refused(content: bytes, tmp_path: Path, **options: Any) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        opened(content, tmp_path, **options)
    return caught.value


# --- Names ---------------------------------------------------------------------------------------------------------


@given(st.sampled_from(COLUMNS), st.data())
def test_case_blanks_underscores_hyphens_marks_and_quotes_do_not_matter(column: str, data: st.DataObject) -> None:
    between = st.text(st.sampled_from(" _-\u00a0\ufeff'\"“"), max_size=2)
    letters = [data.draw(between) + data.draw(st.sampled_from([one.upper(), one])) for one in plain(column)]
    headers = [*(name for name in COLUMNS if name != column), "".join(letters) + data.draw(between)]
    assert fit(headers, TABLE, Reading()).places[COLUMNS.index(column)] == len(COLUMNS) - 1


def test_a_header_in_our_spelling_wins_over_one_that_is_only_like_it() -> None:
    headers = [*COLUMNS, "Sender"]
    assert fit(headers, TABLE, Reading(ignore_unknown=True)).places[2] == 2
    with pytest.raises(HeaderUnfit) as caught:
        fit(["SENDER", "Sender ", *(name for name in COLUMNS if name != "sender")], TABLE, Reading())
    assert "repeated: SENDER in columns 1 and 2 (A and B)" in str(caught.value)


def test_a_column_can_be_chosen_by_its_place_though_another_has_its_name() -> None:
    headers = [*COLUMNS, "content"]
    chosen = Reading(columns={"content": "column 9"}, ignore_unknown=True)
    assert fit(headers, TABLE, chosen).places[-1] == 8


# --- Columns without a name ------------------------------------------------------------------------------------------


def test_a_value_that_comes_late_in_a_column_without_a_name_is_never_ignored() -> None:
    source = open_csv(f"{HEADER},\n".encode() + f"{LINE},\n".encode() * 3_000 + f"{LINE},late\n".encode())
    assert problems_of(source) == ["row 3002 has a value in column 9 (I), which has no name: say which column it is."]
    again = open_csv(f"{HEADER},\n{LINE},late\n".encode(), ignore_unknown=True)
    assert read_rows(again) == [row(content="hello", timestamp="t")]
    assert [str(notice) for notice in again.notices] == ["column 9 (I) has no name: its values are left out."]


def test_a_row_may_end_with_more_or_fewer_separators_than_the_header() -> None:
    source = open_csv(f"{HEADER},,\n{LINE}\n{LINE},,,,\n".encode())
    assert read_rows(source) == [row(content="hello", timestamp="t")] * 2
    assert [notice.message for notice in source.notices] == [
        "columns 9 and 10 (I and J) have neither a name nor values: left out.",
        "rows have more separators than the header: the empty values behind its columns are left out.",
    ]
    assert problems_of(open_csv(f"{HEADER}\n{LINE},,x\n".encode())) == [
        "row 2 has 10 values where 8 are expected: put values that hold a separator (comma, semicolon or tab) in "
        "quotes, and leave no column out."
    ]


@pytest.mark.parametrize(
    ("values", "first", "counts"),
    [
        (["0", "1"], True, True),
        (["1", "2", "3"], False, True),
        (["0", "1"], False, False),  # it may be false and true
        (["1", "3"], True, False),
        (["1001", "1002", "1003"], True, False),
        (["0", "x"], True, False),
    ],
)
def test_only_consecutive_row_numbers_are_a_counter(values: list[str], first: bool, counts: bool) -> None:
    assert is_counter(list(enumerate(values)), first=first) is counts


# --- Which row is the header -----------------------------------------------------------------------------------------


def test_titles_above_the_header_are_skipped_and_named() -> None:
    source = open_csv(f'"Export of\nmessages"\n\nof January;;;\n{HEADER}\n{LINE}\n'.encode())
    assert [number for number, _, _ in source] == [5]
    assert [str(notice) for notice in source.notices] == ["the header is row 4; rows 1–3 above it are left out."]


def test_the_header_row_can_be_chosen(tmp_path: Path) -> None:
    content = f"{HEADER}\n{LINE}\n{HEADER}\n2{LINE[1:]}\n".encode()
    assert [values[0] for values in opened(content, tmp_path, header_row=3)[0]] == ["2"]
    assert str(refused(content, tmp_path, header_row=9)) == (
        "the file has no row 9, which was chosen for the header: choose another one."
    )
    assert str(refused(f"{HEADER}\n\n{LINE}\n".encode(), tmp_path, header_row=2)) == (
        "row 2, the header, is empty: choose another row for it."
    )


def test_a_file_without_a_header_is_read_from_its_first_row(tmp_path: Path) -> None:
    chosen = {name: f"column {place}" for place, name in enumerate(COLUMNS, start=1)}
    content = as_csv(row("1"), row("2")).partition(b"\n")[2]
    assert [values[0] for values in opened(content, tmp_path, header_row=0, columns=chosen)[0]] == ["1", "2"]


def test_a_text_is_not_taken_for_a_header() -> None:
    source = open_csv(f'{HEADER}\n1,,alice,bob,t,,,"sender, receiver"\n'.encode())
    assert [number for number, _, _ in source] == [2]


# --- Sheets, merged cells, numbers ---------------------------------------------------------------------------------


def workbook(*, hidden: bool = False, merged: str = "", numbers: tuple[Any, ...] = ()) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        cover, sheet = book.add_worksheet("Cover"), book.add_worksheet("Messages")
        cover.write_row(0, 0, ["Messages of January"])
        sheet.write_row(0, 0, COLUMNS)
        sheet.write_row(1, 0, [*row("1")])
        for place, number in enumerate(numbers):
            sheet.write_row(2 + place, 0, [number, *row()[1:]])
        if merged:
            sheet.merge_range(merged, "carol")
        if hidden:
            sheet.hide()
    return content.getvalue()


def test_the_sheet_is_chosen(tmp_path: Path) -> None:
    error = refused(workbook(hidden=True), tmp_path)
    (one,) = error.suggestions
    assert (one.option, one.value) == ("sheet", "Messages")
    assert one.sentence == "The workbook has another sheet, 'Messages' (hidden)."
    rows, notices = opened(workbook(hidden=True), tmp_path, sheet="Messages")
    assert (rows, notices) == ([row("1")], ["only the sheet, 'Messages', is read; left out: 'Cover'."])
    assert str(refused(workbook(), tmp_path, sheet="January")) == (
        "the workbook has no sheet 'January': choose one of 'Cover', 'Messages'."
    )


@pytest.mark.parametrize("write", [as_ods, as_xls])
def test_the_sheet_of_other_workbooks_is_chosen(write: Any, tmp_path: Path) -> None:
    rows, notices = opened(write(row("1"), others=["Notes"]), tmp_path, sheet="Sheet1")
    assert (rows, notices[0]) == ([row("1")], "only the first sheet, 'Sheet1', is read; left out: 'Notes'.")
    assert str(refused(write(row("1"), others=["Notes"]), tmp_path, sheet="x")) == (
        "the workbook has no sheet 'x': choose one of 'Sheet1', 'Notes'."
    )


def test_large_whole_numbers_have_the_digits_of_the_file(tmp_path: Path) -> None:
    content = workbook(numbers=(7.77711159064846e17, 123456789012, 0.1, 1e22))
    rows, _ = opened(content, tmp_path, sheet="Messages")
    ids = [values[0] for values in rows]
    assert ids == ["1", "777711159064846000", "123456789012", "0.1", "10000000000000000000000"]
    rows, _ = opened(as_xls([7.77711159064846e17, *row()[1:]]), tmp_path)
    assert rows[0][0] == "777711159064846000"


# --- JSON ------------------------------------------------------------------------------------------------------------


def without(*names: str, **values: Any) -> dict[str, Any]:
    return {name: value for name, value in {**OBJECT, **values}.items() if name not in names}


@pytest.mark.parametrize("name", ["parent_external_id", "parent_id", "Parent External ID"])
def test_a_key_that_only_a_late_object_has_is_its_column(name: str, tmp_path: Path) -> None:
    late = {**without("parent_external_id"), name: "1"}
    objects = [without("parent_external_id", external_id=number) for number in range(150)]
    for content in (json.dumps([*objects, late]), "".join(f"{json.dumps(one)}\n" for one in [*objects, late])):
        rows, notices = opened(content.encode(), tmp_path)
        assert ([values[1] for values in rows], notices) == ([""] * 150 + ["1"], [])


def test_a_column_that_no_object_has_is_reported_missing(tmp_path: Path) -> None:
    objects = [without("parent_external_id", "sender") for _ in range(150)]
    late = {**objects[0], "who": "alice", "mood": 1}
    for first in ([], [{**objects[0], "mood": 1}]):
        (tmp_path / "messages").write_text(json.dumps([*first, *objects, late]))
        with (
            pytest.raises(HeaderUnfit) as caught,
            open_source(tmp_path / "messages", TABLE, Reading()) as source,
        ):
            list(source)
        assert caught.value.missing == ["parent_external_id", "sender"]
        assert {"who", "mood"} <= set(caught.value.headers)


def test_a_late_column_that_was_chosen_to_be_absent_is_reported(tmp_path: Path) -> None:
    objects = [without("parent_external_id") for _ in range(150)]
    content = json.dumps([*objects, {**OBJECT, "parent_external_id": "1"}]).encode()
    _, notices = opened(content, tmp_path, columns={"parent_external_id": ""}, ignore_unknown=True)
    assert notices == [
        "parent_external_id is in row 151 and perhaps later, and was said not to be in the file: left out."
    ]


@pytest.mark.parametrize("key", ["messages", "data", "items", "results"])
@pytest.mark.parametrize("indent", [None, 1])
def test_the_list_in_an_object_is_offered_and_read(key: str, indent: int | None, tmp_path: Path) -> None:
    content = f"{json.dumps({'name': 'x', 'more': [[1], {}], key: [OBJECT], 'end': 1}, indent=indent)}\n".encode()
    error = refused(content, tmp_path)
    assert [(one.option, one.value) for one in error.suggestions] == [("list_under", key)]
    assert f"It has a list under “{key}”" in str(error)
    assert opened(content, tmp_path, list_under=key)[0] == [row("7")]
    assert str(refused(content, tmp_path, list_under="x")) == "the file has no list under 'x': choose another one."


def test_exports_of_other_programs_are_named(tmp_path: Path) -> None:
    telegram = {"about": "x", "chats": {"about": "y", "list": [{"name": "a", "messages": []}]}}
    assert str(refused(json.dumps(telegram, indent=1).encode(), tmp_path)).startswith("this is a Telegram export:")
    slack = [{"type": "message", "user": "U1", "text": "hi", "ts": "1483051909.018632"}]
    assert str(refused(json.dumps(slack).encode(), tmp_path)).startswith("this is a day of a Slack export:")


@pytest.mark.parametrize(
    ("content", "numbers", "notice"),
    [
        ("[{0},\n{0},\n]\n", 2, "a comma behind the last object is read over."),
        ("{0},\n{0},\n{0}\n", 3, "commas between the lines are read over."),
        ("[{0}]\n[{0}, {0}]\n", 3, "several lists, one after the other, are read as one."),
    ],
)
def test_commas_and_lists_of_lines_are_read(content: str, numbers: int, notice: str, tmp_path: Path) -> None:
    rows, notices = opened(content.replace("{0}", json.dumps(OBJECT)).encode(), tmp_path)
    assert (rows, notices) == ([row("7")] * numbers, [notice])


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=30))
def test_texts_with_raw_control_characters_are_read_exactly(text: str) -> None:
    """Quotes and backslashes are escaped, as everywhere; so are line ends."""
    written = json.dumps(text, ensure_ascii=False)
    for control in map(chr, range(32)):
        written = written.replace(json.dumps(control)[1:-1], control) if control not in "\n\r" else written
    whole = json.dumps({**OBJECT, "content": "HERE"}).replace('"HERE"', written)
    assert read_rows(JsonList(as_file(f"[{whole}]".encode()), TABLE, Reading()))[0][-1] == text


# --- The limit -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ['"' * LONGEST_VALUE, "=" * LONGEST_VALUE], ids=["quotes", "formula"])
def test_the_longest_value_is_read_in_every_format_that_exports_write(text: str, tmp_path: Path) -> None:
    quoted = guarded(text).replace('"', '""')
    content = f'{HEADER}\n1,,alice,bob,t,,,"{quoted}"\n'.encode()
    assert len(opened(content, tmp_path)[0][0][-1]) == len(guarded(text))
    assert opened(json.dumps([{**OBJECT, "content": text}]).encode(), tmp_path)[0][0][-1] == text


def test_tables_without_aliases_accept_no_other_names() -> None:
    with pytest.raises(HeaderUnfit) as caught:
        fit(["Name", "Number"], Columns(names=("code", "name")), Reading())
    assert (caught.value.missing, caught.value.suggestions) == (["code"], [])
