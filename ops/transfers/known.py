"""Which rows of a file are stored already: by their id, by the id that an export gave them, or by all that they say."""

from __future__ import annotations

from ops.transfers.staging import KNOWN, ROWS, Staging

BY_ID = f"""
INSERT INTO {KNOWN} SELECT rows.number, stored.id, stored.conversation_id
FROM {ROWS} rows CROSS JOIN {{messages}} stored WHERE stored.external_id = rows.external_id
"""
# threadward:12 is what an export calls message 12, which has no id from elsewhere. In another database 12 is somebody
# else's, so people and time must agree.
BY_OWN_NUMBER = f"""
INSERT INTO {KNOWN} SELECT rows.number, stored.id, stored.conversation_id
FROM (
    SELECT rows.number, rows.external_id, rows.sender, rows.receiver, {{sent_at}} AS sent_at, {{own_number}} AS own
    FROM {ROWS} rows WHERE substr(rows.external_id, 1, 11) = 'threadward:'
) rows
CROSS JOIN {{messages}} stored CROSS JOIN {{users}} senders CROSS JOIN {{users}} receivers
WHERE stored.id = rows.own AND rows.external_id = 'threadward:' || rows.own AND stored.external_id IS NULL
    AND stored."timestamp" = rows.sent_at AND senders.id = stored.sender_id AND senders.username = rows.sender
    AND receivers.id = stored.receiver_id AND receivers.username = rows.receiver
    AND NOT EXISTS (SELECT 1 FROM {KNOWN} known WHERE known.number = rows.number)
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


def find_known(staging: Staging) -> int:
    """Fill KNOWN with the rows that are stored; how many there are."""
    staging.execute(BY_ID)
    staging.execute(BY_OWN_NUMBER)
    if staging.value(f"SELECT EXISTS (SELECT 1 FROM {ROWS} WHERE external_id IS NULL)"):
        staging.execute("CREATE INDEX import_known_message ON import_known (message_id)")
        staging.execute(BY_ALL_OF_IT)
    staging.plan(KNOWN)
    return staging.value(f"SELECT COUNT(*) FROM {KNOWN}")
