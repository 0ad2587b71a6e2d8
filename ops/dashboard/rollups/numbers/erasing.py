"""Removing an erased person from the numbers of days within the erasure: the days themselves are recounted later."""

from __future__ import annotations

import re
from typing import Any

from django.db import connections

from ops.dashboard.models import DayNumbers
from ops.dashboard.rollups import measures
from ops.dashboard.rollups.numbers import blocks
from ops.dashboard.rollups.numbers.storing import Place, lock

BY_ACCOUNT = (
    *(measures.SENDERS, measures.RECEIVERS, measures.REVIEWED, measures.REVIEWED_CASES),
    *(measures.READINGS, measures.CASE_READINGS, measures.OPENINGS, measures.UNREPORTED, measures.GLASS),
    measures.STAFF_SEARCHES,
)
BY_WHAT_BEGINS_WITH_ONE = (measures.REVIEW_TIMES, measures.AGREED)  # "account:…"
TOLD_BY_DAY = tuple(measure for measure in BY_ACCOUNT if measure in measures.BY_DAY)

# Two years are a thousand rows, in which two measures have a key for everybody who wrote, the others only for staff.
# Only rows with the account are updated: numbers are JSON in a text column, in which only keys are quoted.
WITHOUT_KEY = {
    "sqlite": """
        UPDATE {table} SET numbers = json_remove(numbers, %(path)s), total = total - json_extract(numbers, %(path)s)
        WHERE measure IN ({measures}) AND instr(numbers, %(named)s) > 0
    """,
    # As text: parsing ten thousand keys and serializing them again takes nine times as long.
    "postgresql": """
        UPDATE {table} SET numbers = regexp_replace(regexp_replace(numbers, %(pair)s, ''), ', ?[}}]$', '}}'),
            total = total - substring(numbers FROM %(pair)s)::bigint
        WHERE measure IN ({measures}) AND strpos(numbers, %(named)s) > 0
    """,
}
# For days whose people are a list ("17,4,17"): each gets its own two commas while one is removed.
APART = "',' || replace(numbers, ',', ',,') || ','"
LEFT = f"replace({APART}, %(listed)s, '')"
WITHOUT_LISTED = f"""
    UPDATE {{table}} SET numbers = trim(replace({LEFT}, ',,', ','), ','),
        total = total - (length({APART}) - length({LEFT})) / length(%(listed)s)
    WHERE measure IN ({{measures}}) AND substr(numbers, 1, 1) <> '{{{{'
        AND {{place_in}}(',' || numbers || ',', %(listed)s) > 0
"""
WITHOUT_PREFIX = {
    "sqlite": """
        UPDATE {table} SET (numbers, total) = (
            SELECT json_group_object(key, value), COALESCE(SUM(value), 0) FROM json_each({table}.numbers)
            WHERE substr(key, 1, length(%(prefix)s)) <> %(prefix)s
        )
        WHERE measure IN ({measures}) AND instr(numbers, '"' || %(prefix)s) > 0
    """,
    "postgresql": """
        UPDATE {table} SET (numbers, total) = (
            SELECT COALESCE(jsonb_object_agg(key, value), '{{}}')::text, COALESCE(SUM(value::bigint), 0)
            FROM jsonb_each({table}.numbers::jsonb) WHERE NOT starts_with(key, %(prefix)s)
        )
        WHERE measure IN ({measures}) AND strpos(numbers, '"' || %(prefix)s) > 0
    """,
}


def forget_person(user_id: Any, *, using: str) -> None:
    """Remove this account from the numbers of all days and of their blocks. Call it within a transaction.

    The lock makes counting wait: else a block could be computed from days that still contain the account.
    """
    lock(using)
    _leave_calendars(str(user_id), using)
    values = {
        "prefix": f"{user_id}:",
        "named": f'"{user_id}"',
        "pair": rf'"{re.escape(str(user_id))}": ?(-?\d+)(, ?)?',
        "listed": f",{user_id},",
        "path": f'$."{user_id}"',
    }
    vendor = connections[using].vendor
    parts = {"table": DayNumbers._meta.db_table, "place_in": "strpos" if vendor == "postgresql" else "instr"}
    with connections[using].cursor() as cursor:
        for statement, names, sizes in (
            (WITHOUT_KEY[vendor], BY_ACCOUNT, (1, *blocks.SIZES)),
            (WITHOUT_PREFIX[vendor], BY_WHAT_BEGINS_WITH_ONE, (1, *blocks.SIZES)),
            (WITHOUT_LISTED, measures.PEOPLE, (1,)),
        ):
            listed = ", ".join(f"'{blocks.name_of(name, size)}'" for name in names for size in sizes)
            cursor.execute(statement.format(**parts, measures=listed), values)


def _leave_calendars(account: str, using: str) -> None:
    """Subtract the numbers of this account from the totals of days in the calendars."""
    rows = DayNumbers.objects.using(using).filter(measure__in=TOLD_BY_DAY, numbers__contains=f'"{account}"')
    theirs: dict[Place, tuple[dict[str, int], dict[str, int]]] = {
        Place(row.day, row.measure, row.imported): ({account: row.numbers[account]}, {}) for row in rows
    }
    blocks.keep_calendars(theirs, using)
