"""Rows whose message is stored already, and what differs from it."""

from __future__ import annotations

from collections.abc import Iterator

from messaging.models import Message
from ops.files.problems import Problem, label
from ops.imports import own_ids
from ops.imports.checking.findings import Findings, Mark
from ops.imports.checking.rows import differing
from ops.imports.options import Choices
from ops.imports.staging.base import CHANGES, KNOWN, ROWS, Staging

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
STORED_OTHERWISE = f"""
SELECT number, external_id, message_id, was_edited, sender, receiver, sent_at, content, parent FROM (
    SELECT rows.number, rows.external_id, known.message_id, stored.edited AS was_edited,
        rows.sender <> senders.username AS sender, rows.receiver <> receivers.username AS receiver,
        {{sent_at}} <> stored."timestamp" AS sent_at, rows.content <> stored.content AS content,
        CASE WHEN parents.id IS NULL THEN rows.parent_external_id IS NOT NULL ELSE COALESCE(rows.parent_external_id, '')
            NOT IN (COALESCE(parents.external_id, '{own_ids.BEGINNING}' || parents.id), '{{own}}' || parents.id)
            END AS parent
    FROM {KNOWN} known CROSS JOIN {ROWS} rows CROSS JOIN {{messages}} stored CROSS JOIN {{users}} senders
    CROSS JOIN {{users}} receivers LEFT JOIN {{messages}} parents ON parents.id = stored.parent_message_id
    WHERE rows.number = known.number AND stored.id = known.message_id AND rows.external_id IS NOT NULL
        AND rows.content IS NOT NULL AND senders.id = stored.sender_id AND receivers.id = stored.receiver_id
) compared
WHERE sender OR receiver OR sent_at OR content OR parent
"""
# A row that began a conversation because its parent was missing does so again.
BEGAN_WITHOUT_PARENT = f"""
SELECT rows.number FROM {KNOWN} known CROSS JOIN {ROWS} rows CROSS JOIN {{messages}} stored
WHERE rows.number = known.number AND stored.id = known.message_id AND stored.parent_message_id IS NULL
    AND rows.parent_external_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM {{messages}} parents WHERE parents.external_id = rows.parent_external_id)
    AND NOT EXISTS (
        SELECT 1 FROM {ROWS} parents CROSS JOIN {KNOWN} stored_parents
        WHERE parents.external_id = rows.parent_external_id AND stored_parents.number = parents.number
    )
"""
TEXT_ONLY = (False, False, False, True, False)


def find_known(staging: Staging, findings: Findings) -> int:
    """Fill KNOWN with the rows that are stored; how many there are. Reports rows that only seem to be ours."""
    staging.execute(BY_ID)
    if staging.value(ANY_OURS):
        staging.execute(BY_OWN_ID)
        staging.execute(BY_OLD_ID)
        for number, external_id in staging.stream(NEVER_OURS, [staging.last_id(Message)]):
            findings.report(_never_ours(number, external_id))
    if staging.value(f"SELECT EXISTS (SELECT 1 FROM {ROWS} WHERE external_id IS NULL)"):
        staging.execute("CREATE INDEX import_known_message ON import_known (message_id)")
        staging.execute(BY_ALL_OF_IT)
    staging.analyze(KNOWN)
    return staging.value(f"SELECT COUNT(*) FROM {KNOWN}")


def _never_ours(number: int, external_id: str) -> Problem:
    message = f"{label(external_id)} is an id of this very database, which never gave it to this message: the file is "
    message += "of a copy of it, perhaps. Give the message another id, in the rows of its answers as well."
    return Problem(number, "external_id", "error", message)


def check_stored(staging: Staging, findings: Findings, choices: Choices) -> int:
    """Report rows whose id is stored with another message. Returns how many have only another text.

    Rows are marked as known, or as changed where ``choices`` say that texts are to be replaced.
    """
    for (number,) in staging.stream(f"SELECT number FROM {KNOWN}"):
        if findings.marks[number] == Mark.NEW:
            findings.marks[number] = Mark.KNOWN
    staging.fill(CHANGES, _changes(staging, findings, choices))
    return staging.value(f"SELECT COUNT(*) FROM {CHANGES}")


def _changes(staging: Staging, findings: Findings, choices: Choices) -> Iterator[tuple]:
    """(row, message id, whether it was edited) of rows with another text than is stored; reports other differences."""
    began: set[int] | None = None  # asked for only where it makes a difference
    for number, external_id, message_id, was_edited, *differs in staging.stream(STORED_OTHERWISE):
        different = tuple(map(bool, differs))
        began_here = False
        if different[-1]:
            if began is None:
                began = {row for (row,) in staging.stream(BEGAN_WITHOUT_PARENT)}
            began_here = number in began
            different = (*different[:-1], not (began_here and choices.start_conversations))
        if different == TEXT_ONLY:
            if choices.existing == "edit":
                findings.mark(number, Mark.CHANGED)
            elif choices.existing == "refuse":
                message = f"{label(external_id)} is already stored with different content: "
                message += "correct the row, give it another id, or choose what becomes of changed texts."
                findings.report(Problem(number, "external_id", "error", message, "existing"))
            yield number, message_id, bool(was_edited)
        elif any(different):
            findings.report(_stored_otherwise(number, external_id, different, began_here=began_here))


def _stored_otherwise(number: int, external_id: str, different: tuple[bool, ...], *, began_here: bool) -> Problem:
    """The problem of a row whose id is stored with another message, or with this one without its parent."""
    name = label(external_id)
    if began_here and not any(different[:-2]):
        message = f"{name} is already stored, as the beginning of a conversation, and its parent is not: "
        message += "choose that such messages begin one, or leave parent_external_id empty."
        return Problem(number, "parent_external_id", "error", message, "start_conversations")
    message = f"{name} is already stored with different {differing(different)}: "
    return Problem(number, "external_id", "error", f"{message}correct the row, or give it another id.")
