r"""CSV files with backslashes before quotes: reading them as escapes is suggested, and exact if it is chosen."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.files.problems import Unreadable
from ops.files.suggestions import Suggestion
from ops.files.tests.files import COLUMNS, SHARED, as_csv, open_csv, problems_of, read_rows, row

FIELD = SHARED / "field" / "33-backslash.csv"


def escaped(*texts: str, backslashes: bool) -> bytes:
    """Return a file whose quotes are escaped by a backslash, and its backslashes too if ``backslashes``."""
    lines = [COLUMNS, *(row(str(number), content=text) for number, text in enumerate(texts))]

    def cell(value: str) -> str:
        value = value.replace("\\", "\\\\") if backslashes else value
        return '"{}"'.format(value.replace('"', '\\"'))

    return "".join(",".join(map(cell, values)) + "\n" for values in lines).encode()


def suggested(content: bytes) -> list[Suggestion]:
    source = open_csv(content)
    try:
        list(source)
    except Unreadable as error:
        return error.suggestions
    return source.suggestions


def texts_of(content: bytes, **options: Any) -> list[str]:
    return [values[-1] for values in read_rows(open_csv(content, **options))]


@pytest.mark.skipif(not FIELD.is_file(), reason=f"the shared test data is not at {FIELD}")
def test_escaped_quotes_are_suggested_for_the_field_file_and_read_exactly() -> None:
    (suggestion,) = suggested(FIELD.read_bytes())
    assert (suggestion.option, suggestion.value) == ("escapes", "quotes")
    assert tuple(suggestion.samples[0]) == (2, 'Foo \\"Bar\\" said', 'Foo "Bar" said')
    assert texts_of(FIELD.read_bytes(), escapes="quotes") == ['Foo "Bar" said', "ends with backslash\\", "fine"]


def test_files_with_and_without_doubled_backslashes_are_distinguished() -> None:
    texts = ['say "hi"', "C:\\temp", "\\\\server\\share"]
    assert [one.value for one in suggested(escaped(*texts, backslashes=True))] == ["all", "quotes"]
    assert [one.value for one in suggested(escaped(*texts, backslashes=False))] == ["quotes", "all"]
    assert texts_of(escaped(*texts, backslashes=True), escapes="all") == texts
    assert texts_of(escaped(*texts, backslashes=False), escapes="quotes") == texts


def test_a_quote_that_splits_a_row_is_offered_too() -> None:
    content = escaped('x ", y', backslashes=False)
    source = open_csv(content)
    assert "row 2 has 9 values where 8 are expected" in problems_of(source)[0]
    assert [one.value for one in source.suggestions] == ["quotes"]
    assert texts_of(content, escapes="quotes") == ['x ", y']


@pytest.mark.parametrize("text", ["C:\\", "a\\nb", 'a "', "plain"])
def test_nothing_is_offered_where_quotes_are_doubled(text: str) -> None:
    assert suggested(as_csv(row("1", content=text))) == []


def test_nothing_is_offered_where_it_would_not_help() -> None:
    assert suggested(as_csv(row("1")) + b'2,,alice,bob,2026,,,"a\\" never closed\n3,"x"y",\n') == []


@given(st.lists(st.text("ab\\\"',;\n ", min_size=1, max_size=12), min_size=1, max_size=4))
def test_fully_escaped_texts_are_read_exactly(texts: list[str]) -> None:
    assert texts_of(escaped(*texts, backslashes=True), escapes="all") == texts


@given(st.lists(st.text('ab\\" ', min_size=1, max_size=12), min_size=1, max_size=4))
def test_texts_with_only_quotes_escaped_are_read_exactly(texts: list[str]) -> None:
    """Before an escaped quote, a backslash of the text looks the same as one that escapes it."""
    sound = [text.replace('\\"', '"') + "." for text in texts]
    assert texts_of(escaped(*sound, backslashes=False), escapes="quotes") == sound


def test_values_without_quotes_are_read_unchanged() -> None:
    text = io.StringIO()
    csv.writer(text, escapechar="\\", doublequote=False).writerows([COLUMNS, row("1", content='say "a", then')])
    assert texts_of(text.getvalue().encode(), escapes="quotes") == ['say "a", then']
