"""Erasing one person's messages and the rows that belong to them, in sets and batches, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import Case, Count, F, Max, Q, Value, When
from django.dispatch import Signal

from messaging.models import Block, Conversation, Draft, Message, MessageHistory, Notification
from messaging.writing import ids_subquery, refuse_protected

BATCH_SIZE = 5_000  # messages erased in one transaction
PARTS, FULL = 8, 0.9  # up to so many queries collect a batch, until this share of it is full
MOST_COUNTED = 25_000  # messages for which a page counts all related rows, within a second

# Sent once for each deleted account, after its data is erased and in the same transaction, with ``user_id``,
# ``counts`` (ErasureCounts) and ``using``.
user_erased = Signal()


@dataclass
class ErasureCounts:
    """How many rows an erasure deleted, and how many others it changed to keep the remaining data consistent."""

    messages_sent: int = 0
    messages_received: int = 0  # from others: a message to oneself counts as sent
    histories: int = 0
    notifications: int = 0
    conversations: int = 0
    replies_reattached: int = 0
    editor_names: int = 0  # histories of other people's messages that named this person as the editor

    @property
    def messages(self) -> int:
        return self.messages_sent + self.messages_received

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name, without ``messages``, which is a sum."""
        return asdict(self)


class Affected(NamedTuple):
    """How many others an erasure affects."""

    people: int  # correspondents of this person
    conversations: int  # conversations that lose messages but remain


class Outlook(NamedTuple):
    """What an erasure would do. Unless ``complete``, only the messages are counted, because there are too many."""

    counts: ErasureCounts
    affected: Affected
    complete: bool


def outlook(user_id: Any, *, most: int = MOST_COUNTED, using: str = DEFAULT_DB_ALIAS) -> Outlook:
    """Return what ``erase_user_data`` would count now, and whom it affects, fast enough for a page.

    For a person with more than ``most`` messages, count only the messages; those to oneself then count twice.
    """
    user_id = _user_key(user_id)
    messages = Message.objects.using(using).order_by()
    # Each count reads only an index, no rows.
    sent, received = (messages.filter(**{person: user_id}).count() for person in ("sender_id", "receiver_id"))
    if sent + received > most:
        return Outlook(ErasureCounts(messages_sent=sent, messages_received=received), Affected(0, 0), complete=False)
    conversations = _count_conversations(user_id, using)
    return Outlook(
        _preview(user_id, conversations.emptied, using),
        Affected(_count_correspondents(user_id, using), conversations.kept),
        complete=True,
    )


def preview(user_id: Any, *, using: str = DEFAULT_DB_ALIAS) -> ErasureCounts:
    """Return exactly what ``erase_user_data`` would count now, however long that takes."""
    user_id = _user_key(user_id)
    return _preview(user_id, _count_conversations(user_id, using).emptied, using)


def _preview(user_id: Any, emptied: int, using: str) -> ErasureCounts:
    messages = Message.objects.using(using).order_by()
    histories, notifications = MessageHistory.objects.using(using), Notification.objects.using(using)
    between_others = messages.exclude(sender_id=user_id).exclude(receiver_id=user_id)
    own_notifications = notifications.filter(user_id=user_id).count()
    return ErasureCounts(
        messages_sent=messages.filter(sender_id=user_id).count(),
        messages_received=messages.filter(receiver_id=user_id).exclude(sender_id=user_id).count(),
        histories=_count_related(histories, "message", user_id),
        notifications=own_notifications + _count_related(notifications.exclude(user_id=user_id), "message", user_id),
        conversations=emptied,
        replies_reattached=_count_related(between_others, "parent_message", user_id),
        editor_names=histories.filter(edited_by_id=user_id)
        .exclude(message__sender_id=user_id)
        .exclude(message__receiver_id=user_id)
        .count(),
    )


def affected(user_id: Any, *, using: str = DEFAULT_DB_ALIAS) -> Affected:
    """Return how many other people and remaining conversations ``erase_user_data`` would affect."""
    user_id = _user_key(user_id)
    return Affected(_count_correspondents(user_id, using), _count_conversations(user_id, using).kept)


def _count_correspondents(user_id: Any, using: str) -> int:
    messages = Message.objects.using(using).order_by()
    receivers = messages.filter(sender_id=user_id).exclude(receiver_id=user_id).values_list("receiver_id")
    senders = messages.filter(receiver_id=user_id).exclude(sender_id=user_id).values_list("sender_id")
    return int(receivers.union(senders).count())


def erase_user_data(
    user_id: Any, *, using: str = DEFAULT_DB_ALIAS, counts: ErasureCounts | None = None
) -> ErasureCounts:
    """Delete every message a person sent or received with its histories and notifications, and the person's own
    notifications, blocks by and of the person, and drafts by and for them.

    Reattach replies between other people to their nearest surviving ancestor, and recount conversations, or remove
    empty ones. Keep the account itself. Return the counts, added to ``counts`` if given; a second run returns zeros.
    Each batch is a transaction of its own, unless the caller has one open, so an interrupted run can simply be
    repeated.
    """
    user_id = _user_key(user_id)
    counts = ErasureCounts() if counts is None else counts
    if connections[using].in_atomic_block:
        # The batches would hold their locks until the caller's transaction ends, and take them in another order.
        # Locking all conversations now, ordered by id, avoids deadlocks.
        conversation_ids = Message.objects.using(using).of(user_id).order_by().values("conversation_id")
        Conversation.objects.using(using).filter(pk__in=conversation_ids).lock()
    while erase_batch(user_id, counts, using=using):
        pass
    with transaction.atomic(using=using):
        own_notifications = Notification.objects.using(using).filter(user_id=user_id)
        counts.notifications += own_notifications._raw_delete(using)
        Block.objects.using(using).of(user_id)._raw_delete(using)
        Draft.objects.using(using).of(user_id)._raw_delete(using)
        edits_of_others = MessageHistory.objects.using(using).filter(edited_by_id=user_id)
        # Each edit stores by_staff, except one that the previous version wrote while this one was migrating.
        counts.editor_names += edits_of_others.update(edited_by=None, by_staff=True)
    return counts


def erase_batch(
    user_id: Any,
    counts: ErasureCounts,
    *,
    size: int | None = None,
    protected: Collection[Any] = (),
    using: str = DEFAULT_DB_ALIAS,
) -> int:
    """Erase about ``size`` messages of a person in one transaction, and add to ``counts``.

    Return the number of messages erased, 0 if none were left. A batch takes whole conversations, so that each reply is
    reattached once; a conversation of more than ``size`` messages is taken in pieces, oldest first. Raise
    writing.ProtectedPerson, with nothing erased, if a message of the batch was exchanged with one of ``protected``
    (primary keys).
    """
    user_id = _user_key(user_id)
    with transaction.atomic(using=using):
        conversations, rows = _lock_next_rows(user_id, BATCH_SIZE if size is None else size, using)
        if not rows:
            return 0
        refuse_protected((person for row in rows for person in (row.sender_id, row.receiver_id)), protected)
        ids = ids_subquery([row.id for row in rows], using=using)
        messages = Message.objects.using(using)
        replies = messages.reattach_replies_of({row.id: row.parent_id for row in rows})
        counts.replies_reattached += _count_settled(replies, user_id, using)
        # All rows that refer to the messages are handled here, so Django does not need to collect them.
        counts.histories += MessageHistory.objects.using(using).filter(message_id__in=ids)._raw_delete(using)
        counts.notifications += Notification.objects.using(using).filter(message_id__in=ids)._raw_delete(using)
        messages.filter(pk__in=ids)._raw_delete(using)
        sent = sum(row.sender_id == user_id for row in rows)
        counts.messages_sent += sent
        counts.messages_received += len(rows) - sent
        left = Conversation.objects.using(using).filter(pk__in=ids_subquery(conversations, using=using))
        counts.conversations += left.remove_empty()
        left.recount_locked(conversations)
    return len(rows)


def delete_user(user: Any, *, counts: ErasureCounts) -> None:
    """Delete an account whose messages were erased in batches, and add its remaining rows to the ``counts`` of these.
    ``user_erased`` carries the sum."""
    user.erasure_counts = counts  # read by erase_deleted_user, which gets this instance from post_delete
    user.delete()


def erase_deleted_user(user: Any, *, using: str) -> None:
    """Erase the data of an account that is being deleted, and send ``user_erased``."""
    counts = erase_user_data(user.pk, using=using, counts=getattr(user, "erasure_counts", None))
    user_erased.send(sender=None, user_id=user.pk, counts=counts, using=using)


def _user_key(user_id: Any) -> Any:
    """Return the primary key in its own type; forms and stored records may hold it as text."""
    return get_user_model()._meta.pk.to_python(user_id)


def _sent_or_received(messages: Any, user_id: Any) -> Any:
    """Filter ``messages``, which are few already, by person, looking at each row instead of an index."""
    # By an index, a database may read all messages of the person for each batch.
    is_theirs = When(sender_id=user_id, then=Value(1)), When(receiver_id=user_id, then=Value(1))
    return messages.alias(of_person=Case(*is_theirs, default=Value(0))).filter(of_person=1)


def _count_related(rows: Any, field: str, user_id: Any) -> int:
    """Return how many of ``rows`` refer, by ``field``, to a message that a person sent or received."""
    sent, received = {f"{field}__sender_id": user_id}, {f"{field}__receiver_id": user_id}
    # Two queries, because an OR across a join makes a database read the whole table.
    return rows.filter(**sent).count() + rows.filter(**received).exclude(**sent).count()


class _ConversationCounts(NamedTuple):
    emptied: int  # conversations with no other message than this person's
    kept: int  # the person's other conversations


def _count_conversations(user_id: Any, using: str) -> _ConversationCounts:
    messages = Message.objects.using(using).of(user_id).order_by().values("conversation_id")
    by_conversation = messages.annotate(own=Count("pk"), all=Max("conversation__message_count"))
    emptied = Q(own=F("all"))
    return _ConversationCounts(
        **by_conversation.aggregate(
            emptied=Count("conversation_id", filter=emptied), kept=Count("conversation_id", filter=~emptied)
        )
    )


class _Row(NamedTuple):
    """The columns needed to erase a message."""

    id: int
    sender_id: Any
    receiver_id: Any
    parent_id: int | None


def _lock_next_rows(user_id: Any, size: int, using: str) -> tuple[list[int], list[_Row]]:
    """Lock the messages of a person's next batch; return the ids of their conversations, and the messages' rows.

    The conversations are locked first, as by every writer, so nobody can edit these messages or reply to them.
    """
    messages = Message.objects.using(using)
    while (oldest := _oldest_messages(user_id, size, using)) is not None:
        whole, in_pieces = _split_by_length(oldest, size, using)
        concerned = ids_subquery({*whole, *in_pieces}, using=using)
        conversations = Conversation.objects.using(using).filter(pk__in=concerned).lock()
        rows: list[_Row] = []
        if whole:
            in_whole = messages.filter(conversation_id__in=ids_subquery(whole, using=using))
            rows += _lock_messages(_sent_or_received(in_whole, user_id))
        if in_pieces:
            places = oldest.values_list("pk", "conversation_id")
            pieces = [message_id for message_id, conversation_id in places if conversation_id in in_pieces]
            rows += _lock_messages(messages.filter(pk__in=ids_subquery(pieces, using=using)))
        if rows:  # otherwise another transaction deleted them before they were locked
            return conversations, rows
    return [], []


def _oldest_messages(user_id: Any, size: int, using: str) -> Any:
    """Return up to ``size`` of the oldest sent messages, or of the received ones if none is left; None without either.

    Sent and received are not mixed, so that one index serves the query. Ordering makes PostgreSQL use that index;
    otherwise it would scan the table past the rows that earlier batches deleted, and each batch would take longer.
    """
    for person in ("sender_id", "receiver_id"):
        messages = Message.objects.using(using).filter(**{person: user_id}).order_by("timestamp", "id")
        if messages.values_list("pk")[:1]:
            return messages[:size]
    return None


def _split_by_length(oldest: Any, size: int, using: str) -> tuple[list[int], set[int]]:
    """Split the conversations of the ``oldest`` messages by how to erase them.

    Return the ids of conversations to take whole, which together have up to ``size`` messages, and of longer ones. No
    more messages are read than fill the batch.
    """
    whole: list[int] = []
    in_pieces: set[int] = set()
    seen: set[int] = set()
    total = 0
    part = -(-size // PARTS)
    for start in range(0, size, part):
        found = oldest[start : start + part].values_list("conversation_id", flat=True)
        ids = [pk for pk in dict.fromkeys(found) if pk not in seen]
        seen.update(ids)
        stored = Conversation.objects.using(using).filter(pk__in=ids_subquery(ids, using=using)).order_by()
        lengths = dict(stored.values_list("pk", "message_count"))
        for pk in ids:
            length = lengths.get(pk, 0)
            if length > size:
                in_pieces.add(pk)
            elif not whole or total + length <= size:
                whole.append(pk)
                total += length
        if len(found) < part or total >= size * FULL:
            break
    return whole, in_pieces


def _lock_messages(messages: Any) -> list[_Row]:
    rows = messages.order_by("pk").select_for_update(of=("self",))
    return list(map(_Row._make, rows.values_list("pk", "sender_id", "receiver_id", "parent_message_id")))


def _count_settled(replies: dict[int, int | None], user_id: Any, using: str) -> int:
    """Return how many of the reattached ``replies`` (id to new parent's id) are by others and will not move again.

    A reply now attached to another message of this person moves again with a later batch, and counts then. The person's
    own replies are erased.
    """
    ids = {*replies, *(parent_id for parent_id in replies.values() if parent_id is not None)}
    if not ids:
        return 0
    found = _sent_or_received(Message.objects.using(using).filter(pk__in=ids_subquery(ids, using=using)), user_id)
    theirs = set(found.order_by().values_list("pk", flat=True))
    return sum(reply_id not in theirs and parent_id not in theirs for reply_id, parent_id in replies.items())
