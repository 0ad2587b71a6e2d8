"""The guard in CSV files: a leading ' keeps a spreadsheet from computing a value that looks like a formula.

Whether a leading ' is a guard or a part of the text cannot be seen in a value. So files that we guard have a column
without values whose name is MARK. Spreadsheets keep it, whatever they save the file as, and nothing else is called so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

GUARD = "'"
# A header that keeps its own ' as long as the values keep theirs: some programs take a leading ' off every cell.
MARK = f"{GUARD}threadward{GUARD}"
MARK_WITHOUT_GUARD = MARK.removeprefix(GUARD)
STARTS = ("=", "+", "-", "@", "\t", "\r")  # begin a formula, or are skipped before one
# What follows the guard in our files; LibreOffice makes a line feed of a carriage return.
GUARDED_STARTS = (*STARTS, GUARD, "\n")


def guarded(text: str) -> str:
    """``text``, with the guard where a spreadsheet might compute it or where it begins like the guard."""
    return f"{GUARD}{text}" if text.startswith((*STARTS, GUARD)) else text


def has_guard(text: str) -> bool:
    """Whether ``text``, of a file of ours, has the guard."""
    return text.startswith(GUARD) and text.startswith(GUARDED_STARTS, 1)


def bare(text: str) -> str:
    """``text`` without the guard."""
    return text[1:] if has_guard(text) else text


def with_mark(cells: Sequence[T], mark: T) -> list[T]:
    """The cells of a row with the one in the column of the mark: the last but one.

    Excel leaves out empty cells at the end of some rows of a CSV file, so it must not be the last.
    """
    return [*cells[:-1], mark, *cells[-1:]]
