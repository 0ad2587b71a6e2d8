"""Rows with long values are read as by the csv module alone, whichever values are long and wherever lines are cut."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.files.shapes import long_values
from ops.files.shapes.long_values import LongValues, pieces

CHARACTERS = st.text('ab",\n\ré', max_size=30)
VALUES = st.builds(
    lambda text, bare: text if bare and not set(text) & set('",\r\n') else '"' + text.replace('"', '""') + '"',
    CHARACTERS,
    st.booleans(),
)
LINES = st.tuples(st.lists(VALUES, min_size=1, max_size=4).map(",".join), st.sampled_from(["\n", "\r\n", "\r"]))
TEXTS = st.one_of(CHARACTERS, st.lists(LINES.map("".join), max_size=5).map("".join))


def read(lines: Iterable[str], long: LongValues) -> list[list[str] | str]:
    """Return the rows, and after them the error if there is one."""
    rows: list[list[str] | str] = []
    try:
        rows.extend(map(long.restored, csv.reader(lines, strict=True)))
    except csv.Error as error:
        rows.append(str(error))
    return rows


@given(text=TEXTS, piece=st.integers(2, 12), short=st.integers(1, 6))
def test_rows_are_read_as_by_the_csv_module(text: str, piece: int, short: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(long_values, "PIECE", piece)
        patch.setattr(long_values, "SHORT", short)
        long = LongValues(",")
        found = read(long.shortened(pieces(io.StringIO(text, newline="").readline)), long)
    assert found == read(io.StringIO(text, newline=""), LongValues(","))


@given(text=TEXTS, piece=st.integers(2, 12))
def test_pieces_are_cut_where_lines_end(text: str, piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(long_values, "PIECE", piece)
        found = list(pieces(io.StringIO(text, newline="").readline))
    assert "".join(found) == text
    assert not any("\r" in one[:-2] or "\n" in one[:-1] for one in found)
    assert all(len(one) <= piece + 1 for one in found)


def test_a_row_of_long_values_is_shortened_for_the_reader() -> None:
    text = ",".join(['"' + "x" * 500_000 + '"', "y" * 500_000, "short"]) + "\r\n"
    long = LongValues(",")
    (line,) = long.shortened(pieces(io.StringIO(text, newline="").readline))
    assert len(line) < 100
    (values,) = csv.reader([line], strict=True)
    assert long.restored(values) == ["x" * 500_000, "y" * 500_000, "short"]
