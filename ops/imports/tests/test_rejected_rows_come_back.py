"""Rows that were left out are written to a file, with all columns and their problems, to be corrected."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ops.files.formulas import MARK
from ops.files.reading import Reading, open_source
from ops.files.tests.workbooks import as_ods
from ops.imports.columns import MESSAGE_COLUMNS
from ops.imports.pages.rejected import RejectedRows
from ops.imports.tests.files import as_csv, as_json, as_json_lines, as_xlsx, read_rows, row

SIX = "external_id,parent_external_id,sender,receiver,timestamp,content"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rejected.csv"


def rejected(
    content: bytes, path: Path, *whys: tuple[int, str], reading: Reading | None = None, guarded: bool = False
) -> bytes:
    """Return the file that is written for the rows with these numbers."""
    upload = path.with_name("upload")
    upload.write_bytes(content)
    with (
        open_source(upload, MESSAGE_COLUMNS, reading or Reading()) as source,
        RejectedRows(source, path, guarded_already=guarded) as writer,
    ):
        for number, why in whys:
            writer.write(number, why)
        assert writer.written == len(whys)
    return path.read_bytes()


def quoted(line: str) -> str:
    """Return a line of plain values as it is written."""
    return ",".join(f'"{value}"' for value in line.split(","))


def read_again(path: Path, reading: Reading | None = None) -> list[tuple[str, ...]]:
    """Return the rows without ``edited_at``, ``hidden`` and ``redacted``, which none of these files has."""
    with open_source(path, MESSAGE_COLUMNS, reading or Reading()) as source:
        return [values[:-3] for values in read_rows(source)]


def test_rejected_rows_are_written_with_their_problems(path: Path) -> None:
    content = f"{SIX},mood\n1,,a,b,t,one,x\n\n2,,a,b,t,two,y\n3,,a,b,t,three,z\n".encode()
    reading = Reading(ignore_unknown=True)
    written = rejected(content, path, (2, "no time"), (5, "no user, and\nno text"), reading=reading)
    assert written.decode("utf-8-sig") == (
        f"{quoted(f'{SIX},mood,{MARK},problem')}\n{quoted('1,,a,b,t,one,x,,no time')}\n"
        f'{quoted("3,,a,b,t,three,z,")},"no user, and\nno text"\n'
    )
    assert [values[0] for values in read_again(path, reading)] == ["1", "3"]


def test_encoding_separator_and_bytes_are_those_of_the_file(path: Path) -> None:
    for encoding, raw in (("Latin-1", b"caf\xe9"), ("Shift_JIS", "ソ表".encode("cp932")), ("UTF-8", b"caf\xe9")):
        reading = Reading(encoding=encoding)
        content = SIX.replace(",", ";").encode() + b"\n1;;a;b;t;" + raw + b"\n"
        written = rejected(content, path, (2, "why"), reading=reading)
        assert written.endswith(b'\n"1";"";"a";"b";"t";"' + raw + b'";"";"why"\n')
        with open_source(path, MESSAGE_COLUMNS, reading) as source:
            assert source.description == f"read as {encoding}, separated by ;"


def test_a_file_in_utf_16_is_returned_in_utf_16(path: Path) -> None:
    written = rejected(as_csv(row(content="héllo")).decode().encode("utf-16"), path, (2, "why"))
    assert '"héllo","","why"' in written.decode("utf-16")
    assert read_again(path) == [row(content="héllo")]


def test_columns_that_were_chosen_are_found_again(path: Path) -> None:
    chosen = {"external_id": "", "parent_external_id": "", "sender": "=from", "receiver": "to", "timestamp": "at"}
    reading = Reading(columns={**chosen, "content": "text"}, ignore_unknown=True)
    content = b"=from,to,at,text,=SUM(1)\na,b,t,hello,1\n"
    written = rejected(content, path, (2, "why"), reading=reading)
    lines = ("'=from,to,at,text,'=SUM(1),'threadward',problem", "a,b,t,hello,1,,why")
    assert written.decode("utf-8-sig") == "".join(f"{quoted(line)}\n" for line in lines)
    assert read_again(path, reading) == [("", "", "a", "b", "t", "", "", "hello")]


def test_earlier_problems_are_replaced(path: Path) -> None:
    written = rejected(f"{SIX},problem\n1,,a,b,t,x,old\n2,,a,b,t,x,old,more\n".encode(), path, (2, "new"), (3, "newer"))
    assert written.decode("utf-8-sig").splitlines()[1:] == [
        quoted("1,,a,b,t,x,,new"),
        quoted("2,,a,b,t,x,more,,newer"),
    ]


def test_rows_with_too_few_or_too_many_values_keep_them_all(path: Path) -> None:
    written = rejected(f"{SIX}\n1,,a,b\n2,,a,b,t,x,y,z\n".encode(), path, (2, "few"), (3, "many"))
    assert written.decode("utf-8-sig").splitlines()[1:] == [
        quoted("1,,a,b,,,,few"),
        quoted("2,,a,b,t,x,y,z,,many"),
    ]


@pytest.mark.parametrize("write", [as_json, as_json_lines, as_xlsx, as_ods])
def test_rows_of_other_formats_are_returned_as_csv(write: object, path: Path) -> None:
    rows = [row("1", content="héllo\r\n🙂"), row("2"), row("3", "1", edited="true")]
    numbers = (2, 4) if write in (as_xlsx, as_ods) else (1, 3)
    rejected(write(*rows), path, *((number, "why") for number in numbers))  # type: ignore[operator]
    assert read_again(path) == [rows[0], rows[2]]


def test_keys_of_later_json_objects_are_written_too(path: Path) -> None:
    first = b'{"id": 1, "parent_id": "", "sender": "a", "receiver": "b", "timestamp": "t", "content": "x"}\n'
    written = rejected(first * 100 + first.replace(b'"x"', b'["x"], "read": true'), path, (101, "why"))
    lines = written.decode("utf-8-sig").splitlines()
    assert lines[0] == quoted(
        "id,parent_id,sender,receiver,timestamp,content,edited,read,edited_at,hidden,redacted,'threadward',problem"
    )
    assert next(csv.reader(lines[1:])) == ["1", "", "a", "b", "t", '["x"]', "", "true", "", "", "", "", "why"]


def test_no_cell_is_a_formula_for_a_spreadsheet(path: Path) -> None:
    """Formulas of the file itself are guarded too; removing the guards restores the texts."""
    content = f"{SIX},mood\n=1,,@a,b,+t,'=1,-x\n".encode()
    written = rejected(content, path, (2, "=cmd is unknown"), reading=Reading(ignore_unknown=True))
    assert written.decode("utf-8-sig").splitlines()[1] == quoted("'=1,,'@a,b,'+t,''=1,'-x,,'=cmd is unknown")


def test_guarded_values_are_not_guarded_twice(path: Path) -> None:
    content = f"{SIX}\n'=1,,'@a,b,t,''x\n=2,,a,b,t,'x\n".encode()
    written = rejected(content, path, (2, "why"), (3, "why"), guarded=True)
    assert written.decode("utf-8-sig").splitlines()[1:] == [
        quoted("'=1,,'@a,b,t,''x,,why"),
        quoted("'=2,,a,b,t,''x,,why"),
    ]


def test_half_characters_of_json_are_spelled_out(path: Path) -> None:
    rejected(as_json(row(content="a\ud83d")), path, (1, "why"))
    assert read_again(path) == [row(content="a\\ud83d")]


def test_columns_without_a_name_are_returned_under_their_places(path: Path) -> None:
    content = f",{SIX[:-8]},,,\n0,1,,a,b,t,one,,\n1,2,,a,b,t,two,,\n".encode()
    reading = Reading(columns={"content": "column 7"})
    written = rejected(content, path, (3, "no user"), reading=reading)
    names = quoted(f"{SIX[:-8]},column 7,{MARK},problem")
    assert written.decode("utf-8-sig") == f"{names}\n{quoted('2,,a,b,t,two,,no user')}\n"
    assert [values[-1] for values in read_again(path, reading)] == ["two"]


@pytest.mark.parametrize("header_row", [0, 3])
def test_a_header_that_was_chosen_is_where_it_was(path: Path, header_row: int) -> None:
    """The same options can then read the file of rejected rows."""
    places = dict(zip(SIX.split(","), (f"column {place}" for place in range(1, 7)), strict=True))
    reading = Reading(header_row=header_row, columns=places)
    above = f"x\ny\n{SIX}\n" if header_row else ""
    upload = path.with_name("upload")
    upload.write_text(f"{above}1,,a,b,t,one\n2,,a,b,t,two\n")
    with (
        open_source(upload, MESSAGE_COLUMNS, reading) as source,
        RejectedRows(source, path, rows_above=max(header_row - 1, 0)) as writer,
    ):
        writer.write(5 if header_row else 2, "no user")
    assert [values[-1] for values in read_again(path, reading)] == ["two"]
