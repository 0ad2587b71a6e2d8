"""Anonymising the messages that one person sent, in batches; their correspondents keep the conversations."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, models, transaction
from django.db.models import F, Q

from messaging.models import Block, Conversation, Draft, Message, MessageHistory, Notification
from messaging.texts.changes import announce, somebody_listens
from messaging.writing import refuse_protected

BLANKED = "[removed]"  # the text of a blanked message


@dataclass
class AnonymisedCounts:
    """How many rows were changed or deleted, and how many messages were kept."""

    messages_kept: int = 0  # sent or received
    texts_blanked: int = 0
    histories: int = 0  # of messages that the person sent
    notifications: int = 0  # the person's own

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


Cursor = list[Any] | None  # the last message of a batch, storable as JSON: [timestamp in ISO format, id]


class _Row(NamedTuple):
    """The columns needed to anonymise a message."""

    timestamp: datetime
    id: int
    conversation_id: int
    receiver_id: Any


def anonymise_batch(
    user_id: Any,
    counts: AnonymisedCounts,
    *,
    after: Cursor,
    size: int,
    blank: bool,
    protected: Collection[Any] = (),
    using: str = DEFAULT_DB_ALIAS,
) -> Cursor:
    """Delete the histories of the next ``size`` messages that a person sent; if ``blank``, blank their texts too.

    Start after the cursor ``after`` (None for the first batch), run in one transaction, and add to ``counts``. Return
    the cursor for the next batch, or None if no message was left. Raise writing.ProtectedPerson, with nothing changed,
    if a message of the batch was sent to one of ``protected`` (primary keys).
    """
    sent = Message.objects.using(using).filter(sender_id=user_id)
    if after is not None:
        timestamp, message_id = datetime.fromisoformat(after[0]), after[1]
        # The first condition is implied by the second, but lets the database start within the index.
        sent = sent.filter(timestamp__gte=timestamp).filter(Q(timestamp__gt=timestamp) | Q(id__gt=message_id))
    with transaction.atomic(using=using):
        rows = _first_rows(sent, size)
        if not rows:
            return None
        refuse_protected((row.receiver_id for row in rows), protected)
        _anonymise(rows, counts, blank=blank, using=using)
    return [rows[-1].timestamp.isoformat(), rows[-1].id]


def anonymise_rest(
    user_id: Any, counts: AnonymisedCounts, *, blank: bool, size: int, using: str = DEFAULT_DB_ALIAS
) -> None:
    """Anonymise messages sent or edited since the batches, ``size`` at a time; delete notifications, blocks and drafts.

    Set ``messages_kept``, and add to the other ``counts``. Call it in the transaction in which the account loses its
    name, so that nothing is missed.
    """
    sent = Message.objects.using(using).filter(sender_id=user_id)
    left = sent.exclude(content=BLANKED) if blank else sent.filter(histories__isnull=False).distinct()
    while rows := _first_rows(left, size):
        _anonymise(rows, counts, blank=blank, using=using)
    counts.notifications += Notification.objects.using(using).filter(user_id=user_id)._raw_delete(using)
    Block.objects.using(using).of(user_id)._raw_delete(using)
    Draft.objects.using(using).of(user_id)._raw_delete(using)
    counts.messages_kept = Message.objects.using(using).of(user_id).count()


def _first_rows(messages: models.QuerySet, size: int) -> list[_Row]:
    rows = messages.order_by("timestamp", "id").values_list(*_Row._fields)
    return [_Row(*row) for row in rows[:size]]


def _anonymise(rows: list[_Row], counts: AnonymisedCounts, *, blank: bool, using: str) -> None:
    ids = [row.id for row in rows]
    # Every writer of messages locks the conversations first.
    Conversation.objects.using(using).filter(pk__in={row.conversation_id for row in rows}).lock()
    counts.histories += MessageHistory.objects.using(using).filter(message_id__in=ids)._raw_delete(using)
    if blank:
        counts.texts_blanked += _blank(ids, using)


def _blank(ids: list[int], using: str) -> int:
    """Blank the texts of these messages that are not blank yet, keeping no history; return how many."""
    # Django's own QuerySet, because MessageQuerySet.update() would keep the old text in the history.
    texts: models.QuerySet[Message] = models.QuerySet(Message, using=using).filter(pk__in=ids).exclude(content=BLANKED)
    changed: list[int] = []
    if somebody_listens(Message):
        changed = list(texts.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    blanked = texts.update(content=BLANKED, revision=F("revision") + 1)
    announce(Message, changed, using=using, erased=True)
    return blanked
