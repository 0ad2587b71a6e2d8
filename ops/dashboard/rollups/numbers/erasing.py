"""Taking somebody's numbers out of those of days, at once when their account goes: days are counted anew later."""

from __future__ import annotations

import json
from typing import Any

from django.db import connections

from ops.dashboard.models import DayNumbers
from ops.dashboard.rollups import measures
from ops.dashboard.rollups.numbers import blocks
from ops.dashboard.rollups.numbers.storing import lock

# By account, and by what begins with one.
BY_ACCOUNT = (
    *(*measures.BY_PERSON, *blocks.NAMES, measures.REVIEWED, measures.REVIEWED_CASES),
    *(measures.READINGS, measures.CASE_READINGS, measures.OPENINGS, measures.UNREPORTED, measures.GLASS),
    *(measures.STAFF_SEARCHES, measures.REVIEW_TIMES, measures.AGREED),
)


# One statement: somebody's numbers of two years lie in a thousand rows, each with a key for every account.
# Only rows that may have the account are taken apart.
WITHOUT = {
    "sqlite": """
        UPDATE {table} SET (numbers, total) = (
            SELECT json_group_object(key, value), COALESCE(SUM(value), 0) FROM json_each({table}.numbers)
            WHERE key <> %(account)s AND substr(key, 1, length(%(prefix)s)) <> %(prefix)s
        )
        WHERE measure IN (SELECT value FROM json_each(%(measures)s))
            AND (instr(numbers, %(named)s) > 0 OR instr(numbers, %(begun)s) > 0)
    """,
    "postgresql": """
        UPDATE {table} SET (numbers, total) = (
            SELECT COALESCE(jsonb_object_agg(key, value), '{{}}'), COALESCE(SUM(value::bigint), 0)
            FROM jsonb_each({table}.numbers) WHERE split_part(key, ':', 1) <> %(account)s
        )
        WHERE measure IN (SELECT jsonb_array_elements_text(%(measures)s::jsonb))
            AND (strpos(numbers::text, %(named)s) > 0 OR strpos(numbers::text, %(begun)s) > 0)
    """,
}


def forget_person(user_id: Any, *, using: str) -> None:
    """Remove the parts of all days, and of their blocks, that are about this account. Within a transaction.

    Whoever counts waits meanwhile: else a block could be made of days that still name it.
    """
    lock(using)
    account = str(user_id)
    values = {
        "account": account,
        "prefix": f"{account}:",
        "named": f'"{account}"',
        "begun": f'"{account}:',
        "measures": json.dumps(BY_ACCOUNT),
    }
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(WITHOUT[connection.vendor].format(table=DayNumbers._meta.db_table), values)
