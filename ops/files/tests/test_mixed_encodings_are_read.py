"""Rows in another encoding than their file: reported, with that encoding suggested, and read in it if it is chosen."""

from __future__ import annotations

from typing import Any

import pytest

from ops.files.json.lines import JsonLines
from ops.files.sources import Reading
from ops.files.tests.files import TABLE, as_csv, as_json_lines, open_csv, opened, problems_of, read_rows, row

FRENCH = "où est-il déjà allé, à côté du café"
RUSSIAN = "Привет, как дела? Спасибо за сообщение, напиши мне завтра"


def mixed(*texts: tuple[str, str]) -> bytes:
    """Return a CSV file with a row for each (text, codec)."""
    rows = (as_csv(row(str(number), content=text)).decode().splitlines()[1] for number, (text, _) in enumerate(texts))
    lines = [line.encode(codec) for line, (_, codec) in zip(rows, texts, strict=True)]
    return b"\r\n".join([as_csv().strip(), *lines, b""])


def read(content: bytes, **options: Any) -> Any:
    source = open_csv(content, **options)
    return source, problems_of(source)


def test_rows_that_are_not_utf_8_are_named_and_an_encoding_is_suggested() -> None:
    source, problems = read(mixed(("café", "utf-8"), ("plain", "utf-8"), ("café!", "cp1252"), (FRENCH, "cp1252")))
    assert [problem[:24] for problem in problems] == ["Row 4 is not valid UTF-8", "Row 5 is not valid UTF-8"]
    (suggestion,) = source.suggestions
    assert (suggestion.option, suggestion.value) == ("fallback_encoding", "Windows-1252")
    assert suggestion.sentence == (
        "2 rows (4 and 5) are not valid UTF-8, as the rest of the file is, but Windows-1252 (Western Europe)."
    )
    assert tuple(suggestion.samples[0]) == (4, "caf\\xE9!", "café!")


def test_the_fallback_encoding_leaves_utf_8_rows_as_they_are() -> None:
    source = open_csv(mixed(("café", "utf-8"), ("café", "cp1252")), fallback_encoding="Windows-1252")
    assert [values[-1] for values in read_rows(source)] == ["café", "café"]
    assert [str(notice) for notice in source.notices] == ["Row 3 is read as Windows-1252."]
    assert source.suggestions == []


def test_an_encoding_that_fits_better_comes_before_the_usual_one() -> None:
    source, _ = read(mixed(("café", "utf-8"), (RUSSIAN, "cp1251")))
    assert source.suggestions[0].value == "Windows-1251"
    assert source.suggestions[0].samples[0].read.startswith("Привет")


def test_rows_valid_in_neither_encoding_stay_a_problem() -> None:
    content = mixed(("café", "utf-8"), ("x", "utf-8")) + b"9,,alice,bob,2026-01-05T10:00:00Z,,,\x81\xff"
    source, problems = read(content, fallback_encoding="Windows-1252")
    assert problems[0].startswith("Row 4 is not valid UTF-8 or Windows-1252")
    assert source.notices == []


def test_no_fallback_is_suggested_where_no_row_is_utf_8() -> None:
    source, _ = read(mixed(("plain", "utf-8"), ("café", "cp1252")))
    assert source.suggestions == []


def test_objects_of_json_are_read_so_too() -> None:
    lines = as_json_lines(row("1", content="café"), row("2", content="café")).splitlines(keepends=True)
    content = lines[0] + lines[1].decode().encode("cp1252")
    source = JsonLines(opened(content), TABLE, Reading())
    assert len(problems_of(source)) == 1
    assert [one.value for one in source.suggestions] == ["Windows-1252"]
    source = JsonLines(opened(content), TABLE, Reading(fallback_encoding="Windows-1252"))
    assert [values[-1] for values in read_rows(source)] == ["café", "café"]


@pytest.mark.parametrize("marks", [1, 120])
def test_the_end_mark_of_dos_is_ignored_with_a_notice(marks: int) -> None:
    source = open_csv(as_csv(row("1", content="dos")) + b"\x1a" * marks)
    assert [values[-1] for values in read_rows(source)] == ["dos"]
    assert [str(one) for one in source.notices] == [
        "The file ends with Ctrl-Z (U+001A), the end mark of DOS; it is ignored."
    ]


def test_a_control_character_within_a_text_stays() -> None:
    source = open_csv(as_csv(row("1", content="a\x1ab\x1a")))
    assert [values[-1] for values in read_rows(source)] == ["a\x1ab\x1a"]
    assert source.notices == []


def test_line_ends_that_were_doubled_make_no_problem_and_texts_keep_theirs() -> None:
    doubled = as_csv(row("1", content="one"), row("2", content="two")).replace(b"\r\n", b"\r\r\n")
    assert [values[-1] for values in read_rows(open_csv(doubled))] == ["one", "two"]
    kept = as_csv(row("1", content="a\r\nb"), row("2", content="- c"), row("3", content="'d"))
    assert [values[-1] for values in read_rows(open_csv(kept))] == ["a\r\nb", "- c", "'d"]
