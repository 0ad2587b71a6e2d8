"""XLSX: the rows of one sheet, within the limits of Excel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from messaging.languages.wording import grouped
from ops.exports.columns import Column
from ops.exports.rows import Chunk, values
from ops.exports.selections import ExportRefused
from ops.files.xlsx import writing
from ops.files.xlsx.writing import MOST_CHARACTERS, MOST_ROWS, Sheet


def too_many(number: int) -> str:
    """Return a sentence on why a sheet cannot hold this number of messages, and what to do."""
    text = _("An Excel sheet holds at most %(most)s messages, and these are %(number)s: export them as CSV.")
    return text % {"most": grouped(MOST_ROWS), "number": grouped(number)}


def too_long() -> str:
    """Return a sentence on why a cell cannot hold a text, and what to do."""
    text = _("An Excel cell holds at most %(most)s characters, and a text here is longer: export it as CSV.")
    return text % {"most": grouped(MOST_CHARACTERS)}


def sheet_of(columns: Mapping[str, Column]) -> Sheet:
    """Return the sheet with these columns."""
    return Sheet([writing.Column(name, column.kind, column.width) for name, column in columns.items()])


def header(columns: Mapping[str, Column]) -> bytes:
    """Return the beginning of the sheet, with the names of the columns."""
    return sheet_of(columns).beginning()


def lines(rows: QuerySet, columns: Mapping[str, Column], *, after: int, up_to: int, number: int = 0) -> Iterator[Chunk]:
    """Yield the rows of the sheet with keys greater than ``after`` up to ``up_to``, which ``number`` rows precede.

    Raises ExportRefused if the sheet cannot hold them.
    """
    sheet = sheet_of(columns)
    for found in values(rows, columns, after=after, up_to=up_to):
        if number + len(found) > MOST_ROWS:
            raise ExportRefused(too_many(number + len(found)))
        try:
            # The header is row 1.
            text = "".join(sheet.row(place, row) for place, row in enumerate(found, start=number + 2))
        except writing.CellTooLong:
            raise ExportRefused(too_long()) from None
        number += len(found)
        yield text.encode(), len(found)
