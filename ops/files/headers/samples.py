"""What the first rows of a file show about its columns: sample values, and whether a column counts the rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ops.files.suggestions import MOST_SAMPLES

LONGEST_SAMPLE = 500  # characters of a value: names stay whole, so that erasure finds them
FileRow = tuple[int, Sequence[str]]  # the number of a row, and its values as the file has them


def samples_of(rows: Sequence[FileRow], width: int) -> list[list[str]]:
    """Return the first different values of each of ``width`` columns."""
    return [_first(values for _, values in full(rows, place)) for place in range(width)]


def full(rows: Sequence[FileRow], place: int) -> list[tuple[int, str]]:
    """Return (index in ``rows``, value) of each row that has a value at ``place``."""
    return [
        (index, values[place])
        for index, (_, values) in enumerate(rows)
        if place < len(values) and values[place].strip()
    ]


def is_counter(values: Sequence[tuple[int, str]], *, first: bool) -> bool:
    """Return whether the values of a column, with the indexes of their rows, count the rows from 0 or 1.

    Other programs write such a column first; elsewhere it takes three rows to distinguish it from other numbers.
    """
    start = values[0][1].strip()
    if start not in ("0", "1") or not (first or len(values) >= MOST_SAMPLES):
        return False
    return all(value.strip() == str(index + int(start)) for index, value in values)


def shortened(value: str, most: int = LONGEST_SAMPLE) -> str:
    """Return a value, cut to ``most`` characters."""
    return value if len(value) <= most else f"{value[: most - 1]}…"


def _first(values: Iterable[str]) -> list[str]:
    found: dict[str, None] = {}
    for value in values:
        found.setdefault(shortened(value.strip()))
        if len(found) == MOST_SAMPLES:
            break
    return list(found)
