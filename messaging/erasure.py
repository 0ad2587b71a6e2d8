"""Removing one person's data: in sets, in batches, in the right order, with flat memory."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import Q
from django.dispatch import Signal

from messaging.models import Conversation, Message, MessageHistory, Notification

BATCH = 5_000  # messages removed at a time

# Sent with ``user_id``, ``counts`` (ErasureCounts) and ``using`` when a person's data is gone, in the same transaction
# where the caller has one.
user_erased = Signal()


@dataclass
class ErasureCounts:
    """What an erasure removed (rows), and what it changed to keep the rest whole."""

    messages_sent: int = 0
    messages_received: int = 0  # from somebody else: a message to oneself counts as sent
    histories: int = 0
    notifications: int = 0
    conversations: int = 0
    replies_reattached: int = 0
    editor_names: int = 0  # histories of other people's messages that named this person as the editor

    @property
    def messages(self) -> int:
        return self.messages_sent + self.messages_received

    def as_dict(self) -> dict[str, int]:
        """The figures by name, for records."""
        return asdict(self)


def plan(user_id: Any, *, using: str = DEFAULT_DB_ALIAS) -> ErasureCounts:
    """What ``erase_user_data`` would remove and change now, in exact counts; changes nothing."""
    messages = Message.objects.using(using)
    sent = messages.filter(sender_id=user_id)
    received = messages.filter(receiver_id=user_id).exclude(sender_id=user_id)
    histories = MessageHistory.objects.using(using)
    theirs = Q(message__sender_id=user_id) | Q(message__receiver_id=user_id)
    notifications = Notification.objects.using(using)
    parents = Q(parent_message__sender_id=user_id) | Q(parent_message__receiver_id=user_id)
    others = messages.exclude(sender_id=user_id).exclude(receiver_id=user_id)
    touched = messages.of(user_id).values("conversation_id")
    conversations = Conversation.objects.using(using)
    staying = conversations.filter(pk__in=others.filter(conversation_id__in=touched).values("conversation_id"))
    return ErasureCounts(
        messages_sent=sent.count(),
        messages_received=received.count(),
        histories=histories.filter(theirs).count(),
        notifications=notifications.filter(Q(user_id=user_id) | theirs).count(),
        conversations=conversations.filter(pk__in=touched).count() - staying.count(),
        replies_reattached=others.filter(parents).count(),
        editor_names=histories.filter(edited_by_id=user_id).exclude(theirs).count(),
    )


def erase_user_data(user_id: Any, *, using: str = DEFAULT_DB_ALIAS) -> ErasureCounts:
    """Remove every message a person sent or received, with histories and notifications, and their own notifications.

    Other people's replies that survive are hung on their nearest surviving ancestor; conversations are recounted, or
    removed when empty. Returns what was done; a second run finds nothing and returns zeros. Each batch is one
    transaction (a part of the caller's where there is one), so being stopped between two loses nothing.
    """
    counts = ErasureCounts()
    while _erase_batch(user_id, counts, using):
        pass
    with transaction.atomic(using=using):
        own = Notification.objects.using(using).filter(user_id=user_id)
        counts.notifications += own._raw_delete(using)
        edits = MessageHistory.objects.using(using).filter(edited_by_id=user_id)
        counts.editor_names += edits.update(edited_by=None)
        user_erased.send(sender=None, user_id=user_id, counts=counts, using=using)
    return counts


def _erase_batch(user_id: Any, counts: ErasureCounts, using: str) -> bool:
    """Remove up to BATCH messages of a person; False where none was left."""
    with transaction.atomic(using=using):
        messages = Message.objects.using(using)
        rows = _next_rows(user_id, using)
        if not rows:
            return False
        ids = [row[0] for row in rows]
        conversation_ids = sorted({row[2] for row in rows})
        # Locked first, as every writer does: nobody can add a reply to what is about to go.
        touched = Conversation.objects.using(using).filter(pk__in=conversation_ids)
        touched.lock()
        parents = {row[0]: row[1] for row in rows}
        counts.replies_reattached += _reattach_replies(parents, user_id, using)
        of_batch = Q(message_id__in=ids)
        counts.histories += MessageHistory.objects.using(using).filter(of_batch)._raw_delete(using)
        counts.notifications += Notification.objects.using(using).filter(of_batch)._raw_delete(using)
        sent = sum(row[3] == user_id for row in rows)
        counts.messages_sent += sent
        counts.messages_received += messages.filter(pk__in=ids)._raw_delete(using) - sent
        touched.recount()
        counts.conversations += touched.remove_empty()
    return True


def _next_rows(user_id: Any, using: str) -> list[tuple]:
    """Up to BATCH rows (id, parent id, conversation id, sender id), each by an index."""
    rows: list[tuple] = []
    for person in ("sender_id", "receiver_id"):
        if not rows:
            theirs = Message.objects.using(using).filter(**{person: user_id}).order_by("timestamp", "id")
            columns = theirs.values_list("id", "parent_message_id", "conversation_id", "sender_id")
            rows = list(columns[:BATCH])
    return rows


def _reattach_replies(parents: dict[int, int | None], user_id: Any, using: str) -> int:
    """Hang what answers the doomed messages, and stays for now, on their nearest ancestor that stays.

    ``parents`` maps the id of each doomed message to its parent's. Returns how many of the replies are other people's:
    those of the person themself go with a later batch, but may have replies of their own to carry along.
    """
    doomed = list(parents)
    messages = Message.objects.using(using)
    replies = messages.filter(parent_message_id__in=doomed).exclude(pk__in=doomed)
    links = list(replies.values_list("id", "parent_message_id", "sender_id", "receiver_id"))
    new_parents = {reply_id: _surviving(parent_id, parents) for reply_id, parent_id, *_ in links}
    # A reply that lands on another message of this person moves again with a later batch, and is counted then.
    still_theirs = set(messages.of(user_id).filter(pk__in=set(new_parents.values())).values_list("id", flat=True))
    others = sum(
        user_id not in people and new_parents[reply_id] not in still_theirs for reply_id, _, *people in links
    )
    connection = connections[using]
    table = connection.ops.quote_name(Message._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET parent_message_id = %s WHERE id = %s",
            [(parent_id, reply_id) for reply_id, parent_id in new_parents.items()],
        )
    return others


def _surviving(message_id: int | None, parents: dict[int, int | None]) -> int | None:
    """The nearest ancestor that is not a key of ``parents``; shortens the paths it walks, so that runs stay linear."""
    walked: dict[int, None] = {}
    while message_id in parents and message_id not in walked:
        walked[message_id] = None
        message_id = parents[message_id]
    found = None if message_id in walked else message_id
    for doomed in walked:
        parents[doomed] = found
    return found
