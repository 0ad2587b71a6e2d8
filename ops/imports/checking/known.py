"""Which rows of a file are stored already: by their id, by the id that an export gave them, or by all that they say."""

from __future__ import annotations

from messaging.models import Message
from ops.files.problems import Problem, label
from ops.imports import own_ids
from ops.imports.checking.findings import Findings
from ops.imports.staging.base import KNOWN, ROWS, Staging

BY_ID = f"""
INSERT INTO {KNOWN} SELECT rows.number, stored.id, stored.conversation_id
FROM {ROWS} rows CROSS JOIN {{messages}} stored WHERE stored.external_id = rows.external_id
"""
IS_OURS = f"substr(rows.external_id, 1, {len(own_ids.BEGINNING)}) = '{own_ids.BEGINNING}'"
ANY_OURS = f"SELECT EXISTS (SELECT 1 FROM {ROWS} rows WHERE {IS_OURS})"
BY_OWN_ID = f"""
INSERT INTO {KNOWN} SELECT rows.number, stored.id, stored.conversation_id
FROM (SELECT rows.number, {{own_number}} AS own FROM {ROWS} rows WHERE {IS_OURS}) rows CROSS JOIN {{messages}} stored
WHERE stored.id = rows.own AND stored.external_id IS NULL
"""
# threadward:12 was what every database called its message 12, and is what we call one that came from another. So people
# and time must agree; those of a message that came under this id, if there is one, must not.
BY_OLD_ID = f"""
INSERT INTO {KNOWN} SELECT rows.number, stored.id, stored.conversation_id
FROM (
    SELECT rows.number, rows.sender, rows.receiver, {{sent_at}} AS sent_at, {{old_number}} AS old
    FROM {ROWS} rows WHERE {IS_OURS}
) rows
CROSS JOIN {{messages}} stored CROSS JOIN {{users}} senders CROSS JOIN {{users}} receivers
WHERE stored.id = rows.old AND stored.external_id IS NULL
    AND stored."timestamp" = rows.sent_at AND senders.id = stored.sender_id AND senders.username = rows.sender
    AND receivers.id = stored.receiver_id AND receivers.username = rows.receiver
    AND NOT EXISTS (
        SELECT 1 FROM {KNOWN} known CROSS JOIN {{messages}} other WHERE known.number = rows.number
            AND other.id = known.message_id AND other."timestamp" = rows.sent_at
            AND other.sender_id = senders.id AND other.receiver_id = receivers.id
    )
ON CONFLICT (number) DO UPDATE SET message_id = excluded.message_id, conversation_id = excluded.conversation_id
"""
# A number of ours that is not yet given may be one day, and then two messages would be called the same.
NEVER_OURS = f"""
SELECT rows.number, rows.external_id
FROM (SELECT rows.number, rows.external_id, {{own_number}} AS own FROM {ROWS} rows WHERE {IS_OURS}) rows
WHERE rows.own IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {KNOWN} known WHERE known.number = rows.number)
    AND (rows.own > %s OR EXISTS (SELECT 1 FROM {{messages}} stored WHERE stored.id = rows.own))
ORDER BY rows.number
"""
# A row without an id is a stored message where everybody would say so. Of several that say the same the first row is
# the first message, the second the second: nothing that was said twice is dropped.
BY_ALL_OF_IT = f"""
INSERT INTO {KNOWN} SELECT rows.number, stored.id, stored.conversation_id
FROM (
    SELECT rows.number, senders.id AS sender_id, receivers.id AS receiver_id, {{sent_at}} AS sent_at, rows.content,
        ROW_NUMBER() OVER (
            PARTITION BY senders.id, receivers.id, rows.sent_at, rows.content ORDER BY rows.number
        ) AS turn
    FROM {ROWS} rows CROSS JOIN {{users}} senders CROSS JOIN {{users}} receivers
    WHERE rows.external_id IS NULL AND rows.content IS NOT NULL
        AND senders.username = rows.sender AND receivers.username = rows.receiver
) rows
JOIN (
    SELECT stored.id, stored.conversation_id, stored.sender_id, stored.receiver_id, stored."timestamp", stored.content,
        ROW_NUMBER() OVER (
            PARTITION BY stored.sender_id, stored.receiver_id, stored."timestamp", stored.content ORDER BY stored.id
        ) AS turn
    FROM (
        SELECT DISTINCT senders.id AS sender_id, {{sent_at}} AS sent_at
        FROM {ROWS} rows CROSS JOIN {{users}} senders
        WHERE rows.external_id IS NULL AND rows.content IS NOT NULL AND senders.username = rows.sender
    ) said
    CROSS JOIN {{messages}} stored
    WHERE stored.sender_id = said.sender_id AND stored."timestamp" = said.sent_at AND stored.external_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM {KNOWN} known WHERE known.message_id = stored.id)
) stored
ON stored.sender_id = rows.sender_id AND stored.receiver_id = rows.receiver_id
    AND stored."timestamp" = rows.sent_at AND stored.content = rows.content AND stored.turn = rows.turn
"""


def find_known(staging: Staging, findings: Findings) -> int:
    """Fill KNOWN with the rows that are stored; how many there are. Reports rows that only seem to be ours."""
    staging.execute(BY_ID)
    if staging.value(ANY_OURS):
        staging.execute(BY_OWN_ID)
        staging.execute(BY_OLD_ID)
        for number, external_id in staging.stream(NEVER_OURS, [staging.last_id(Message)]):
            findings(_never_ours(number, external_id))
    if staging.value(f"SELECT EXISTS (SELECT 1 FROM {ROWS} WHERE external_id IS NULL)"):
        staging.execute("CREATE INDEX import_known_message ON import_known (message_id)")
        staging.execute(BY_ALL_OF_IT)
    staging.plan(KNOWN)
    return staging.value(f"SELECT COUNT(*) FROM {KNOWN}")


def _never_ours(number: int, external_id: str) -> Problem:
    message = f"{label(external_id)} is an id of this very database, which never gave it to this message: the file is "
    message += "of a copy of it, perhaps. Give the message another id, in the rows of its answers as well."
    return Problem(number, "external_id", "error", message)
