"""Texts of other programs are read exactly, character for character, in every format."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.files.reading import open_source
from ops.files.sources import Reading
from ops.files.tests.files import COLUMNS, SHARED, TABLE, as_csv, as_json, as_json_lines, as_xlsx, read_rows, row

NAUGHTY = SHARED / "naughty-strings" / "blns.json"

Write = Callable[..., bytes]


def as_utf_16(*rows: Iterable[str]) -> bytes:
    return as_csv(*rows).decode().encode("utf-16")


def as_tabs(*rows: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([COLUMNS, *rows])
    return text.getvalue().encode()


WAYS: list[Write] = [as_csv, as_utf_16, as_tabs, as_json, as_json_lines, as_xlsx]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exact") / "messages"


def come_back(write: Write, path: Path, rows: list[tuple[str, ...]]) -> None:
    path.write_bytes(write(*rows))
    with open_source(path, TABLE, Reading()) as source:
        assert read_rows(source) == rows


@pytest.mark.parametrize("write", WAYS)
@given(texts=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
def test_any_text_comes_in_exactly(write: Write, path: Path, texts: list[tuple[str, str]]) -> None:
    rows = [row(str(number), content=text, sender=name) for number, (text, name) in enumerate(texts)]
    come_back(write, path, rows)


@pytest.mark.skipif(not NAUGHTY.is_file(), reason=f"the shared test data is not at {NAUGHTY}")
@pytest.mark.parametrize("write", WAYS)
def test_the_naughty_strings_come_in_exactly(write: Write, path: Path) -> None:
    texts = json.loads(NAUGHTY.read_text(encoding="utf-8"))
    assert len(texts) == 515
    come_back(write, path, [row(str(number), content=text, receiver=text) for number, text in enumerate(texts)])


@pytest.mark.parametrize("write", WAYS)
def test_long_texts_come_in_exactly(write: Write, path: Path) -> None:
    long = "é🙂\r\n\"';,\t=" * 2_978  # in UTF-16, the longest text that Excel holds in a cell
    come_back(write, path, [row("1", content=long), row("2")])


def test_lone_halves_of_characters_reach_the_checks(path: Path) -> None:
    """They cannot be stored, which is a problem of the row, not of the file."""
    rows = [row("1", content="a\ud83d"), row("2", content="\ude42b")]
    come_back(as_json, path, rows)
    path.write_bytes("\ufeff".encode("utf-16-le") + as_csv_text(rows).encode("utf-16-le", "surrogatepass"))
    with open_source(path, TABLE, Reading()) as source:
        assert read_rows(source) == rows


def as_csv_text(rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([COLUMNS, *rows])
    return text.getvalue()
