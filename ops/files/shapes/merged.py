"""Merged cells of a sheet: only the first one holds a value, which is meant for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from openpyxl.utils.cell import column_index_from_string, get_column_letter

from messaging.languages.wording import grouped, numbered
from ops.files.headers.samples import shortened
from ops.files.problems import Problem
from ops.files.shapes.rows import Row
from ops.files.suggestions import MOST_SAMPLES, Sample, Suggestion

MOST_MERGED = 50_000
PLACE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?([A-Z]{1,3})\$?(\d{1,7}))?")


class Merged(NamedTuple):
    """Merged cells: rows count from 1, columns from 0."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int

    @classmethod
    def at(cls, reference: str) -> Merged | None:
        """Return the cells that a reference such as C2:C4 names; None if it is not valid."""
        found = PLACE.fullmatch(reference)
        if not found:
            return None
        left, top, right, bottom = found[1], int(found[2]), found[3] or found[1], int(found[4] or found[2])
        columns = column_index_from_string(left) - 1, column_index_from_string(right) - 1
        return cls(top, bottom, *columns)

    @property
    def where(self) -> str:
        if self.first_row == self.last_row:
            return _("row %(row)s") % {"row": grouped(self.first_row)}
        return _("rows %(first)s–%(last)s") % {"first": grouped(self.first_row), "last": grouped(self.last_row)}


def filled_notice() -> Problem:
    """Return the notice that merged cells are read as the first one."""
    return Problem(None, "", "notice", _("merged cells are read as their first cell."), "fill_merged")


def filled(rows: Iterable[Row], merged: Sequence[Merged]) -> Iterator[Row]:
    """Yield the rows, with the value of the first merged cell in the others."""
    waiting = sorted(merged, reverse=True)
    current: list[tuple[Merged, str]] = []
    for row in rows:
        current = [(one, value) for one, value in current if one.last_row >= row.number]
        while waiting and waiting[-1].first_row <= row.number:
            one = waiting.pop()
            value = row.values.get(one.first_column, "") if one.first_row == row.number else ""
            if value and (one.last_row >= row.number):
                current.append((one, value))
        for one, value in current:
            for column in range(one.first_column, one.last_column + 1):
                row.values.setdefault(column, value)
        yield row


def suggestion(merged: Sequence[Merged], rows: Iterable[Row]) -> Suggestion:
    """Return the suggestion to fill merged cells; its samples are from ``rows``, those of the sheet from its first."""
    wanted = {one.first_row: one for one in sorted(merged, reverse=True)}
    samples: list[Sample] = []
    last = max(wanted)
    for row in rows:
        one = wanted.get(row.number)
        if one is not None and (value := row.values.get(one.first_column, "")):
            cells = f"{get_column_letter(one.first_column + 1)}{one.first_row}"
            end = f"{get_column_letter(one.last_column + 1)}{one.last_row}"
            said = _("%(value)s for %(rows)s") % {"value": shortened(value), "rows": one.where}
            samples.append(Sample(row.number, f"{cells}:{end}", said))
        if len(samples) == MOST_SAMPLES or row.number >= last:
            break
    words = _said(len(merged), samples[0].read if samples else "")
    return Suggestion("fill_merged", True, words, _("Read merged cells as their first cell"), samples)


def _said(groups: int, example: str) -> str:
    if not example:
        text = ngettext(
            "One group of cells is merged: only the first of them holds the value.",
            "%(number)s groups of cells are merged: only the first of them holds the value.",
            groups,
        )
        return numbered(text, groups)
    text = ngettext(
        "One group of cells is merged, such as %(example)s: only the first of them holds the value.",
        "%(number)s groups of cells are merged, such as %(example)s: only the first of them holds the value.",
        groups,
    )
    return numbered(text, groups, example=example)
