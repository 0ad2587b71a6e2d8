"""Removing one person's data: in sets, in batches, in the right order, with flat memory."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import Case, Count, F, Max, Q, Value, When
from django.dispatch import Signal

from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.writing import one_parameter, refuse_protected

BATCH = 5_000  # messages removed at a time

# Sent with ``user_id``, ``counts`` (ErasureCounts) and ``using`` once for each deleted account, when its data is gone,
# in the transaction that deletes the account.
user_erased = Signal()

Row = tuple[int, Any, Any, int | None]  # a message that goes: its id, those of its sender, its receiver, its parent


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


class Affected(NamedTuple):
    """Whom an erasure touches besides: people who wrote with this person, conversations that stay and lose messages."""

    people: int
    conversations: int


def plan(user_id: Any, *, using: str = DEFAULT_DB_ALIAS) -> ErasureCounts:
    """What ``erase_user_data`` would remove and change now, in exact counts; changes nothing."""
    user_id = _key(user_id)
    messages = Message.objects.using(using).order_by()
    histories, notifications = MessageHistory.objects.using(using), Notification.objects.using(using)
    others = messages.exclude(sender_id=user_id).exclude(receiver_id=user_id)
    their_notifications = notifications.filter(user_id=user_id).count()
    return ErasureCounts(
        messages_sent=messages.filter(sender_id=user_id).count(),
        messages_received=messages.filter(receiver_id=user_id).exclude(sender_id=user_id).count(),
        histories=_joined(histories, "message", user_id),
        notifications=their_notifications + _joined(notifications.exclude(user_id=user_id), "message", user_id),
        conversations=_conversations(user_id, using).vanishing,
        replies_reattached=_joined(others, "parent_message", user_id),
        editor_names=histories.filter(edited_by_id=user_id)
        .exclude(message__sender_id=user_id)
        .exclude(message__receiver_id=user_id)
        .count(),
    )


def affected(user_id: Any, *, using: str = DEFAULT_DB_ALIAS) -> Affected:
    """Whom ``erase_user_data`` would touch besides, in exact counts; changes nothing."""
    user_id = _key(user_id)
    messages = Message.objects.using(using).order_by()
    wrote_to = messages.filter(sender_id=user_id).exclude(receiver_id=user_id).values_list("receiver_id")
    heard_from = messages.filter(receiver_id=user_id).exclude(sender_id=user_id).values_list("sender_id")
    return Affected(wrote_to.union(heard_from).count(), _conversations(user_id, using).staying)


def erase_user_data(
    user_id: Any, *, using: str = DEFAULT_DB_ALIAS, counts: ErasureCounts | None = None
) -> ErasureCounts:
    """Remove every message a person sent or received, with histories and notifications, and their own notifications.

    Other people's replies that survive are hung on their nearest surviving ancestor; conversations are recounted, or
    removed when empty. Returns what was done (added to ``counts``, where given); a second run finds nothing and returns
    zeros. Each batch is one transaction (a part of the caller's where there is one), so being stopped between two loses
    nothing.
    """
    user_id = _key(user_id)
    counts = ErasureCounts() if counts is None else counts
    if connections[using].in_atomic_block:
        # The batches keep their locks until the caller's end: all are taken in order now, so that nobody deadlocks.
        touched = Message.objects.using(using).of(user_id).order_by().values("conversation_id")
        Conversation.objects.using(using).filter(pk__in=touched).lock()
    while erase_batch(user_id, counts, using=using):
        pass
    with transaction.atomic(using=using):
        own = Notification.objects.using(using).filter(user_id=user_id)
        counts.notifications += own._raw_delete(using)
        edits = MessageHistory.objects.using(using).filter(edited_by_id=user_id)
        counts.editor_names += edits.update(edited_by=None)
    return counts


def erase_batch(
    user_id: Any,
    counts: ErasureCounts,
    *,
    size: int | None = None,
    protected: Collection[Any] = (),
    using: str = DEFAULT_DB_ALIAS,
) -> int:
    """Remove some ``size`` messages of a person in one transaction, adding to ``counts``; how many, 0 for none left.

    A batch takes whole conversations, so that each reply is handed on once; those of more than ``size`` messages go
    in pieces, the oldest first. Raises writing.Protected, having removed nothing, where one of them was exchanged with
    somebody of ``protected`` (primary keys).
    """
    user_id = _key(user_id)
    with transaction.atomic(using=using):
        touched, rows = _next_rows(user_id, BATCH if size is None else size, using)
        if not rows:
            return 0
        refuse_protected((person for _, sender, receiver, _ in rows for person in (sender, receiver)), protected)
        ids = one_parameter([row[0] for row in rows], using=using)
        messages = Message.objects.using(using)
        replies = messages.hand_replies_over({message_id: parent_id for message_id, *_, parent_id in rows})
        counts.replies_reattached += _others_settled(replies, user_id, using)
        counts.histories += MessageHistory.objects.using(using).filter(message_id__in=ids)._raw_delete(using)
        counts.notifications += Notification.objects.using(using).filter(message_id__in=ids)._raw_delete(using)
        messages.filter(pk__in=ids)._raw_delete(using)
        sent = sum(sender_id == user_id for _, sender_id, *_ in rows)
        counts.messages_sent += sent
        counts.messages_received += len(rows) - sent
        touched.recount()
        counts.conversations += touched.remove_empty()
    return len(rows)


def delete_user(user: Any, *, counts: ErasureCounts) -> None:
    """Delete an account after batches erased its messages: ``user_erased`` announces their ``counts`` and the rest's.

    Adds to ``counts`` what is erased with the account.
    """
    user.erasure_counts = counts  # read by erase_deleted_user, which gets this instance from post_delete
    user.delete()


def erase_deleted_user(user: Any, *, using: str) -> None:
    """Erase the data of an account that is being deleted, and send ``user_erased``."""
    counts = erase_user_data(user.pk, using=using, counts=getattr(user, "erasure_counts", None))
    user_erased.send(sender=None, user_id=user.pk, counts=counts, using=using)


def _key(user_id: Any) -> Any:
    """The primary key as the database gives it: records and forms hold it as text."""
    return get_user_model()._meta.pk.to_python(user_id)


def _of(user_id: Any, messages: Any) -> Any:
    """Those of ``messages`` that a person sent or received, told apart row by row.

    Offered the person's own indexes, a database would read all that they ever wrote for each batch.
    """
    ends = When(sender_id=user_id, then=Value(1)), When(receiver_id=user_id, then=Value(1))
    return messages.alias(of_person=Case(*ends, default=Value(0))).filter(of_person=1)


def _joined(rows: Any, message: str, user_id: Any) -> int:
    """How many of ``rows`` have a ``message`` that a person sent or received.

    Asked one after the other: for "or" beyond a join a database reads the whole table.
    """
    sent, received = {f"{message}__sender_id": user_id}, {f"{message}__receiver_id": user_id}
    return rows.filter(**sent).count() + rows.filter(**received).exclude(**sent).count()


class _Conversations(NamedTuple):
    """How many of a person's conversations nothing remains of, and in how many others wrote to others."""

    vanishing: int
    staying: int


def _conversations(user_id: Any, using: str) -> _Conversations:
    theirs = Message.objects.using(using).of(user_id).order_by().values("conversation_id")
    counted = theirs.annotate(mine=Count("pk"), length=Max("conversation__message_count"))
    whole = Q(mine=F("length"))
    return _Conversations(
        **counted.aggregate(
            vanishing=Count("conversation_id", filter=whole), staying=Count("conversation_id", filter=~whole)
        )
    )


def _next_rows(user_id: Any, size: int, using: str) -> tuple[Any, list[Row]]:
    """The next messages of a person to go, locked, and their conversations, locked first as every writer does: nobody
    can add a reply to what is about to go, or edit it."""
    messages = Message.objects.using(using)
    while found := _oldest(user_id, size, using):
        whole, pieces = _chosen(found, size, using)
        touched = Conversation.objects.using(using).filter(pk__in=one_parameter({*whole, *pieces}, using=using))
        touched.lock()
        rows: list[Row] = []
        if whole:
            in_whole = messages.filter(conversation_id__in=one_parameter(whole, using=using))
            rows += _locked(_of(user_id, in_whole))
        if pieces:
            of_pieces = [message_id for message_id, conversation_id in found if conversation_id in pieces]
            rows += _locked(messages.filter(pk__in=one_parameter(of_pieces, using=using)))
        if rows:  # somebody else may have deleted them meanwhile
            return touched, rows
    return Conversation.objects.none(), []


def _oldest(user_id: Any, size: int, using: str) -> list[tuple[int, int]]:
    """The oldest that a person sent, then received: up to ``size`` messages (id, conversation's id), by an index."""
    for person in ("sender_id", "receiver_id"):
        theirs = Message.objects.using(using).filter(**{person: user_id}).order_by("timestamp", "id")
        if rows := list(theirs.values_list("id", "conversation_id")[:size]):
            return rows
    return []


def _chosen(found: list[tuple[int, int]], size: int, using: str) -> tuple[list[int], set[int]]:
    """Of these messages' conversations: those to take whole, up to ``size`` messages, and those too long for it."""
    ids = list(dict.fromkeys(conversation_id for _, conversation_id in found))
    stored = Conversation.objects.using(using).filter(pk__in=one_parameter(ids, using=using)).order_by()
    lengths = dict(stored.values_list("pk", "message_count"))
    whole: list[int] = []
    pieces: set[int] = set()
    taken = 0
    for pk in ids:
        length = lengths.get(pk, 0)
        if length > size:
            pieces.add(pk)
        elif not whole or taken + length <= size:
            whole.append(pk)
            taken += length
    return whole, pieces


def _locked(messages: Any) -> list[Row]:
    rows = messages.order_by("pk").select_for_update(of=("self",))
    return list(rows.values_list("pk", "sender_id", "receiver_id", "parent_message_id"))


def _others_settled(replies: dict[int, int | None], user_id: Any, using: str) -> int:
    """How many of the replies that were handed on are other people's, and hang where they will stay.

    ``replies`` maps their ids to their new parents'. What lands on another message of this person moves again with a
    later batch, and counts then; the person's own replies go themselves.
    """
    ids = {*replies, *(parent_id for parent_id in replies.values() if parent_id is not None)}
    if not ids:
        return 0
    found = _of(user_id, Message.objects.using(using).filter(pk__in=one_parameter(ids, using=using)))
    theirs = set(found.order_by().values_list("pk", flat=True))
    return sum(reply_id not in theirs and parent_id not in theirs for reply_id, parent_id in replies.items())
