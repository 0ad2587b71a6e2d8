"""JSON and JSON Lines: detected from the content, streamed, with exact texts; faults are reported by row."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.files.headers.unfit import HeaderUnfit
from ops.files.json import lists
from ops.files.json.lines import JsonLines
from ops.files.json.lists import JsonList
from ops.files.json.objects import LONGEST_OBJECT, OBJECTS_AHEAD
from ops.files.json.reader import looks_like_json
from ops.files.problems import Unreadable
from ops.files.reading import open_source
from ops.files.sources import Reading
from ops.files.tests.files import TABLE, as_json, as_json_lines, opened, problems_of, read_rows, row

LIST_EXPECTED = (
    "expected a list of objects, [{…}, {…}], or one object on each line (JSON Lines): this file has a single object. "
    "Put it in brackets."
)
ONE = as_json(row()).decode()[1:-1]
TORN = ONE.replace("alice", 'al"ice')


def reader(content: str | bytes, **options: object) -> JsonList | JsonLines:
    """Return the file, opened with the reader of its format."""
    encoded = content.encode() if isinstance(content, str) else content
    kind = looks_like_json(encoded.decode("utf-8-sig", "ignore"))
    assert kind is not None
    return kind(opened(encoded), TABLE, Reading(**options))  # type: ignore[arg-type,return-value]


def refused(content: str | bytes) -> str:
    """Return why the file cannot be read, from the beginning or after some rows."""
    with pytest.raises(Unreadable) as caught:
        list(reader(content))
    return str(caught.value)


@pytest.mark.parametrize(("write", "described"), [(as_json, "JSON, UTF-8"), (as_json_lines, "JSON Lines, UTF-8")])
def test_json_rows_are_read_as_written(write: object, described: str) -> None:
    rows = [row("1", content="héllo 🙂\r\n\t\\\"'"), row("2", "1", edited="true")]
    source = reader(write(*rows))  # type: ignore[operator]
    assert source.description == f"read as {described}"
    assert read_rows(source) == rows


def test_rows_are_counted_by_object_and_by_line() -> None:
    """Row N is the Nth object of a list, on any line, but line N of JSON Lines."""
    assert [number for number, *_ in reader(f"[\n{ONE},\n\n{ONE}]")] == [1, 2]
    assert [number for number, *_ in reader(f"{ONE}\n\n{ONE}\n")] == [1, 3]


def test_numbers_booleans_and_null_become_text() -> None:
    """Numbers keep their spelling: nothing is rounded, however long it is."""
    long = "9" * 5_000
    text = ONE.replace('"1"', "1").replace('"edited": ""', '"edited": true').replace('"read": ""', '"read": null')
    (values,) = read_rows(reader(f"[{text}]"))
    assert (values[0], values[5], values[6]) == ("1", "true", "")
    for number in ("1.0", "1e3", "-0", "12345678901234567890123", long):
        assert read_rows(reader(f"[{text.replace(': 1,', f': {number},')}]"))[0][0] == number


def test_missing_keys_are_empty_and_the_columns_are_the_keys_of_all_objects() -> None:
    without = json.dumps({"id": 7, "sender": "alice", "receiver": "bob", "timestamp": "t", "content": "x"})
    assert read_rows(reader(f"{without}\n{ONE.replace('external_id', 'id', 1)}\n"))[0][:2] == ("7", "")
    with pytest.raises(HeaderUnfit) as caught:
        list(reader(f"[{without}]"))
    assert (caught.value.missing, caught.value.headers) == (
        ["parent_external_id"],
        ["id", "sender", "receiver", "timestamp", "content"],
    )
    chosen = reader(f"[{without}]", columns={"parent_external_id": ""})
    assert read_rows(chosen) == [("7", "", "alice", "bob", "t", "", "", "x")]


def test_a_known_key_may_come_late_an_unknown_one_is_a_problem() -> None:
    early = json.dumps(dict.fromkeys(("id", "parent_id", "sender", "receiver", "timestamp", "content"), "x"))
    lines = f"{early}\n" * OBJECTS_AHEAD
    late, unknown = early.replace("}", ', "read": true}'), early.replace("}", ', "mood": 1}')
    assert read_rows(reader(f"{lines}{late}\n"))[-1][6] == "true"
    words = "row 101 has a key that is not known, mood: remove it, or choose to ignore such columns."
    assert problems_of(reader(f"{lines}{unknown}\n")) == [words]
    assert problems_of(reader(f"{lines}{unknown}\n", ignore_unknown=True)) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"hello"', '["hello"]', "row 1, content: content holds a list: give it a text in quotes."),
        ('"alice"', '{"name": "alice"}', "row 1, sender: sender holds an object: give it a text in quotes."),
        ('"bob"', "NaN", "row 1, receiver: receiver holds a number that is none: give it a text in quotes."),
        ('"read"', '"edited"', "row 1 has the key edited more than once: leave one of them out."),
    ],
)
def test_a_value_that_is_no_text_is_a_problem_of_its_row(old: str, new: str, problem: str) -> None:
    assert problems_of(reader(f"[{ONE.replace(old, new)}, {ONE}]")) == [problem]


def test_an_item_that_is_no_object_is_a_problem_of_its_row() -> None:
    words = "row 2 is no object: write {…} with a key for each column."
    assert problems_of(reader(f"[{ONE}, 12, {ONE}]")) == [words]
    assert problems_of(reader(f"{ONE}\n12\n{ONE}\n")) == [words]


@pytest.mark.parametrize("content", [f"[{ONE}]", f"{ONE}\n"])
def test_a_character_that_cannot_be_stored_reaches_the_checks(content: str) -> None:
    for escape, character in (("\\ud800", "\ud800"), ("\\u0000", "\x00"), ("\\ud83d\\ude42", "🙂")):
        assert read_rows(reader(content.replace("hello", escape)))[0][-1] == character


@pytest.mark.parametrize("content", [f"[{ONE},{ONE}]", f"{ONE}\n{ONE}\n"])
def test_rows_that_are_not_utf_8_are_named(content: str) -> None:
    remedy = "choose the file's encoding, or save the file as UTF-8 and import that."
    head, _, tail = content.rpartition("hello")
    broken = head.encode() + b"caf\xe9" + tail.encode()
    assert problems_of(reader(broken)) == [f"Row 2 is not valid UTF-8 (byte 0xE9): {remedy}"]
    assert read_rows(reader(broken, encoding="Latin-1"))[1][-1] == "café"


def test_utf_16_is_read() -> None:
    source = JsonLines(opened(f"{ONE}\n".encode("utf-16")), TABLE, Reading())
    assert (read_rows(source), source.description) == ([row()], "read as JSON Lines, UTF-16")


@pytest.mark.parametrize("line", [f"{ONE}", '{\n"messages": []\n}', '{"messages": [\n{}]}'])
def test_a_single_object_is_not_a_list(line: str) -> None:
    assert refused(line) == LIST_EXPECTED


def test_a_single_line_with_its_end_is_json_lines() -> None:
    assert read_rows(reader(f"{ONE}\n")) == [row()]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (f"[{ONE}, {ONE[:60]}", "the file is cut off after row 1: bring the whole file."),
        (f"[{ONE}, ", "the file is cut off after row 1: bring the whole file."),
        (f"[{ONE}", "the file is cut off after row 1: bring the whole file."),
        (f"[{ONE[:20]}", "the file is cut off in its first row: bring the whole file."),
        (f"[{ONE[:-3]}\\", "the file is cut off in its first row: bring the whole file."),
        (f"[{ONE[:-3]}\\u00", "the file is cut off in its first row: bring the whole file."),
        ('[{"read": tr', "the file is cut off in its first row: bring the whole file."),
        ("[", "the file is cut off in its first row: bring the whole file."),
        (f"{ONE}\n{ONE[:60]}", "the file is cut off after row 1: bring the whole file."),
        ("[]", "the list is empty: there are no rows."),
        ("[1, 2]", "expected a list of objects, [{…}, {…}]: this list holds something else."),
        (
            f"[{ONE}\n{ONE}]",
            "row 1 is not valid JSON, a comma or the closing bracket is missing after it (line 2, column 1): correct "
            "it. The rows after it were not read.",
        ),
        (
            f"[{ONE},\n{TORN}, {ONE}]",
            "row 2 is not valid JSON, it cannot be read (line 2, column 62): correct it. The rows after it "
            "were not read.",
        ),
        (f"[{ONE}] []", "there is more after the list of 1 object: remove it."),
        (
            "[" * 200_000 + "]" * 200_000,
            "row 1 holds lists or objects that are nested too deeply.",
        ),
        (
            lambda: f'[{{"external_id": "{"x" * 2 * LONGEST_OBJECT}"}}]',
            f"row 1 has more than {LONGEST_OBJECT:,} characters, too many to be read.",
        ),
        (
            lambda: f'{{"external_id": "{"x" * LONGEST_OBJECT}"}}\n',
            f"row 1 has more than {LONGEST_OBJECT:,} characters, too many to be read.",
        ),
    ],
)
def test_a_fault_after_which_nothing_can_be_read_is_named(content: str | Callable[[], str], reason: str) -> None:
    """Long contents are made here: as parameters, every process that collects tests would make them."""
    assert refused(content if isinstance(content, str) else content()) == reason


def test_lines_after_a_broken_one_are_read() -> None:
    source = reader(f'{ONE}\n{{"external_id": 2,, }}\n{"[" * 100_000}\n{ONE}\n')
    assert problems_of(source) == [
        "row 2 is not valid JSON (column 19): write one object on each line.",
        "row 3 holds lists or objects that are nested too deeply.",
    ]


def test_objects_are_complete_wherever_a_part_of_the_file_ends() -> None:
    """Rows have all lengths, so that parts end everywhere in a row."""
    rows = [row(str(number), content="é🙂\\" * (number % 97)) for number in range(3_000)]
    assert read_rows(reader(as_json(*rows))) == rows


def test_numbers_are_whole_wherever_the_parts_end(monkeypatch: pytest.MonkeyPatch) -> None:
    for size in range(1, 9):
        monkeypatch.setattr(lists, "READ_AT_ONCE", size)
        source = reader(f"[{ONE}, 1234567, 1234567]")
        assert [number for number, *_ in source] == [1, 2, 3]


def test_objects_of_long_blanks_numbers_and_escapes_are_whole_wherever_the_parts_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A part may end anywhere without a problem."""
    text = (
        ONE.replace('"1"', "-1234.5e+67").replace('"edited": ""', '"edited": false').replace("hello", r"\ud83d\ude42")
    )
    wide = (
        text.replace(", ", f"{' ' * 50},{' ' * 50}")
        .replace(": ", f"{' ' * 50}:{' ' * 50}")
        .replace("}", " " * 50 + "}")
    )
    for size in (*range(1, 40), *range(60, 260, 7)):
        monkeypatch.setattr(lists, "READ_AT_ONCE", size)
        (values,) = read_rows(reader(f"[{wide}]"))
        assert (values[0], values[5], values[7]) == ("-1234.5e+67", "false", "🙂")


@pytest.mark.parametrize(
    ("sound", "torn"), [('"receiver": "bob"', '"receiver" "bob"'), ('"alice"', '"alice'), (": 1", ": oops")]
)
def test_a_fault_far_from_the_end_is_not_mistaken_for_a_cut_off_file(sound: str, torn: str) -> None:
    """The rest of the file may be of any length."""
    one = ONE.replace('"1"', "1")
    content = f"[{one}, {one.replace(sound, torn)}{f', {one}' * 40_000}]"
    assert refused(content).startswith("row 2 is not valid JSON, it cannot be read (line 1, column ")


def test_the_place_of_a_fault_is_right_far_into_the_file() -> None:
    content = "[" + ",\n".join([ONE] * 5_000) + ",\n  oops]"
    assert refused(content) == (
        "row 5001 is not valid JSON, it cannot be read (line 5,001, column 3): correct it. The rows after it "
        "were not read."
    )
    on_one_line = content.replace("\n", "")
    place = f"line 1, column {on_one_line.index('oops') + 1:,}"
    assert f"({place})" in refused(on_one_line)


def test_the_format_is_detected_from_the_content_not_from_the_name(tmp_path: Path) -> None:
    for name, content, format in (
        ("a.csv", as_json(row()), "JSON"),
        ("b.json", as_json_lines(row()), "JSON Lines"),
        ("c.json", b"external_id,parent_external_id,sender,receiver,timestamp,content\n1,,a,b,t,{}\n", "CSV"),
        ("d.csv", b'"[external_id]",x\n', "CSV"),
    ):
        (tmp_path / name).write_bytes(content)
        try:
            with open_source(tmp_path / name, TABLE, Reading()) as source:
                assert (source.format, source.size) == (format, len(content))
                assert len(read_rows(source)) == 1
                assert source.position() == len(content)
        except HeaderUnfit as error:
            assert (name, error.headers) == ("d.csv", ["[external_id]", "x"])


def test_a_reading_error_is_a_sentence() -> None:
    class Failing(io.BytesIO):
        def readinto(self, buffer: object) -> int:
            if self.tell():
                raise OSError(5, "Input/output error")
            return super().readinto(buffer)  # type: ignore[arg-type]

    source = JsonLines(io.BufferedReader(Failing(as_json_lines(*[row()] * 20_000))), TABLE, Reading())
    assert problems_of(source)[0].startswith("the file cannot be read after row ")
