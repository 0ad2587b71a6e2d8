"""Columns of times that spreadsheets work with: their header says UTC, and an exact text stands beside them.

A spreadsheet keeps a date as a number that knows no zone. It shows milliseconds at most, which is what it saves as
CSV, and LibreOffice saves hundredths of a second as ODS. So our workbooks call such a column "timestamp (UTC)", and a
further one, "timestamp_exact", has the whole time as text where there are fractions of a second. Both survive whatever
a spreadsheet saves the file as.
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
    """Where a row's time is among its values, and among all cells of the row the exact one, None where none is."""

    place: int
    exact: int | None

    def read(self, values: Sequence[str], cells: Sequence[str]) -> list[str]:
        """The values of a row with its time in UTC, the exact one unless the other one was changed."""
        exact = cells[self.exact] if self.exact is not None and self.exact < len(cells) else ""
        return [*values[: self.place], in_utc(values[self.place], exact), *values[self.place + 1 :]]


def in_utc_header(name: str) -> str:
    """The header of a column of dates."""
    return f"{name}{IN_UTC}"


def exact_header(name: str) -> str:
    """The header of the column with the exact times of another one."""
    return f"{name}{EXACT}"


def utc_columns(headers: Sequence[str], used: Sequence[str | None], columns: Columns) -> tuple[UtcColumn, ...]:
    """The columns of times (those that have such a name as their alias) whose headers say that they are in UTC."""
    found = []
    for place, name in enumerate(columns.names):
        if used[place] == in_utc_header(name) == columns.aliases.get(name):
            exact = exact_header(name)
            found.append(UtcColumn(place, headers.index(exact) if exact in headers else None))
    return tuple(found)


def in_utc(shown: str, exact: str = "") -> str:
    """A time of such a column with its zone: ``exact`` where both are the same as far as ``shown`` goes.

    What has a zone already, or is no time, stays as it is.
    """
    found = WITHOUT_ZONE.fullmatch(shown.strip())
    if found is None:
        return shown
    if exact and _same(found, exact):
        return exact
    return f"{found[0]}+00:00"


def _same(shown: re.Match[str], exact: str) -> bool:
    """Whether a time is what is shown of an exact one, cut or rounded."""
    step = HUNDREDTH if shown["fraction"] else timedelta(seconds=1 if shown["seconds"] else 60)
    try:
        return abs(datetime.fromisoformat(f"{shown[0]}+00:00") - datetime.fromisoformat(exact).astimezone(UTC)) < step
    except (ValueError, OverflowError):
        return False
