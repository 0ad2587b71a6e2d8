"""What the first rows of a file show of its columns: sample values, and what a column without a name holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ops.files.suggestions import MOST_SAMPLES

LONGEST_SAMPLE = 500  # characters of a value: a name is whole, so that it is found where somebody is erased
FileRow = tuple[int, Sequence[str]]  # the number of a row, and its values as the file has them


def samples_of(rows: Sequence[FileRow], width: int) -> list[list[str]]:
    """The first different values of each of so many columns."""
    return [_first(values for _, values in full(rows, place)) for place in range(width)]


def full(rows: Sequence[FileRow], place: int) -> list[tuple[int, str]]:
    """(number of the row, value) of each row that has a value at a place."""
    return [
        (index, values[place])
        for index, (_, values) in enumerate(rows)
        if place < len(values) and values[place].strip()
    ]


def is_counter(values: Sequence[tuple[int, str]], *, first: bool) -> bool:
    """Whether these values of a column, with the indexes of their rows, count the rows from 0 or 1.

    Other programs write such a column as the first one; elsewhere it takes three rows to tell it from other numbers.
    """
    start = values[0][1].strip()
    if start not in ("0", "1") or not (first or len(values) >= MOST_SAMPLES):
        return False
    return all(value.strip() == str(index + int(start)) for index, value in values)


def shortened(value: str, most: int = LONGEST_SAMPLE) -> str:
    """A value as a sample has it, of so many characters at most."""
    return value if len(value) <= most else f"{value[: most - 1]}…"


def _first(values: Iterable[str]) -> list[str]:
    found: dict[str, None] = {}
    for value in values:
        found.setdefault(shortened(value.strip()))
        if len(found) == MOST_SAMPLES:
            break
    return list(found)
