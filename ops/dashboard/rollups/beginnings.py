"""When each conversation began, and was first replied to: kept by conversation, because a reply may come or go years
after the beginning, and the day of either has to know."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import connections

from messaging.writing import ids_subquery, in_batches
from ops.dashboard.models import Beginning
from ops.dashboard.rollups.noted import moment
from ops.dashboard.rollups.quarters import QUARTER
from ops.dashboard.rollups.statements import imported_messages, spans_table

BATCH = 5_000  # conversations looked at by one statement
FIELDS = ["began_at", "replied_at", "imported"]

# Conversations with a message in one of {spans}, or that were said to begin or be replied to there.
CONCERNED = """
SELECT message.conversation_id FROM {spans} CROSS JOIN messaging_message message
WHERE message.timestamp >= first AND message.timestamp < after
UNION
SELECT conversation FROM {spans} CROSS JOIN {beginnings} WHERE began_at >= first AND began_at < after
UNION
SELECT conversation FROM {spans} CROSS JOIN {beginnings} WHERE replied_at >= first AND replied_at < after
"""
# The first message of each, and the first one of somebody else, each found at once by the index of threads; beside what
# was kept. Only where these differ; the moments of a conversation that is gone are NULL.
DIFFERENT = """
WITH conversations(id) AS ({ids}), now(id, began_at, replied_at, imported) AS (
    SELECT message.conversation_id, message.timestamp, (
        SELECT reply.timestamp FROM messaging_message reply
        WHERE reply.conversation_id = message.conversation_id AND reply.sender_id <> message.sender_id
        ORDER BY reply.timestamp, reply.id LIMIT 1
    ), CASE WHEN {imported} THEN 1 ELSE 0 END
    FROM conversations CROSS JOIN messaging_message message
    WHERE message.id = (
        SELECT first.id FROM messaging_message first WHERE first.conversation_id = conversations.id
        ORDER BY first.timestamp, first.id LIMIT 1
    )
)
SELECT conversations.id, now.began_at, now.replied_at, now.imported, kept.began_at, kept.replied_at, kept.imported
FROM conversations LEFT JOIN now ON now.id = conversations.id
LEFT JOIN (
    SELECT conversation, began_at, replied_at, CASE WHEN imported THEN 1 ELSE 0 END AS imported FROM {beginnings}
) kept ON kept.conversation = conversations.id
WHERE now.began_at {differs} kept.began_at OR now.replied_at {differs} kept.replied_at
    OR now.imported {differs} kept.imported
"""
DIFFERS = {"postgresql": "IS DISTINCT FROM", "sqlite": "IS NOT"}

Kept = tuple[datetime | None, datetime | None, bool]


def keep(quarters: Collection[datetime], using: str) -> set[datetime]:
    """Keep the beginnings of the conversations that these quarters concern. Returns the moments at which something was,
    or is now, that is otherwise than before."""
    changed: set[datetime] = set()
    for batch in in_batches(_concerned(quarters, using), BATCH):
        changed |= _keep(batch, using)
    return changed


def _concerned(quarters: Collection[datetime], using: str) -> list[int]:
    table, params = spans_table([(at, at + QUARTER) for at in sorted(quarters)], using)
    with connections[using].cursor() as cursor:
        cursor.execute(CONCERNED.format(spans=table, beginnings=Beginning._meta.db_table), params * 3)
        return sorted(pk for (pk,) in cursor.fetchall())


def _keep(ids: Sequence[int], using: str) -> set[datetime]:
    otherwise = _different(ids, using)
    gone = [pk for pk, (now, _) in otherwise.items() if now[0] is None]
    there = [Beginning(pk, **dict(zip(FIELDS, now, strict=True))) for pk, (now, _) in otherwise.items() if now[0]]
    every: Any = Beginning.objects.using(using)
    every.filter(pk__in=ids_subquery(gone, using=using))._raw_delete(using)
    every.bulk_create(there, 1_000, update_conflicts=True, unique_fields=["conversation"], update_fields=FIELDS)
    return {at for pair in otherwise.values() for one in pair for at in one[:2] if at is not None}


def _different(ids: Sequence[int], using: str) -> dict[int, tuple[Kept, Kept]]:
    """What is now, and what was kept, of the conversations of which that differs."""
    given: Any = ids_subquery(ids, using=using)
    sql = DIFFERENT.format(
        imported=imported_messages(using),
        ids=given.sql,
        beginnings=Beginning._meta.db_table,
        differs=DIFFERS[connections[using].vendor],
    )
    with connections[using].cursor() as cursor:
        cursor.execute(sql, given.params)
        rows = {pk: (_kept(*found[:3]), _kept(*found[3:])) for pk, *found in cursor.fetchall()}
    # SQLite compared texts, which say some moments in two ways.
    return {pk: pair for pk, pair in rows.items() if pair[0] != pair[1]}


def _kept(began_at: Any, replied_at: Any, imported: Any) -> Kept:
    began, replied = (None if at is None else moment(at) for at in (began_at, replied_at))
    return began, replied, bool(imported)
