"""The guard in CSV files: a leading ' keeps a spreadsheet from computing a value that looks like a formula.

A value does not show whether its leading ' is a guard or part of the text. So files that we guard have a column
without values that is named MARK. Spreadsheets keep it in every format, and no other column has that name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

GUARD = "'"
# A header that keeps its own ' as long as the values keep theirs: some programs strip a leading ' from every cell.
MARK = f"{GUARD}threadward{GUARD}"
MARK_WITHOUT_GUARD = MARK.removeprefix(GUARD)
STARTS = ("=", "+", "-", "@", "\t", "\r")  # begin a formula, or are skipped before one
# What follows the guard in our files; LibreOffice turns a carriage return into a line feed.
GUARDED_STARTS = (*STARTS, GUARD, "\n")


def guarded(text: str) -> str:
    """Return ``text``, with the guard if a spreadsheet might compute it or if it begins with a '."""
    return f"{GUARD}{text}" if text.startswith((*STARTS, GUARD)) else text


def has_guard(text: str) -> bool:
    """Return whether ``text``, from a file of ours, has the guard."""
    return text.startswith(GUARD) and text.startswith(GUARDED_STARTS, 1)


def bare(text: str) -> str:
    """Return ``text`` without the guard."""
    return text[1:] if has_guard(text) else text


def with_mark(cells: Sequence[T], mark: T) -> list[T]:
    """Return the cells of a row with ``mark``, the cell in the column MARK, as the last but one."""
    # Not as the last: Excel leaves out empty cells at the end of some rows of a CSV file.
    return [*cells[:-1], mark, *cells[-1:]]
