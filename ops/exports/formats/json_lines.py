"""JSON Lines: one object for each row, with unchanged texts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet

from ops.exports.columns import FLAG, Column
from ops.exports.rows import Chunk, values

encode = json.JSONEncoder(ensure_ascii=False, separators=(", ", ": ")).encode


def header(columns: Mapping[str, Column]) -> bytes:
    """Return b"", because every line names its columns."""
    return b""


def lines(rows: QuerySet, columns: Mapping[str, Column], *, after: int, up_to: int, number: int = 0) -> Iterator[Chunk]:
    """Yield the lines of rows with keys greater than ``after`` up to ``up_to``, by key.

    This format ignores ``number``, the number of rows before them.
    """
    flags = {place for place, column in enumerate(columns.values()) if column.kind == FLAG}
    for found in values(rows, columns, after=after, up_to=up_to):
        text = "".join(f"{encode(dict(zip(columns, _plain(row, flags), strict=True)))}\n" for row in found)
        yield text.encode(), len(found)


def _plain(row: tuple[Any, ...], flags: set[int]) -> Iterator[Any]:
    """Return the values of a row, with flags as booleans."""
    return (value == "true" if place in flags else value for place, value in enumerate(row))
