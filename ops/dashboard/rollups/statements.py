"""Parts of SQL statements with the same meaning on both databases."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connections

from ops.dashboard.rollups.quarters import ONE_DAY, QUARTERS_A_DAY
from ops.imports.models import Import
from ops.imports.storing.ids import ids_after

Span = tuple[datetime, datetime]  # from the first moment up to, not including, the second, in UTC
YEAR_OF_FRACTIONS = 2100


def spans_table(spans: Sequence[Span], using: str) -> tuple[str, list[Any]]:
    """Return a table {number, first, after} of spans of time in UTC, numbered from 1, as SQL and its parameters; on
    SQLite also ``epoch``, the beginning of a span in seconds."""
    connection = connections[using]
    if connection.vendor == "postgresql":
        # Each list as one text: the driver inspects every element of an array.
        lists = [",".join(map(str, moments)) for moments in zip(*spans, strict=True)] or ["", ""]
        listed = "string_to_array(%s, ',')::timestamptz[]"
        table = f"unnest({listed}, {listed}) WITH ORDINALITY given(first, after, number)"
        return f"(SELECT number, first, after FROM {table}) AS spans", lists
    # The format in which Django stores moments, made many times faster.
    written = [[str(moment.replace(tzinfo=None)) for moment in one] for one in spans]
    columns = "key + 1 AS number, value ->> 0 AS first, value ->> 1 AS after"
    epoch = "unixepoch(value ->> 0) AS epoch"
    return f"(SELECT {columns}, {epoch} FROM json_each(%s)) AS spans", [json.dumps(written)]


def quarter_in_span(column: str, using: str) -> str:
    """Return SQL for the distance of a moment from the beginning of its span, in quarters of an hour."""
    if connections[using].vendor == "postgresql":
        return f"FLOOR(DATE_PART('epoch', {column} - first) / 900)::integer"
    return f"({_second(column)} - epoch) / 900"


def is_plain(span: Span) -> bool:
    """Whether ``quarter_of_day`` is different for each quarter of a span. Some centuries from now, PostgreSQL rounds
    the last microseconds of a quarter up."""
    first, after = span
    return after - first <= ONE_DAY and after.year < YEAR_OF_FRACTIONS


def quarter_of_day(column: str, using: str) -> str:
    """Return SQL for the quarter of the UTC day in which a moment lies, at half the cost of ``quarter_in_span``."""
    if connections[using].vendor == "postgresql":
        # Before 1970 it is negative, and counts from the end of the day like a negative index in Python.
        return f"MOD(FLOOR(DATE_PART('epoch', {column}) / 900)::integer, {QUARTERS_A_DAY})"
    return f"(substr({column}, 12, 2) * 4 + substr({column}, 15, 2) / 15)"


def keys_in(span: Span) -> Sequence[str]:
    """Return the keys (quarters after the beginning of the span, as texts) by the number that ``quarter_of_day``
    returns, or, if the span is not plain, ``quarter_in_span``."""
    return _keys_after(span[0].hour * 4 + span[0].minute // 15 if is_plain(span) else None)


@cache
def _keys_after(quarter: int | None) -> Sequence[str]:
    if quarter is None:
        return tuple(map(str, range(2 * QUARTERS_A_DAY)))
    return tuple(str((number - quarter) % QUARTERS_A_DAY) for number in range(QUARTERS_A_DAY))


def seconds_between(column: str, later: str, using: str) -> str:
    """Return SQL for the seconds between two moments."""
    if connections[using].vendor == "postgresql":
        return f"DATE_PART('epoch', {later} - {column})"
    # Whole seconds, plus the fractions, which moments as text have only if they are not 0.
    at, before = map(_second, (later, column))
    fraction, fraction_before = (f"CAST('0' || substr({one}, 20) AS real)" for one in (later, column))
    has_some = f"length({later}) + length({column}) > {2 * len('2026-01-31 10:45:00')}"
    return f"({at} - {before} + CASE WHEN {has_some} THEN {fraction} - {fraction_before} ELSE 0 END)"


def _second(column: str) -> str:
    # Without the fractions: SQLite rounds 23:59:59.9999 to the next day.
    return f"unixepoch(substr({column}, 1, 19))"


def as_text(moment: str, using: str) -> str:
    """Return SQL for a moment as a text in UTC such as "2026-01-31 10:45:00", which the driver does not convert."""
    if connections[using].vendor == "postgresql":
        return f"CAST({moment} AT TIME ZONE 'UTC' AS text)"
    return f"CAST({moment} AS text)"


def texts_of(value: str, using: str) -> str:
    """Return SQL for the ``value`` of all rows of a group, separated by commas, without NULLs."""
    if connections[using].vendor == "postgresql":
        return f"string_agg(({value})::text, ',')"
    return f"group_concat({value})"


def imported_messages(using: str) -> str:
    """Return the SQL condition that an import brought ``message.id``: imports store messages under reserved ids."""
    bases = Import.objects.using(using).exclude(message_base=None).values_list("message_base", "last_row")
    return _within([ids_after(base, rows) for base, rows in bases], "message.id")


def _within(ranges: list[tuple[int, int]], column: str) -> str:
    """Return the SQL condition that ``column`` is in one of these ranges: after the first number, up to the second."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return _halved(merged, column)


def _halved(ranges: list[tuple[int, int]], column: str) -> str:
    # A binary search, so that a thousand imports take ten comparisons.
    if not ranges:
        return "FALSE"
    if len(ranges) == 1:
        return f"({column} > {ranges[0][0]} AND {column} <= {ranges[0][1]})"
    lower, upper = ranges[: len(ranges) // 2], ranges[len(ranges) // 2 :]
    return f"CASE WHEN {column} <= {lower[-1][1]} THEN {_halved(lower, column)} ELSE {_halved(upper, column)} END"
