"""Every message about a file is marked for translation: no English is left in a pseudo locale."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest

from messaging.tests.pseudo import ACCENTED, BEGIN, speaking
from ops.files import invisible, uploads
from ops.files.dialects.escapes import ESCAPES
from ops.files.encodings import ENCODINGS
from ops.files.headers.columns import Columns
from ops.files.headers.unfit import HeaderUnfit
from ops.files.problems import Problem, Unreadable
from ops.files.reading import open_source
from ops.files.sources import Reading
from ops.files.suggestions import Suggestion
from ops.files.tests.files import COLUMNS, SHARED, TABLE, as_csv, as_json, as_json_lines, as_xlsx, row
from ops.files.tests.hostile import WRITERS, sheet
from ops.files.tests.workbooks import as_ods, as_xls, ods_of, ods_table, xlsb_of, xlsb_sheet
from ops.files.times.inference import UnreadTimes
from ops.files.timestamps import DATES, REPEATED, moments_in

# Words that are the same in every language: columns, formats, encodings, zones, and columns without a name.
FORMATS = "JSON Lines Europe Berlin column"
OWN = {*re.findall(r"\w+", " ".join((*COLUMNS, *ENCODINGS, FORMATS)))}
WORD = re.compile(r"\b[A-Za-z][a-z]+\b")
QUOTED = re.compile(r"""(?<!\w)'[^']*'(?!\w)|"[^"]*"|“[^”]*”""")

MESSAGE = row()
IN_THE_ZONE = {"time_zone": "Europe/Berlin"}
HEADER = ",".join(COLUMNS)


def unmarked(text: str, values: Iterable[str] = ()) -> list[str]:
    """Return the English words of a text, without quoted ones, those of OWN, and those in the file's ``values``."""
    known = OWN.union(*(re.findall(r"\w+", value) for value in values))
    return [word for word in WORD.findall(QUOTED.sub(" ", text)) if word not in known]


def messages_about(path: Path, reading: Reading, columns: Columns = TABLE) -> Iterator[tuple[str, Iterable[str]]]:
    """Yield every message about a file, with the headers that it may name."""

    def messages_of(
        problems: Iterable[Problem], suggestions: Iterable[Suggestion]
    ) -> Iterator[tuple[str, Iterable[str]]]:
        for problem in problems:
            yield problem.message, headers
            if problem.column:
                yield str(problem), headers
        for one in suggestions:
            yield one.sentence, [*headers, *(sample.read for sample in one.samples if one.option == "fill_merged")]
            yield one.button, headers

    headers: list[str] = []
    read, times = moments_in(reading.time_zone, reading.dates), UnreadTimes(reading.time_zone, reading.repeated_times)
    try:
        with open_source(path, columns, reading) as source:
            headers = source.headers
            for number, values, problem in source:
                yield from messages_of([problem] if problem else [], [])
                text = values[COLUMNS.index("timestamp")]
                moment = read(text)
                yield from ((one, [text]) for one in (moment.note, moment.problem) if one)
                if moment.problem:
                    times.add(number, text)
                elif moment.cure == "repeated_times":
                    times.add_twice(number, text)
            yield source.description, source.sheets
            yield from messages_of(source.notices, source.suggestions)
    except Unreadable as error:
        headers = error.headers if isinstance(error, HeaderUnfit) else headers
        yield from messages_of([error.problem], error.suggestions)
    yield from messages_of([], times.suggestions())


def check(path: Path, table: Columns = TABLE, **options: Any) -> list[str]:
    """Return every message about a file; each must be marked."""
    with speaking(ACCENTED):
        found = list(messages_about(path, Reading(**options), table))
    for text, values in found:
        assert BEGIN in text, text
        assert not unmarked(text, values), text
    return [text for text, _values in found]


SHARED_FILES = [
    path
    for folder in ("bad-input", "field")
    for path in sorted((SHARED / folder).glob("*"))
    if path.suffix in (".csv", ".json", ".xlsx")
]
OPTIONS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "with choices": {
        **IN_THE_ZONE,
        "dates": "day-first",
        "ignore_unknown": True,
        "fill_merged": True,
        "saved_values": True,
        "fallback_encoding": "Windows-1252",
        "join_pieces": True,
    },
    "in another encoding": {"encoding": "Shift_JIS", "dates": "seconds", "header_row": 1},
    "without a header": {"header_row": 0},
    "under a key": {"list_under": "messages", "sheet": "Sheet1", "escapes": "all", "dates": "month-first"},
}


@pytest.mark.skipif(not SHARED_FILES, reason=f"the shared test data is not at {SHARED}")
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_messages_about_bad_files_are_translated(options: dict[str, Any]) -> None:
    assert [text for path in SHARED_FILES for text in check(path, **options)]


def times(*texts: str) -> bytes:
    return as_csv(*(row(str(number), timestamp=text) for number, text in enumerate(texts)))


def lines(*rows: str, header: str = HEADER) -> bytes:
    return "".join(f"{one}\n" for one in (header, *rows)).encode()


SOUND_LINE = '1,,alice,bob,2026-01-05T10:00:00Z,,,"hello"'
CONTENTS: dict[str, tuple[bytes, dict[str, Any]]] = {
    "empty": (b"", {}),
    "no rows": (as_csv(), {}),
    "no rows without a header": (b"\n", {"header_row": 0}),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00", {}),
    **{f"magic {magic[:4]!r}": (magic, {}) for magic in (b"PK\x03\x04", b"\x1f\x8b", b"%PDF-1", b"SQLite format 3\0")},
    "too few values": (lines("1", SOUND_LINE), {}),
    "an open quote": (lines('1,"'), {}),
    "a quote within": (lines('1,"a"b,'), {}),
    "an open quote in the header": (b'id,"sender\n1,a\n', {}),
    "no text in the header": (b"ext\xe9rnal_id,sender\n", {}),
    "U+0000 in the header": (b"id,\x00sender\n", {}),
    "a header far below": (lines(SOUND_LINE), {"header_row": 900}),
    "an empty header": (lines("", SOUND_LINE), {"header_row": 2}),
    "a header below titles": (lines("a title", HEADER, SOUND_LINE, header="title,,,,,,,"), {}),
    "columns without names": (lines(f"{SOUND_LINE},,7", f"{SOUND_LINE},1,x", header=f"{HEADER},,"), {}),
    "values without names": (lines(f"{SOUND_LINE},x", header=f"{HEADER},"), {"ignore_unknown": True}),
    "counted rows": (lines(*(f"{at},{SOUND_LINE}" for at in range(9)), header=f",{HEADER}"), {}),
    "a column twice": (lines(SOUND_LINE, header=f"{HEADER},sender"), {}),
    "more separators": (lines(f"{SOUND_LINE},,"), {}),
    "semicolons": (lines("1;2", header=HEADER.replace(",", ";")), {}),
    "tabs": (lines(SOUND_LINE.replace(",", "\t"), header=HEADER.replace(",", "\t")), {}),
    "the end mark of DOS": (lines(SOUND_LINE) + b"\x1a", {}),
    "half a character": (lines(SOUND_LINE).decode().encode("utf-16") + b"\x00", {}),
    "many columns": (lines(header=",".join(f"c{at}" for at in range(1_100))), {}),
    "mixed encodings": (lines("1,,Zoë,bob,2026-01-05T10:00:00Z,,,é", SOUND_LINE) + b"2,,Zo\xeb,b,,,,\x81\n", {}),
    "mixed encodings, read": (
        lines("1,,Zoë,bob,2026-01-05T10:00:00Z,,,é") + b"2,,Zo\xeb,b,,,,x\n3,,\x81,b,,,,x\n",
        {"fallback_encoding": "Windows-1252"},
    ),
    "a list of nothing": (b"[]", {}),
    "a list of numbers": (b"[1, 2]", {}),
    "no object among others": (as_json(MESSAGE)[:-1] + b", 7]", {}),
    "more after the list": (as_json(MESSAGE) + b" 7", {}),
    "a comma missing": (as_json(MESSAGE)[:-1] + b' {"a": 1}]', {}),
    "a comma too many": (as_json(MESSAGE)[:-1] + b",]", {}),
    "lists one after the other": (as_json(MESSAGE) + b"\n" + as_json(MESSAGE), {}),
    "a list cut off": (as_json(MESSAGE, MESSAGE)[:-30], {}),
    "an object cut off": (as_json(MESSAGE)[:20], {}),
    "no JSON": (as_json(MESSAGE)[:-1] + b", {x" + b" " * 99 + b"}]", {}),
    "lists too deep": (as_json(MESSAGE)[:-1] + b"," + b"[" * 99_999, {}),
    "a key twice": (as_json(MESSAGE)[:-2] + b', "sender": "x"}]', {}),
    "other values": (as_json(row("1", content=["a"]), row("2", content={}), row("3", content=[{}])), {}),  # type: ignore[arg-type]
    "no number": (as_json(row(content=float("nan"))), {}),  # type: ignore[arg-type]
    "unknown keys later": (as_json(MESSAGE)[:-1] + b',{"other": 1}]', {}),
    "keys left out later": (
        as_json(MESSAGE).replace(b'"read"', b'"lu"') + b"\n" + as_json(MESSAGE),
        {"columns": {"read": ""}, "ignore_unknown": True},
    ),
    "control characters": (as_json(MESSAGE).replace(b"hello", b"a\tb"), {}),
    "a bad line": (as_json_lines(MESSAGE, MESSAGE) + b"{x}\n" + b'{"a":' * 99_999 + b"\n", {}),
    "lines with commas": (as_json_lines(MESSAGE, MESSAGE).replace(b"\n", b",\n"), {}),
    "a line cut off": (as_json_lines(MESSAGE, MESSAGE)[:-9], {}),
    "one object": (as_json_lines(MESSAGE)[:-1], {}),
    "no object on any line": (b'{"\n{"\n', {}),
    "lists under keys": (b'{"data": [{}], "items": [{}]}', {}),
    "a list under another key": (b'{"data": [{}]}', {"list_under": "rows"}),
    "Telegram": (b'{"name": "a", "type": "b", "id": 1, "messages": [{}]}', {}),
    "Telegram's chats": (b'{"about": "x", "chats": {"about": "y", "list": [{}]}}', {}),
    "Slack": (b'[{"type": "message", "ts": "1", "text": "x", "user": "U"}]', {}),
    "a workbook cut off": (as_xlsx(MESSAGE)[:-50], {}),
    "an empty sheet": (as_xlsx(headers=()), {}),
    "no rows in a sheet": (as_xlsx(), {}),
    "values beside the header": (as_xlsx((*MESSAGE, "x")), {}),
    "a sheet that is missing": (as_xlsx(MESSAGE), {"sheet": "x"}),
    "OpenDocument": (as_ods(MESSAGE, others=["a", "b"]), {}),
    "no sheet": (ods_of(""), {}),
    "a file of Excel": (as_xls(MESSAGE, others=["a"]), {"fill_merged": True}),
    "a hidden sheet": (xlsb_of({"a": xlsb_sheet({0: ["x"]}), "b": xlsb_sheet({0: COLUMNS})}, hidden=["b"]), {}),
    "an empty sheet that was chosen": (ods_of(ods_table("a", [COLUMNS]) + ods_table("b", [])), {"sheet": "b"}),
    "another sheet that was chosen": (as_ods(others=["a"]), {"sheet": "a"}),
    "a damaged one": (as_xls(MESSAGE)[:600], {}),
    "days first": (times("31.12.2025 10:00", "1.2.2026 10:00"), {}),
    "months first": (times("12/31/2025 10:00", "1/2/2026 10:00"), {}),
    "either order": (times("1/2/2026 10:00", "2/2/2026 10:00", "3/2/2026 10:00", "1/3/2026 10:00"), {}),
    "both orders": (times("31/12/2025 10:00", "12/31/2025 10:00"), {}),
    "an order that was not chosen": (times("12/31/2025 10:00"), {"dates": "day-first"}),
    "a day that was not chosen": (times("31.12.2025 10:00"), {"dates": "month-first"}),
    "dates with one meaning": (times("2025/12/31 10:00", "31 Dec 2025 10:00"), {}),
    **{number: (times(number), {}) for number in ("45000.5", "1767607200", "1" * 13, "1" * 16, "1" * 19)},
    "numbers of several kinds": (times("1767607200", "1767607200000", "45000.5", "7"), {}),
    "numbers that were not chosen": (times("7"), {"dates": "by-size"}),
    "no times": (times("", "now", "2026-02-30", "2026-01-05", "2026-13-05T10:00:00Z", "0001-01-01T00:00:00Z"), {}),
    "times with notes": (
        times("2026-12-31T23:59:60Z", "2026-01-05T10:00:00.1234567Z", "2026-01-05T10:00:00", "31.12.2025"),
        {"dates": "day-first"},
    ),
    "clocks put forward and back": (times("2026-03-29T02:30:00", "2026-10-25T02:30:00"), IN_THE_ZONE),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_messages_about_a_faulty_file_are_translated(name: str, tmp_path: Path) -> None:
    content, options = CONTENTS[name]
    path = tmp_path / "file"
    path.write_bytes(content)
    assert check(path, **options)


def test_messages_about_formulas_are_translated(tmp_path: Path) -> None:
    path = tmp_path / "formulas"
    cells = '<c r="H2" t="str"><f>A1</f><v>x</v></c>', '<c r="C3" t="e"><v>#REF!</v></c>', '<c r="A4"><f>ROW()</f></c>'
    sheet(path, [f"<row>{cell}</row>".encode() for cell in cells])
    assert len(check(path)) > len(cells)


def test_messages_about_columns_by_other_names_are_translated(tmp_path: Path) -> None:
    path = tmp_path / "columns"
    path.write_bytes(lines("a,b,2026-01-05T10:00:00Z,x,y", header="sender,receiver,timestamp,text,other"))
    named = replace(TABLE, by_name=lambda headers: {"content": "text"} if "text" in headers else {})
    assert len(check(path, named)) > 1
    without = replace(TABLE, by_values=lambda rows: {"sender": 0, "receiver": 1, "timestamp": 2, "content": 3})
    path.write_bytes(lines(header="a,b,2026-01-05T10:00:00Z,x"))
    assert len(check(path, without)) > 1


# The small ones of the files that other tests read in a limited process.
@pytest.mark.parametrize(
    "name",
    [
        "xlsx_with_a_far_cell",
        "xlsx_of_one_text_in_every_column",
        "xlsx_of_one_text_in_every_row",
        "xlsx_of_entities",
        "xlsx_of_countless_parts",
        "xlsx_packed_otherwise",
        "xlsx_of_deep_elements",
        "xlsx_of_empty_rows",
        "xlsx_of_one_row",
        "csv_of_a_million_columns",
    ],
)
def test_messages_about_hostile_files_are_translated(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for limit, number in WRITERS[name].limits.items():
        monkeypatch.setattr(limit, number)
    WRITERS[name].write(tmp_path / name)
    assert check(tmp_path / name)


def test_choices_are_marked() -> None:
    with speaking(ACCENTED):
        choices = [str(words) for words in (*DATES.values(), *REPEATED.values(), *ESCAPES.values())]
        encodings = [str(words) for words in ENCODINGS.values()]
    assert all(BEGIN in words and not unmarked(words) for words in choices)
    assert {words for words in encodings if BEGIN not in words} == {"UTF-8", "Latin-1 (ISO 8859-1)"}


@pytest.mark.parametrize("make", [lambda: uploads.size_in_words(1), lambda: uploads.size_in_words(5 << 20)])
def test_sizes_are_marked(make: Callable[[], str]) -> None:
    with speaking(ACCENTED):
        assert not unmarked(make())


def test_refused_uploads_are_reported_in_the_language_of_the_request() -> None:
    with speaking(ACCENTED):
        assert not unmarked(uploads.receive(HttpRequest(), limit=5).too_large)
        assert not unmarked(str(uploads.NO_ROOM))


def test_control_characters_have_names_in_every_language() -> None:
    with speaking(ACCENTED):
        assert not any(unmarked(invisible.name_of(one).partition(" (U+")[0]) for one in "\x00\x1b\x02\uffff")


def test_each_language_has_its_own_sentences_about_times() -> None:
    before = moments_in("UTC")("now").problem
    with speaking(ACCENTED):
        assert moments_in("UTC")("now").problem.startswith(BEGIN)
    assert moments_in("UTC")("now").problem == before
