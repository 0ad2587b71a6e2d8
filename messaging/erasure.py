"""Removing one person's data: in sets, in batches, in the right order, with flat memory."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import Q
from django.dispatch import Signal

from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.writing import in_batches

BATCH = 5_000  # messages removed at a time

# Sent with ``user_id``, ``counts`` (ErasureCounts) and ``using`` once for each deleted account, when its data is gone,
# in the transaction that deletes the account.
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
    user_id = _key(user_id)
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
    user_id = _key(user_id)
    counts = ErasureCounts()
    if connections[using].in_atomic_block:
        # The batches keep their locks until the caller's end: all are taken in order now, so that nobody deadlocks.
        touched = Message.objects.using(using).of(user_id).order_by().values("conversation_id")
        Conversation.objects.using(using).filter(pk__in=touched).lock()
    while _erase_batch(user_id, counts, using):
        pass
    with transaction.atomic(using=using):
        own = Notification.objects.using(using).filter(user_id=user_id)
        counts.notifications += own._raw_delete(using)
        edits = MessageHistory.objects.using(using).filter(edited_by_id=user_id)
        counts.editor_names += edits.update(edited_by=None)
    return counts


def erase_deleted_user(user_id: Any, *, using: str) -> None:
    """Erase what an account that was just deleted leaves behind, and announce it: once for every account."""
    counts = erase_user_data(user_id, using=using)
    user_erased.send(sender=None, user_id=user_id, counts=counts, using=using)


def _key(user_id: Any) -> Any:
    """The primary key as the database gives it: records and forms hold it as text."""
    return get_user_model()._meta.pk.to_python(user_id)


def _erase_batch(user_id: Any, counts: ErasureCounts, using: str) -> bool:
    """Remove up to BATCH messages of a person; False where none was left."""
    with transaction.atomic(using=using):
        rows = _next_rows(user_id, using)
        if not rows:
            return False
        ids = [message_id for message_id, _ in rows]
        touched = Conversation.objects.using(using).filter(pk__in={conversation_id for _, conversation_id in rows})
        # Locked first, as every writer does: nobody can add a reply to what is about to go, or edit it.
        touched.lock()
        messages = Message.objects.using(using)
        counts.replies_reattached += _others_settled(messages.hand_replies_on(ids), user_id, using)
        of_batch = Q(message_id__in=ids)
        counts.histories += MessageHistory.objects.using(using).filter(of_batch)._raw_delete(using)
        counts.notifications += Notification.objects.using(using).filter(of_batch)._raw_delete(using)
        doomed = messages.filter(pk__in=ids)
        counts.messages_sent += doomed.filter(sender_id=user_id)._raw_delete(using)
        counts.messages_received += doomed._raw_delete(using)
        touched.recount()
        counts.conversations += touched.remove_empty()
    return True


def _next_rows(user_id: Any, using: str) -> list[tuple[int, int]]:
    """Up to BATCH messages of a person (id, conversation id), by an index."""
    rows: list[tuple[int, int]] = []
    for person in ("sender_id", "receiver_id"):
        if not rows:
            theirs = Message.objects.using(using).filter(**{person: user_id}).order_by("timestamp", "id")
            rows = list(theirs.values_list("id", "conversation_id")[:BATCH])
    return rows


def _others_settled(replies: dict[int, int | None], user_id: Any, using: str) -> int:
    """How many of the replies that were handed on are other people's, and hang where they will stay.

    ``replies`` maps their ids to their new parents'. What lands on another message of this person moves again with a
    later batch, and counts then; the person's own replies go themselves.
    """
    ids = sorted({*replies, *(parent_id for parent_id in replies.values() if parent_id is not None)})
    theirs: set[int | None] = set()
    for batch in in_batches(ids):
        found = Message.objects.using(using).of(user_id).filter(pk__in=batch)
        theirs.update(found.order_by().values_list("pk", flat=True))
    return sum(reply_id not in theirs and parent_id not in theirs for reply_id, parent_id in replies.items())
