"""When each conversation began, and was first replied to: kept by conversation, because a reply may come or go years
after the beginning, and the day of either has to know."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connections

from messaging.writing import ids_subquery, in_batches
from ops.dashboard.models import Beginning
from ops.dashboard.rollups.noted import moment
from ops.dashboard.rollups.quarters import spans_of
from ops.dashboard.rollups.statements import Span, as_text, imported_messages, spans_table

BATCH = 5_000  # conversations looked at by one statement

# Conversations with a message in one of {spans}; and those that were said to begin, or be replied to, there.
WITH_MESSAGES = """
SELECT DISTINCT message.conversation_id FROM {spans} CROSS JOIN messaging_message message
WHERE message.timestamp >= first AND message.timestamp < after
"""
SAID_TO_BEGIN = """
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
SELECT conversations.id, {now_began}, {now_replied}, now.imported, {kept_began}, {kept_replied}, kept.imported
FROM conversations LEFT JOIN now ON now.id = conversations.id
LEFT JOIN (
    SELECT conversation, began_at, replied_at, CASE WHEN imported THEN 1 ELSE 0 END AS imported FROM {beginnings}
) kept ON kept.conversation = conversations.id
WHERE now.began_at {differs} kept.began_at OR now.replied_at {differs} kept.replied_at
    OR now.imported {differs} kept.imported
"""
DIFFERS = {"postgresql": "IS DISTINCT FROM", "sqlite": "IS NOT"}
# Rows of {given} in place of those that are there.
STORE = """
INSERT INTO {beginnings} (conversation, began_at, replied_at, imported) {given}
ON CONFLICT (conversation) DO UPDATE
SET began_at = excluded.began_at, replied_at = excluded.replied_at, imported = excluded.imported
"""
GIVEN = {
    "postgresql": """
SELECT pk, began_at AT TIME ZONE 'UTC', replied_at AT TIME ZONE 'UTC', imported = 1 FROM unnest(
    string_to_array(%s, ',')::bigint[], string_to_array(%s, ',')::timestamp[],
    string_to_array(%s, ',', 'None')::timestamp[], string_to_array(%s, ',')::integer[]
) AS given(pk, began_at, replied_at, imported)
""",
    # "WHERE TRUE": else SQLite takes what follows for a join.
    "sqlite": "SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(%s) WHERE TRUE",
}
QUARTERS = {f"{minute:02}": f"{minute // 15 * 15:02}" for minute in range(60)}

# When a conversation began and was replied to, as texts (statements.as_text); 1 where its first message was imported.
Kept = tuple[str | None, str | None, int | None]
NOTHING: Kept = (None, None, None)


def keep(quarters: Collection[datetime], using: str, *, conversations: Collection[int] | None = None) -> set[datetime]:
    """Keep the beginnings of the conversations that these quarters concern; ``conversations`` are those which have
    messages in them, and maybe others, where that is known. Returns the quarters in which something was, or is now,
    that is otherwise than before."""
    spans = spans_of(quarters)
    ids = set(_ask(WITH_MESSAGES, spans, using) if conversations is None else conversations)
    ids.update(_ask(SAID_TO_BEGIN, spans, using))
    changed: set[str] = set()
    for batch in in_batches(sorted(ids), BATCH):
        changed |= _keep(batch, using)
    return set(map(moment, changed))


def _ask(statement: str, spans: Sequence[Span], using: str) -> Iterator[int]:
    table, params = spans_table(spans, using)
    with connections[using].cursor() as cursor:
        cursor.execute(
            statement.format(spans=table, beginnings=Beginning._meta.db_table), params * statement.count("{spans}")
        )
        return iter([pk for (pk,) in cursor.fetchall()])


def _keep(ids: Sequence[int], using: str) -> set[str]:
    otherwise = _different(ids, using)
    gone = [pk for pk, now, _ in otherwise if now[0] is None]
    if gone:
        every: Any = Beginning.objects.using(using)
        every.filter(pk__in=ids_subquery(gone, using=using))._raw_delete(using)
    _store([(pk, *now) for pk, now, _ in otherwise if now[0] is not None], using)
    moments = (at for _, *pair in otherwise for one in pair for at in one[:2])
    return {f"{at[:14]}{QUARTERS[at[14:16]]}" for at in moments if at is not None}


def _store(rows: Sequence[tuple[Any, ...]], using: str) -> None:
    if not rows:
        return
    vendor = connections[using].vendor
    if vendor == "postgresql":
        params = [",".join(map(str, column)) for column in zip(*rows, strict=True)]
    else:
        params = [json.dumps(rows)]
    with connections[using].cursor() as cursor:
        cursor.execute(STORE.format(beginnings=Beginning._meta.db_table, given=GIVEN[vendor]), params)


def _different(ids: Sequence[int], using: str) -> list[tuple[int, Kept, Kept]]:
    """What is now, and what was kept, of the conversations of which that differs."""
    given: Any = ids_subquery(ids, using=using)
    sql = DIFFERENT.format(
        imported=imported_messages(using),
        ids=given.sql,
        beginnings=Beginning._meta.db_table,
        differs=DIFFERS[connections[using].vendor],
        **{
            f"{when}_{what}": as_text(f"{when}.{what}_at", using)
            for when in ("now", "kept")
            for what in ("began", "replied")
        },
    )
    with connections[using].cursor() as cursor:
        cursor.execute(sql, given.params)
        rows: list[tuple[int, Kept, Kept]] = [(pk, tuple(found[:3]), tuple(found[3:])) for pk, *found in cursor]
    # SQLite compared texts, which say some moments in two ways.
    return [(pk, now, kept) for pk, now, kept in rows if kept == NOTHING or _exact(now) != _exact(kept)]


def _exact(kept: Kept) -> tuple[Any, ...]:
    return *(None if at is None else moment(at) for at in kept[:2]), kept[2]
