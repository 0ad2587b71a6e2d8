"""Time columns for spreadsheets: their header names UTC, and a second column has the exact time as text.

A spreadsheet keeps a date as a number without a zone. It shows milliseconds at most, and saves as CSV what it shows;
LibreOffice saves hundredths of a second as ODS. So our workbooks name such a column "timestamp (UTC)", and a second
one, "timestamp_exact", has the whole time as text if it has fractions of a second. Both survive in every format that
a spreadsheet saves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ops.files.headers.columns import Columns

IN_UTC, EXACT = " (UTC)", "_exact"
WITHOUT_ZONE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?P<seconds>:\d\d(?P<fraction>[.,]\d{1,9})?)?", re.ASCII)

HUNDREDTH = timedelta(milliseconds=10)


class UtcColumn(NamedTuple):
    """The place of a time among the values of a row, and of its exact time (or None) among all cells of the row."""

    place: int
    exact: int | None

    def read(self, values: Sequence[str], cells: Sequence[str]) -> list[str]:
        """Return the values of a row with its time in UTC: the exact time, unless the shown one was changed."""
        exact = cells[self.exact] if self.exact is not None and self.exact < len(cells) else ""
        return [*values[: self.place], in_utc(values[self.place], exact), *values[self.place + 1 :]]


def in_utc_header(name: str) -> str:
    """Return the header of a column of times in UTC."""
    return f"{name}{IN_UTC}"


def exact_header(name: str) -> str:
    """Return the header of the column with the exact times of the column ``name``."""
    return f"{name}{EXACT}"


def utc_columns(headers: Sequence[str], used: Sequence[str | None], columns: Columns) -> tuple[UtcColumn, ...]:
    """Return the time columns (those with such a name as their alias) whose headers name UTC."""
    found = []
    for place, name in enumerate(columns.names):
        if used[place] == in_utc_header(name) == columns.aliases.get(name):
            exact = exact_header(name)
            found.append(UtcColumn(place, headers.index(exact) if exact in headers else None))
    return tuple(found)


def in_utc(shown: str, exact: str = "") -> str:
    """Return a time of such a column with its zone: ``exact`` if both agree to the precision of ``shown``.

    A text that has a zone already, or is not a time, is returned unchanged.
    """
    found = WITHOUT_ZONE.fullmatch(shown.strip())
    if found is None:
        return shown
    if exact and _same(found, exact):
        return exact
    return f"{found[0]}+00:00"


def _same(shown: re.Match[str], exact: str) -> bool:
    """Return whether a time is the exact one, cut or rounded."""
    step = HUNDREDTH if shown["fraction"] else timedelta(seconds=1 if shown["seconds"] else 60)
    try:
        return abs(datetime.fromisoformat(f"{shown[0]}+00:00") - datetime.fromisoformat(exact).astimezone(UTC)) < step
    except (ValueError, OverflowError):
        return False
