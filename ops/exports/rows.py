"""Reading the rows of an export, for every format: one SQL query for each range of primary keys."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import QuerySet

from ops.exports.columns import Column, related

FIRST_RANGE = 20_000  # keys; the time that a range takes decides the size of the next one
# Seconds. PostgreSQL copies 320,000 rows in 0.7 s, looking up users in the order of the keys. Smaller ranges take as
# long for each row.
QUICK, SLOW = 0.25, 1.0
FETCH_SIZE = 2_000  # rows

Chunk = tuple[bytes, int]  # some lines, and their number


def ranges(up_to: int, *, after: int = 0) -> Iterator[tuple[int, int]]:
    """Yield ranges (after, up to) that cover all keys, sized to take between QUICK and SLOW seconds each."""
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
    """Return SQL and parameters for ``expressions`` of rows with keys greater than ``after`` up to ``up_to``, by key.

    Returns None if nothing can match.
    """
    selected = rows.filter(pk__gt=after, pk__lte=up_to).order_by("pk").annotate(**expressions)
    try:
        return selected.values_list(*expressions).query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
    except EmptyResultSet:
        return None


def values(rows: QuerySet, columns: Mapping[str, Column], *, after: int, up_to: int) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the values of ``columns``, FETCH_SIZE rows at a time, with flat memory."""
    named = {f"c{place}": column.value for place, column in enumerate(columns.values())}
    found = statement(related(rows, columns.values()), named, after=after, up_to=up_to)
    if found is None:
        return
    # PostgreSQL would store all rows of a cursor outside of a transaction; on SQLite a transaction would block writers.
    around = transaction.atomic() if connection.vendor == "postgresql" else nullcontext()
    with around, connection.chunked_cursor() as cursor:
        cursor.execute(*found)
        while some := cursor.fetchmany(FETCH_SIZE):
            yield some
