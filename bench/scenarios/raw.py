"""Generating many messages on PostgreSQL within minutes, by SQL, to measure the dashboards among ten million.

``python -m bench.scenarios.raw MESSAGES`` fills the migrated, empty database of DATABASE_URL (docs/figures.md) with
conversations of seven short messages each, with the time span and number of people of ``bench.generate``. The messages
are not indexed for searches, and the table has only the indexes that the dashboards' figures use, from the roll-ups or
from the messages.
"""

from __future__ import annotations

import sys

import django
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils.module_loading import import_string

from bench import generate
from bench.load import KEEP_FIGURES, REVIEWER, continue_ids, load_people

LENGTH = 7  # messages of a conversation
INDEXES = ("messaging_message_pkey", "message_latest", "message_thread", "message_unread")

PEOPLE = "floor({users} * power(random(), 2))::integer"
# Two people take turns in each conversation. Some people write far more than others.
CONVERSATIONS = f"""
CREATE TEMPORARY TABLE made AS
SELECT id, one, CASE WHEN other = one THEN one % {{users}} + 1 ELSE other END AS other, began FROM (
    SELECT id, {PEOPLE} + 1 AS one, {PEOPLE} + 1 AS other,
        TIMESTAMPTZ '{{start}}' + random() * INTERVAL '{{span}} seconds' AS began
    FROM generate_series(1, {{conversations}}) AS id
) drawn
"""
STORED = f"""
INSERT INTO messaging_conversation (id, started_at, last_message_at, message_count, unread_count)
SELECT id, began, began + INTERVAL '{LENGTH - 1} hours', {LENGTH}, 0 FROM made
"""
MESSAGES = f"""
INSERT INTO messaging_message
    (id, conversation_id, sender_id, receiver_id, content, timestamp, edited, read, parent_message_id)
SELECT (made.id - 1) * {LENGTH} + place + 1, made.id,
    CASE WHEN place % 2 = 0 THEN one ELSE other END, CASE WHEN place % 2 = 0 THEN other ELSE one END,
    'A few plain words.', began + place * INTERVAL '1 hour', random() < {generate.EDITED_SHARE},
    place < {LENGTH - 1} OR made.id % 2 = 0, CASE WHEN place > 0 THEN (made.id - 1) * {LENGTH} + place END
FROM made CROSS JOIN generate_series(0, {LENGTH - 1}) AS place
"""


def load(messages: int) -> None:
    """Store about this number of messages. Needs a superuser of PostgreSQL."""
    load_people(generate.Forest(100))
    numbers = {"users": generate.USERS, "start": generate.START.isoformat(), "span": generate.SPAN}
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'messaging_message'")
        definitions = dict(cursor.fetchall())
        # Without foreign keys and triggers: the rows are consistent, and all of them are counted afterwards.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("ALTER TABLE messaging_message DROP CONSTRAINT messaging_message_external_id_key")
        for name in definitions.keys() - {"messaging_message_pkey", "messaging_message_external_id_key"}:
            cursor.execute(f'DROP INDEX IF EXISTS "{name}"')
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(CONVERSATIONS.format(conversations=messages // LENGTH, **numbers))
        cursor.execute(STORED)
        cursor.execute(MESSAGES)
        for name in INDEXES[1:]:
            cursor.execute(definitions[name])
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE")
    continue_ids()
    get_user_model().objects.create_superuser(REVIEWER)


def main(messages: int) -> None:
    """Fill the database of this process, and count its messages for the dashboards."""
    load(messages)
    keep = import_string(KEEP_FIGURES)
    keep()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]))
