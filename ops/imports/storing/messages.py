"""Storing the new messages: whole conversations, in batches short enough not to block other writers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils.translation import gettext_lazy

from messaging.models import Conversation
from messaging.writing import in_batches
from ops.imports.staging.base import Staging
from ops.imports.storing import one_by_one
from ops.imports.storing.ids import Bases
from ops.imports.storing.order import Order, Piece
from ops.jobs.pacing import Pace
from ops.jobs.run import JobFailed, Run

CHANGED_MEANWHILE = gettext_lazy(
    "Somebody changed people or messages that the file refers to while it was read: run the import again."
)

# How many of the stored conversations that an import joins are listed in its outcome.
MOST_JOINED = 1_001

# These counts are exact only if the rows of whole conversations are stored together.
STORE_CONVERSATIONS = """
INSERT INTO {conversations} (id, started_at, last_message_at, message_count, unread_count)
SELECT places.root + %s, MIN(CASE WHEN places.parent = 0 THEN {sent_at} END), MAX({sent_at}), COUNT(*),
    SUM(CASE WHEN rows.seen THEN 0 ELSE 1 END)
FROM {places} places CROSS JOIN {rows} rows
WHERE places.place >= %s AND places.place < %s AND rows.number = places.number {beginning}
GROUP BY places.root HAVING MAX(CASE WHEN places.number = places.root THEN 1 ELSE 0 END) = 1
"""
STORE_MESSAGES = """
INSERT INTO {messages} (id, conversation_id, sender_id, receiver_id, content, "timestamp", edited, "read", hidden,
    redaction, parent_message_id, external_id, edited_elsewhere_at, awaited_parent_external_id)
SELECT ready.number + %s, {conversation}, ready.sender_id, ready.receiver_id, {content},
    {sent_at}, rows.edited, rows.seen, rows.hidden, CASE WHEN rows.redacted THEN 1 END,
    CASE WHEN ready.parent > 0 THEN ready.parent + %s ELSE {parent} END, rows.external_id, {edited_at},
    CASE WHEN ready.parent = 0 AND {parent} IS NULL THEN rows.parent_external_id END
FROM {ready} ready CROSS JOIN {rows} rows
{joined}
WHERE ready.place >= %s AND ready.place < %s AND rows.number = ready.number {of_these}
"""
# Fragments of these two statements. Rows that answer stored messages join their conversations. Looking those up row by
# row is slow, so it is done only if there are such rows.
JOINING = {
    "beginning": "AND NOT EXISTS (SELECT 1 FROM {joins} joins WHERE joins.number = places.root)",
    "conversation": "COALESCE(joins.conversation_id, ready.root + %s)",
    "parent": "joins.parent_id",
    "joined": "LEFT JOIN {joins} joins ON joins.number = ready.root",
}
SEPARATE = {"beginning": "", "conversation": "ready.root + %s", "parent": "NULL", "joined": ""}
STORE_NOTIFICATIONS = """
INSERT INTO {notifications} (user_id, message_id, created_at)
SELECT stored.receiver_id, stored.id, %s
FROM {places} places CROSS JOIN {messages} stored
WHERE places.place >= %s AND places.place < %s AND stored.id = places.number + %s
"""
JOINED_CONVERSATIONS = """
SELECT DISTINCT joins.conversation_id FROM {places} places CROSS JOIN {joins} joins
WHERE places.place >= %s AND places.place < %s AND joins.number = places.root ORDER BY 1
"""
ALL_JOINED = """
SELECT DISTINCT conversation_id FROM {joins} WHERE number IN (SELECT root FROM {places}) ORDER BY 1 LIMIT %s
"""
IS_JOIN = "SELECT EXISTS (SELECT 1 FROM {joins} WHERE number = %s)"
# Replies to stored messages that no longer exist.
PARENTS_GONE = """
SELECT COUNT(*) FROM {places} places CROSS JOIN {joins} joins
WHERE places.place >= %s AND places.place < %s AND joins.number = places.number
    AND NOT EXISTS (SELECT 1 FROM {messages} stored WHERE stored.id = joins.parent_id)
"""


def store_messages(
    staging: Staging,
    order: Order,
    run: Run,
    bases: Bases,
    *,
    notify_at: datetime | None,
    advance: Callable[[int], None],
) -> None:
    """Store the rows in their order, starting at the cursor.

    ``notify_at``: when receivers are notified, None for not at all. ``advance`` is called within each batch with the
    number of messages stored by then.

    Raises JobFailed if the results of the check no longer hold, and whatever the database raises.
    """
    staging.fill("places", order.places())
    order.free_rows()
    staging.analyze("places")
    staging.prepare_ready()
    joining = bool(staging.value("SELECT COUNT(*) FROM {joins}"))
    pieces = order.pieces(run.cursor.get("stored", 0))
    pace = Pace(times=staging.batch_time_factor)
    while pieces:
        now, pieces = pieces[: pace.size], pieces[pace.size :]
        with pace.timed(), run.batch():
            begun = _store(staging, now, bases, joining=joining, notify_at=notify_at)
            run.cursor["conversations"] = run.cursor.get("conversations", 0) + begun
            run.cursor["stored"] = now[-1].end
            advance(now[-1].end)
    if joining:
        run.cursor["joined_conversations"] = [one for (one,) in staging.stream(ALL_JOINED, [MOST_JOINED])]


def _store(staging: Staging, pieces: list[Piece], bases: Bases, *, joining: bool, notify_at: datetime | None) -> int:
    """Store the rows of these pieces; return how many conversations they start."""
    places = [pieces[0].start, pieces[-1].end]
    messages, conversations = bases.messages or 0, bases.conversations or 0
    # People first, then conversations: the order in which every writer of messages locks them.
    staging.lock_people(*places)
    existing = _existing_conversations(staging, pieces[0], conversations, joining=joining, places=places)
    _lock(staging, existing)
    if joining and staging.value(PARENTS_GONE, places):
        raise JobFailed(CHANGED_MEANWHILE)
    fragments = JOINING if joining else SEPARATE
    begun = staging.execute(STORE_CONVERSATIONS, [conversations, *places], **fragments)
    params = [messages, conversations, messages, *places]
    many = {"content": "rows.content", "of_these": staging.others, **fragments}
    stored = staging.execute(STORE_MESSAGES, params, **many)
    stored += one_by_one.store_messages(staging, STORE_MESSAGES, params, fragments)
    if stored != places[1] - places[0]:
        raise JobFailed(CHANGED_MEANWHILE)
    if notify_at is not None:
        moment = staging.connection.ops.adapt_datetimefield_value(notify_at)
        staging.execute(STORE_NOTIFICATIONS, [moment, *places, messages])
    Conversation.objects.using(staging.using).recount_locked(existing)
    return begun


def _existing_conversations(
    staging: Staging, first: Piece, base: int, *, joining: bool, places: list[int]
) -> list[int]:
    """Return the stored conversations that the rows in these places join or continue."""
    found = set()
    if joining:
        found = {conversation_id for (conversation_id,) in staging.stream(JOINED_CONVERSATIONS, places)}
    # If the continued row joined a stored conversation, its later parts belong to that one.
    if first.continued and not staging.value(IS_JOIN, [first.continued]):
        found.add(first.continued + base)
    return sorted(found)


def _lock(staging: Staging, conversation_ids: list[int]) -> None:
    for batch in in_batches(conversation_ids):
        if len(Conversation.objects.using(staging.using).filter(pk__in=batch).lock()) < len(batch):
            raise JobFailed(CHANGED_MEANWHILE)
