"""Storing what an import has checked: sets of rows, one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import transaction

from messaging.editors import current_editor
from messaging.managers import in_batches
from messaging.models import Conversation, Message
from ops.audit.events import Event
from ops.audit.recording import record
from ops.transfers.problems import ImportStopped
from ops.transfers.roots import Roots
from ops.transfers.staging import JOINS, PEOPLE, REPLIES, ROWS, Staging

STEP = 10_000  # rows stored by one statement, after which progress is told
USERS = 1_000  # accounts created by one statement

Progress = Callable[[int, int], None]  # rows stored, rows to store

FIND_PEOPLE = f"""
INSERT INTO {PEOPLE} SELECT name FROM (SELECT sender AS name FROM {ROWS} UNION SELECT receiver FROM {ROWS}) named
WHERE NOT EXISTS (SELECT 1 FROM {{users}} known WHERE known.username = named.name)
"""
FIND_JOINS = f"""
INSERT INTO {JOINS} SELECT rows.number, stored.id, stored.conversation_id
FROM {ROWS} rows CROSS JOIN {{messages}} stored
WHERE stored.external_id = rows.parent_external_id
    AND NOT EXISTS (SELECT 1 FROM {REPLIES} replies WHERE replies.number = rows.number)
"""
STORE_CONVERSATIONS = f"""
INSERT INTO {{conversations}} (id, started_at, last_message_at, message_count, unread_count)
SELECT counted.root + %s, {{sent_at}}, counted.latest, counted.messages, counted.messages
FROM (
    SELECT COALESCE(replies.root, rows.number) AS root, MAX({{sent_at}}) AS latest, COUNT(*) AS messages
    FROM {ROWS} rows LEFT JOIN {REPLIES} replies ON replies.number = rows.number
    GROUP BY COALESCE(replies.root, rows.number)
) counted
CROSS JOIN {ROWS} rows
WHERE rows.number = counted.root AND NOT EXISTS (SELECT 1 FROM {JOINS} joins WHERE joins.number = counted.root)
"""
STORE_MESSAGES = f"""
INSERT INTO {{messages}} (id, conversation_id, sender_id, receiver_id, content, "timestamp", edited, "read",
    parent_message_id, external_id)
SELECT rows.number + %s, COALESCE(joins.conversation_id, COALESCE(replies.root, rows.number) + %s),
    senders.id, receivers.id, rows.content, {{sent_at}}, false, false,
    COALESCE(replies.parent + %s, joins.parent_id), rows.external_id
FROM {ROWS} rows CROSS JOIN {{users}} senders CROSS JOIN {{users}} receivers
LEFT JOIN {REPLIES} replies ON replies.number = rows.number
LEFT JOIN {JOINS} joins ON joins.number = COALESCE(replies.root, rows.number)
WHERE rows.number > %s AND rows.number <= %s
    AND senders.username = rows.sender AND receivers.username = rows.receiver
"""
STORE_NOTIFICATIONS = """
INSERT INTO {notifications} (user_id, message_id, created_at)
SELECT receiver_id, id, %s FROM {messages} WHERE id > %s AND id <= %s
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """What storing added."""

    messages: int = 0
    replies: int = 0
    conversations: int = 0
    users: int = 0


def store(
    staging: Staging, roots: Roots, *, create_users: bool, notify: bool, now: datetime, progress: Progress
) -> Stored:
    """Store every staged row, all or nothing; ``now`` is when the accounts and notifications are created.

    Raises ImportStopped where what was checked does not hold any more, NotRecorded where the audit trail cannot be
    written to, and whatever the database raises.
    """
    messages = staging.value(f"SELECT COUNT(*) FROM {ROWS}")
    if not messages:
        return Stored()
    replies = staging.value(f"SELECT COUNT(parent_external_id) FROM {ROWS}")
    last_row = len(roots.parents) - 1
    staging.fill_replies(roots.replies())
    # Before the transaction: others may go on adding rows of their own while it lasts.
    message_ids = staging.reserve_ids(Message, last_row)
    conversation_ids = staging.reserve_ids(Conversation, last_row)
    with staging.writing(), transaction.atomic(using=staging.using):
        users = _create_users(staging, now) if create_users else 0
        joined = _join_stored(staging, replies)
        conversations = staging.execute(STORE_CONVERSATIONS, [conversation_ids])
        stored = 0
        for first, last in _steps(last_row):
            added = staging.execute(STORE_MESSAGES, [message_ids, conversation_ids, message_ids, first, last])
            if notify:
                moment = staging.connection.ops.adapt_datetimefield_value(now)
                staging.execute(STORE_NOTIFICATIONS, [moment, message_ids + first, message_ids + last])
            stored += added
            progress(stored, messages)
        if stored != messages:
            raise _changed_meanwhile()
        for batch in in_batches(joined):
            Conversation.objects.using(staging.using).filter(pk__in=batch).recount()
        result = Stored(messages=messages, replies=replies, conversations=conversations, users=users)
        # In the same transaction: what is not in the audit trail was not imported.
        record(Event.IMPORT_MADE, actor=current_editor(), target=Message, details=asdict(result), using=staging.using)
    return result


def _steps(last_row: int) -> Iterator[tuple[int, int]]:
    """Row numbers in ranges: after the first, up to and with the second."""
    for start in range(0, last_row, STEP):
        yield start, min(start + STEP, last_row)


def _create_users(staging: Staging, now: datetime) -> int:
    """An account for everybody named who has none: it cannot sign in, and has no password."""
    created = staging.execute(FIND_PEOPLE)
    users = get_user_model()._base_manager.using(staging.using)
    waiting: list = []
    for (username,) in staging.stream(f"SELECT username FROM {PEOPLE} ORDER BY username"):
        waiting.append(users.model(username=username, is_active=False, password=make_password(None), date_joined=now))
        if len(waiting) == USERS:
            users.bulk_create(waiting)
            waiting = []
    users.bulk_create(waiting)
    return created


def _join_stored(staging: Staging, replies: int) -> list[int]:
    """Find the stored messages that rows answer; the ids of their conversations, locked until the end."""
    expected = replies - staging.value(f"SELECT COUNT(*) FROM {REPLIES}")
    if not expected:
        return []
    if staging.execute(FIND_JOINS) != expected:
        raise _changed_meanwhile()
    joined = [row[0] for row in staging.stream(f"SELECT DISTINCT conversation_id FROM {JOINS} ORDER BY 1")]
    for batch in in_batches(joined):
        Conversation.objects.using(staging.using).filter(pk__in=batch).lock()
    return joined


def _changed_meanwhile() -> ImportStopped:
    return ImportStopped(
        "Somebody changed people or messages that the file refers to while it was read: run the import again."
    )
