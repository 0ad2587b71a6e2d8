"""When each conversation began, and was first replied to: kept by conversation, because a reply may come or go years
after the beginning, and the day of either has to know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connections

from messaging.writing import ids_given, ids_sql
from ops.dashboard.models import Beginning, Family, Noted
from ops.dashboard.rollups.meanwhile import Ask
from ops.dashboard.rollups.quarters import joined
from ops.dashboard.rollups.statements import Span, spans_table
from ops.dashboard.rollups.triggers import quarter_in_sql

# Conversations with a message in one of {spans}; and those that were said to begin, or be replied to, there. Neighbours
# are looked at one after the other.
WITH_MESSAGES = """
SELECT message.conversation_id FROM {spans} CROSS JOIN messaging_message message
WHERE message.timestamp >= first AND message.timestamp < after
"""
CONCERNED = """
{with_messages}
UNION
SELECT conversation FROM {spans} CROSS JOIN {beginnings} WHERE began_at >= first AND began_at < after
UNION
SELECT conversation FROM {spans} CROSS JOIN {beginnings} WHERE replied_at >= first AND replied_at < after
ORDER BY 1
"""
# The first message of each, and the first one of somebody else, each found at once by the index of threads; beside what
# was kept. Only where these differ; what is now of a conversation that is gone is NULL, and what was of a new one, too.
DIFFERENT = """
WITH conversations(id) AS ({concerned}), now(conversation, began_at, replied_at, imported) AS MATERIALIZED (
    SELECT conversations.id, message.timestamp, (
        SELECT reply.timestamp FROM messaging_message reply
        WHERE reply.conversation_id = conversations.id AND reply.sender_id <> message.sender_id
        ORDER BY reply.timestamp, reply.id LIMIT 1
    ), {imported}
    FROM conversations {with_first}
), different AS {materialized} (
    SELECT now.conversation, now.began_at, now.replied_at, now.imported,
        kept.began_at AS kept_began_at, kept.replied_at AS kept_replied_at
    FROM now {with_kept}
    WHERE now.began_at {differs} kept.began_at OR now.replied_at {differs} kept.replied_at
        OR now.imported {differs} kept.imported
)
"""
FIRST = """
FROM messaging_message first WHERE first.conversation_id = conversations.id
ORDER BY first.timestamp, first.id LIMIT 1
"""
GONE = "(SELECT conversation FROM different WHERE began_at IS NULL)"
PARTS = {
    "postgresql": {
        # As a join by its id, it would be looked for among all messages.
        "with_first": f"LEFT JOIN LATERAL (SELECT first.id, first.timestamp, first.sender_id {FIRST}) message ON TRUE",
        # And these among all that was ever kept, in each batch.
        "with_kept": "LEFT JOIN LATERAL (SELECT * FROM {beginnings} beginning"
        " WHERE beginning.conversation = now.conversation OFFSET 0) kept ON TRUE",
        "in_gone": f"= ANY (ARRAY{GONE})",
        "differs": "IS DISTINCT FROM",
        "materialized": "MATERIALIZED",
    },
    "sqlite": {
        "with_first": f"LEFT JOIN messaging_message message ON message.id = (SELECT first.id {FIRST})",
        "with_kept": "LEFT JOIN {beginnings} kept ON kept.conversation = now.conversation",
        "in_gone": f"IN {GONE}",
        "differs": "IS NOT",
        "materialized": "",
    },
}
# The quarters in which something was, or is now, that is otherwise than before; but for those that are counted next.
NOTE = """
INSERT INTO {noted} (family, at)
SELECT DISTINCT '{family}', {quarter} FROM (
    SELECT began_at AS moment FROM different UNION ALL SELECT replied_at FROM different
    UNION ALL SELECT kept_began_at FROM different UNION ALL SELECT kept_replied_at FROM different
) moments WHERE moment IS NOT NULL {outside}
"""
OUTSIDE = "AND NOT (moment >= %s AND moment < %s) "
REMOVE = "DELETE FROM {beginnings} WHERE conversation {in_gone}"
STORE = """
INSERT INTO {beginnings} (conversation, began_at, replied_at, imported)
SELECT conversation, began_at, replied_at, imported FROM different WHERE began_at IS NOT NULL
"""
INSTEAD = """
ON CONFLICT (conversation) DO UPDATE
SET began_at = excluded.began_at, replied_at = excluded.replied_at, imported = excluded.imported
"""
# Those of an import are all new: looking for conflicts would take PostgreSQL as long again as storing them.
ADD = f"{STORE} AND kept_began_at IS NULL"
MOVE = f"{STORE} AND kept_began_at IS NOT NULL {INSTEAD}"
STATEMENTS = {
    # In one, because a temporary table leaves dead rows in the catalogue. Each part sees what was there before it; and
    # the order has all be found before the first one is stored, else a scan of an empty table would read what it grows.
    "postgresql": (
        f"{DIFFERENT}, noted AS ({NOTE}), removed AS ({REMOVE}), moved AS ({MOVE}) {ADD} ORDER BY conversation",
    ),
    "sqlite": (
        f"CREATE TEMPORARY TABLE different AS {DIFFERENT} SELECT * FROM different",
        NOTE,
        REMOVE,
        f"{STORE} {INSTEAD}",
        "DROP TABLE different",
    ),
}


def keep(
    spans: Sequence[Span],
    imported: str,
    using: str,
    ask: Ask,
    *,
    counted: Sequence[Span],
    conversations: Iterable[int] | None = None,
) -> None:
    """Have the beginnings of the conversations that these spans concern be kept; ``conversations`` are the ids of those
    which have messages in them, where these are known. What becomes otherwise is noted, but for ``counted``, which are
    counted next. Within a transaction. ``imported`` is the condition that an import brought a message
    (statements.imported_messages)."""
    connection = connections[using]
    vendor, adapt = connection.vendor, connection.ops.adapt_datetimefield_value
    beginnings = Beginning._meta.db_table
    table, moments = spans_table(joined(spans), using)
    outside = joined(counted)
    names = {
        **{name: part.format(beginnings=beginnings) for name, part in PARTS[vendor].items()},
        "beginnings": beginnings,
        "noted": Noted._meta.db_table,
        "family": Family.MESSAGES,
        "concerned": CONCERNED.format(
            with_messages=WITH_MESSAGES.format(spans=table) if conversations is None else ids_sql(using),
            spans=table,
            beginnings=beginnings,
        ),
        "imported": imported,
        "quarter": quarter_in_sql(vendor, "moment"),
        "outside": OUTSIDE * len(outside),
    }
    with_messages = moments if conversations is None else [ids_given(conversations, using=using)]
    edges = [adapt(moment) for span in outside for moment in span]
    for statement in STATEMENTS[vendor]:
        params = [
            *([*with_messages, *moments, *moments] if DIFFERENT in statement else []),
            *(edges if NOTE in statement else []),
        ]
        ask(statement.format(**names), params)
