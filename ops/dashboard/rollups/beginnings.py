"""When each conversation began and got its first reply: stored per conversation, because a reply may be added or
deleted years after the beginning, and changes the numbers of the days of both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connections

from messaging.writing import ids_given, ids_sql
from ops.dashboard.models import Beginning, Family, Noted
from ops.dashboard.rollups.meanwhile import Ask
from ops.dashboard.rollups.quarters import joined
from ops.dashboard.rollups.statements import Span, spans_table
from ops.dashboard.rollups.triggers import quarter_in_sql

# Conversations with a message in one of {spans}, and those whose stored beginning or first reply lies there. In order,
# so that neighbouring rows are read one after the other.
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
# The first message of each, and the first by somebody else, each a single look-up in the index of threads, beside the
# stored row; only where they differ. A deleted conversation has NULL as its new values, a new one as its stored values.
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
        # Not a join by id, which would search all messages.
        "with_first": f"LEFT JOIN LATERAL (SELECT first.id, first.timestamp, first.sender_id {FIRST}) message ON TRUE",
        # Likewise, a plain join would search all stored beginnings, in each batch.
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
# The quarters of all changed times, old and new, except those that are counted next.
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
# The rows of an import are all new: checking them for conflicts would double the time that PostgreSQL takes to store.
ADD = f"{STORE} AND kept_began_at IS NULL"
MOVE = f"{STORE} AND kept_began_at IS NOT NULL {INSTEAD}"
STATEMENTS = {
    # One statement, because a temporary table leaves dead rows in the catalogue. Each part sees the state before it.
    # ORDER BY finds all rows before the first is stored; else a scan of an empty table would also read the new rows.
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
    """Update the beginnings of the conversations that these spans concern; ``conversations`` are the ids of those with
    messages in them, if known. Note the quarters of times that change, except in ``counted``, which are counted next.
    Call it within a transaction. ``imported`` is the SQL condition that an import brought a message
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
