"""CSV files as people have them: encodings, separators, line ends and quotes; faults are reported by row."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from ops.files import csv_files
from ops.files.csv_files import LONGEST_LINE
from ops.files.encodings import ENCODINGS, encoding_of
from ops.files.problems import Unreadable
from ops.files.shapes.long_values import PIECE
from ops.files.sources import LONGEST_VALUE, Reading
from ops.files.tests.files import COLUMNS, TABLE, as_csv, open_csv, row

# The header of most files: without edited and read.
HEADER = "external_id,parent_external_id,sender,receiver,timestamp,content"
REMEDY = "choose the file's encoding, or save the file as UTF-8 and import that."


def read(content: bytes) -> list[tuple[int, tuple[str, ...]]]:
    """Return (number, values) of every row; none may have a problem."""
    found = list(open_csv(content))
    assert [problem for _, _, problem in found if problem] == []
    return [(number, tuple(values)) for number, values, _ in found]


def unreadable(content: bytes) -> str:
    """Return why the file cannot be read, from the beginning or after some rows."""
    with pytest.raises(Unreadable) as caught:
        list(open_csv(content))
    return str(caught.value)


@pytest.mark.parametrize(
    ("encoding", "mark", "described"),
    [
        ("utf-8", b"", "read as UTF-8, separated by commas"),
        ("utf-8", b"\xef\xbb\xbf", "read as UTF-8, separated by commas"),
        ("utf-16-le", b"\xff\xfe", "read as UTF-16, separated by commas"),
        ("utf-16-be", b"\xfe\xff", "read as UTF-16, separated by commas"),
    ],
)
def test_the_encoding_is_recognised_by_the_byte_order_mark(encoding: str, mark: bytes, described: str) -> None:
    content = mark + as_csv(row(content="héllo 🏳️‍🌈")).decode().encode(encoding)
    assert read(content) == [(2, row(content="héllo 🏳️‍🌈"))]
    assert open_csv(content).description == described


@pytest.mark.parametrize(
    ("separator", "described"), [(",", "separated by commas"), (";", "separated by ;"), ("\t", "separated by tabs")]
)
def test_the_separator_is_detected_from_the_header(separator: str, described: str) -> None:
    lines = [separator.join(COLUMNS), separator.join(row(content="hello"))]
    content = "\n".join(lines).encode()
    assert read(content) == [(2, row(content="hello"))]
    assert open_csv(content).description.endswith(described)


def test_columns_may_be_in_any_order_and_in_quotes() -> None:
    content = b'"content","timestamp", receiver,sender,parent_external_id,external_id\nhello,now,bob,alice,0,1\n'
    assert read(content) == [(2, ("1", "0", "alice", "bob", "now", "", "", "hello"))]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("Windows-1252", "caf\xe9 – 5 €"),
        ("Latin-1", "caf\xe9\x80"),
        ("Windows-1251", "привет"),
        ("Shift_JIS", "表示ソ①"),
        ("GB18030", "你好🙂"),
        ("EUC-KR", "안녕 똠"),
        ("UTF-16", "hi 🙂"),
    ],
)
def test_the_encoding_may_be_chosen(encoding: str, text: str) -> None:
    codec = encoding_of(b"ex", encoding).codec
    chosen = open_csv(f"{HEADER}\n1,,a,b,t,{text}\n".encode(codec), encoding=encoding)
    assert [values[-1] for _, values, _ in chosen] == [text]
    assert chosen.description == f"read as {encoding}, separated by commas"


@pytest.mark.parametrize("name", [name for name in ENCODINGS if name != "UTF-16"])
def test_every_byte_can_be_written_back_in_every_encoding(name: str) -> None:
    """Invalid bytes are a problem of their row, never of the whole file; nothing is lost or replaced."""
    line = b"1,,alice,bob,t,\x81\xfe\xff\x80~"
    source = open_csv(HEADER.encode() + b"\n" + line + b"\n", encoding=name)
    ((_, values),) = source.originals()
    codec, errors = source.codec
    assert ",".join(values).encode(codec.removesuffix("-sig"), errors) == line


def test_bytes_that_the_chosen_encoding_does_not_have_are_named() -> None:
    content = HEADER.encode() + b"\n1,,a,b,t,\x81\n2,,a,b,t,fine\n"
    problems = [problem for *_, problem in open_csv(content, encoding="Windows-1252") if problem]
    assert [(str(one), one.cure) for one in problems] == [
        (f"Row 2 is not valid Windows-1252 (byte 0x81): {REMEDY}", "encoding")
    ]


def test_utf_16_without_a_mark_is_recognised_by_its_header() -> None:
    for codec in ("utf-16-le", "utf-16-be"):
        assert read(as_csv(row(content="héllo")).decode().encode(codec)) == [(2, row(content="héllo"))]


def test_a_mark_of_utf_8_before_another_encoding_is_left_out() -> None:
    content = b"\xef\xbb\xbf" + HEADER.encode() + b"\n1,,a,b,t,caf\xe9\n"
    assert [values[-1] for _, values, _ in open_csv(content, encoding="Latin-1")] == ["café"]


def test_the_separator_is_detected_from_chosen_headers_too() -> None:
    chosen = {"external_id": "", "parent_external_id": "", "sender": "Von", "receiver": "An", "timestamp": "Zeit"}
    columns = {**chosen, "content": "Text, ganz"}
    content = b"Von;An;Zeit;Text, ganz\na;b;t;hello\n"
    assert [values for _, values, _ in open_csv(content, columns=columns)] == [("", "", "a", "b", "t", "", "", "hello")]


def test_texts_are_exact() -> None:
    """A quoted text is unchanged: nothing is stripped, and a leading ' stays."""
    texts = ["'=1+1", "=1", ' "quoted" ', "two\r\nlines", "a\rb", "a\n\nb", "\t", "🙂,;", "\ufeff"]
    content = as_csv(*(row(content=text) for text in texts))
    assert [values[-1] for _, values in read(content)] == texts


def test_rows_count_as_in_a_spreadsheet() -> None:
    """The header is row 1, a text of several lines is one row; blank lines and empty rows are counted but skipped."""
    lines = [HEADER, '1,,a,b,t,"two\nlines"', "", ",,,,,", "2,,a,b,t,hello"]
    assert [(number, values[0]) for number, values in read("\n".join(lines).encode())] == [(2, "1"), (5, "2")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way(end: str) -> None:
    lines = [HEADER, "1,,a,b,t,one", "2,,a,b,t,two"]
    assert [values[-1] for _, values in read(end.join(lines).encode())] == ["one", "two"]


def test_line_ends_may_be_mixed() -> None:
    content = f'{HEADER}\r\n1,,a,b,t,one\n2,,a,b,t,two\r3,,a,b,t,"x\r\ny\rz"\r\n4,,a,b,t,four\r'
    assert [values[-1] for _, values in read(content.encode())] == ["one", "two", "x\r\ny\rz", "four"]


def test_a_carriage_return_without_quotes_is_text_where_it_is_not_between_complete_rows() -> None:
    content = f"{HEADER}\n1,,a,b,t,\r=1\n2,,a,b,t,one\rtwo\rthree\n3,,a,b,t,hello\n"
    assert [(number, values[-1]) for number, values in read(content.encode())] == [
        (2, "\r=1"),
        (3, "one\rtwo\rthree"),
        (4, "hello"),
    ]


def test_where_lines_end_in_carriage_returns_incomplete_rows_are_not_joined() -> None:
    found = list(open_csv(f"{HEADER}\r1,,a,b,t,hello\rtorn\r".encode()))
    assert [(number, problem is None) for number, _, problem in found] == [(2, True), (3, False)]


def test_rows_with_too_few_or_too_many_values_are_named_and_keep_their_id() -> None:
    found = list(open_csv(f"{HEADER}\n1,,alice,bob,t\n2,,alice,bob,t,b,extra,extra\n3\n".encode()))
    assert [(values[0], str(problem).split(":")[0]) for _, values, problem in found] == [
        ("1", "row 2 has 5 values where 6 are expected"),
        ("2", "row 3 has 8 values where 6 are expected"),
        ("3", "row 4 has 1 value where 6 are expected"),
    ]


def test_every_row_that_is_not_utf_8_is_named() -> None:
    content = HEADER.encode() + b"\n1,,a,b,t,caf\xe9\n2,,a,b,t,fine\n3,,a\xff,b,t,hello\n"
    problems = [str(problem) for _, _, problem in open_csv(content) if problem]
    assert problems == [
        f"Row 2 is not valid UTF-8 (byte 0xE9): {REMEDY}",
        f"Row 4 is not valid UTF-8 (byte 0xFF): {REMEDY}",
    ]


@pytest.mark.parametrize(
    ("rest", "reason"),
    [
        ('1,,a,b,t,"never closed\n2,,a,b,t,b\n', "the quote opened in row 2 is never closed: close it, or remove it."),
        ('1,,a,b,t,x\n2,,a,b,t,"closed" early\n', "row 3 holds a quoted value that goes on after its closing quote"),
        (
            lambda: '1,,a,b,t,"' + "x" * (LONGEST_VALUE + 2) + '"\n',
            "the quote opened in row 2 is never closed, or the value is longer",
        ),
        (lambda: "1,,a,b,t," + "x" * LONGEST_LINE + "\n", f"row 2 has a line of more than {LONGEST_LINE:,} characters"),
        ("", "the file has a header and no rows."),
        ("\n\n", "the file has a header and no rows."),
    ],
)
def test_a_fault_after_which_nothing_can_be_read_is_named(rest: str | Callable[[], str], reason: str) -> None:
    """Long contents are made here: as parameters, every process that collects tests would make them."""
    assert unreadable(f"{HEADER}\n{rest if isinstance(rest, str) else rest()}".encode()).startswith(reason)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty."),
        (b"\n\r\n \n", "the file is empty."),
        (b"PK\x03\x04rubbish", "this is not text: it looks like a ZIP or XLSX file. Save it as CSV and import that."),
        (b"ext\xe9rnal_id,sender\n", f"the header is not valid UTF-8: {REMEDY}"),
        (
            b"external_id\x00,sender\n",
            f"the header holds a character that cannot be stored (U+0000), read as UTF-8: remove it, {REMEDY}",
        ),
        (b'external_id,"sender\n', "a quote in the header is never closed: close or remove it."),
        (
            b"sender,sender,receiver,timestamp,text,content\n",
            "the columns of the header do not fit; unknown: text; missing: external_id, parent_external_id; repeated: "
            "sender in columns 1 and 2 (A and B). Expected, once each: external_id, parent_external_id, sender, "
            "receiver, timestamp, content; edited and read may be there as well. Of columns with one name "
            "keep one; give the others other names, or remove them.",
        ),
    ],
)
def test_a_file_that_is_no_csv_table_is_refused_at_once(content: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        open_csv(content)
    assert str(caught.value) == reason


def test_half_a_utf_16_character_at_the_end_is_named() -> None:
    content = b"\xff\xfe" + as_csv(row()).decode().encode("utf-16-le") + b"x"
    assert unreadable(content).startswith("the file is not valid UTF-16 after row")


def test_a_reading_error_is_a_sentence() -> None:
    class Failing(io.BytesIO):
        def readinto(self, buffer: object) -> int:
            if self.tell():
                raise OSError(5, "Input/output error")
            return super().readinto(buffer)  # type: ignore[arg-type]

    content = as_csv(*[row()] * 20_000)
    failing = csv_files.CsvFile(io.BufferedReader(Failing(content)), TABLE, Reading())
    with pytest.raises(Unreadable, match=r"^the file cannot be read after row \d+: Input/output error\.$"):
        list(failing)


BEFORE = "1,,alice,bob,2026-01-05T10:00:00+00:00,"


def test_an_end_mark_where_a_long_line_is_cut_is_text() -> None:
    text = "x" * (PIECE - len(BEFORE) - 3) + "\x1a\r\nrest"
    file = open_csv(f'{HEADER}\n{BEFORE}"{text}"\n'.encode())
    assert [values[-1] for _, values, _ in file] == [text]
    assert not file.notices


def test_an_end_mark_is_taken_off_a_last_line_of_any_length() -> None:
    text = "x" * (PIECE - len(BEFORE) - 3)
    assert [values[-1] for _, values in read(f'{HEADER}\n{BEFORE}"{text}"\x1a'.encode())] == [text]


def test_no_row_is_lost_behind_a_header_of_any_length() -> None:
    header = f"{HEADER},".ljust(PIECE - 1, "y")
    content = f"{header}\r{BEFORE}one,\r2{BEFORE[1:]}two,\r".encode()
    assert [values[-1] for _, values, _ in open_csv(content, ignore_unknown=True)] == ["one", "two"]
