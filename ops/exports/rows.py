"""The rows of an export, the same for every format: one SQL query over a range of primary keys after the other."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import QuerySet

from ops.exports.columns import Column

FIRST_RANGE = 20_000  # keys; later ranges are as long as the first ones were quick
# Seconds. PostgreSQL copies 80,000 rows in 0.3 and is left at that: it joins their people by a hash, in parallel, and
# sorts in memory. Of four times as many it looks up everybody in the order of the keys, which takes half as long again.
QUICK, SLOW = 0.2, 1.0
AT_ONCE = 2_000  # rows fetched together

Piece = tuple[bytes, int]  # some lines, and how many they are


def ranges(up_to: int, *, after: int = 0) -> Iterator[tuple[int, int]]:
    """(after, up to): all keys in ranges of about a second's work. Where few rows are chosen, few ranges are asked."""
    size = FIRST_RANGE
    while after < up_to:
        end = min(after + size, up_to)
        begun = time.monotonic()
        yield after, end
        seconds = time.monotonic() - begun
        size = size * 4 if seconds < QUICK else max(size // 2, 1_000) if seconds > SLOW else size
        after = end


def statement(
    rows: QuerySet, expressions: Mapping[str, Any], *, after: int, up_to: int
) -> tuple[str, tuple[Any, ...]] | None:
    """SQL and parameters for ``expressions`` of the rows whose keys come after one and up to another.

    In the order of the keys. None where the database need not be asked: nothing can match.
    """
    chosen = rows.filter(pk__gt=after, pk__lte=up_to).order_by("pk").annotate(**expressions)
    try:
        return chosen.values_list(*expressions).query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
    except EmptyResultSet:
        return None


def values(rows: QuerySet, columns: Mapping[str, Column], *, after: int, up_to: int) -> Iterator[list[tuple[Any, ...]]]:
    """The values of ``columns``, some thousand rows at a time, with flat memory."""
    named = {f"c{place}": column.value for place, column in enumerate(columns.values())}
    found = statement(rows, named, after=after, up_to=up_to)
    if found is None:
        return
    # PostgreSQL keeps a cursor within a transaction for nothing; SQLite's would keep everybody from writing.
    around = transaction.atomic() if connection.vendor == "postgresql" else nullcontext()
    with around, connection.chunked_cursor() as cursor:
        cursor.execute(*found)
        while some := cursor.fetchmany(AT_ONCE):
            yield some
