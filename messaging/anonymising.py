"""Taking a person out of their conversations without taking anything from the other side: in batches, like erasure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, models, transaction
from django.db.models import Q

from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.writing import refuse_protected

BLANKED = "[removed]"  # what a reader finds in place of a text
ROW = ("timestamp", "id", "conversation_id", "receiver_id")  # what is looked at of each message


@dataclass
class AnonymisedCounts:
    """What was changed or removed (rows) while the conversations stayed."""

    messages_kept: int = 0  # sent or received
    texts_blanked: int = 0
    histories: int = 0  # of messages that the person sent
    notifications: int = 0  # the person's own

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


Place = list[Any] | None  # the last message of a batch, as JSON: [moment, id]


def anonymise_batch(
    user_id: Any,
    counts: AnonymisedCounts,
    *,
    after: Place,
    size: int,
    blank: bool,
    protected: Collection[Any] = (),
    using: str = DEFAULT_DB_ALIAS,
) -> Place:
    """Purge the histories of the next ``size`` messages that a person sent, and blank their texts where asked to.

    One transaction; returns where the next batch goes on, None where none was left. Adds to ``counts``. Raises
    writing.Protected, having changed nothing, where one was sent to somebody of ``protected`` (primary keys).
    """
    sent = Message.objects.using(using).filter(sender_id=user_id).order_by("timestamp", "id")
    if after is not None:
        moment = datetime.fromisoformat(after[0])
        sent = sent.filter(timestamp__gte=moment).filter(Q(timestamp__gt=moment) | Q(id__gt=after[1]))
    with transaction.atomic(using=using):
        rows = list(sent.values_list(*ROW)[:size])
        if not rows:
            return None
        refuse_protected((receiver_id for *_, receiver_id in rows), protected)
        _purge(rows, counts, blank=blank, using=using)
    return [rows[-1][0].isoformat(), rows[-1][1]]


def anonymise_rest(
    user_id: Any, counts: AnonymisedCounts, *, blank: bool, size: int, using: str = DEFAULT_DB_ALIAS
) -> None:
    """What came in since the batches passed by, and what is small: the person's notifications. In the caller's
    transaction, in which the account loses its name."""
    sent = Message.objects.using(using).filter(sender_id=user_id)
    left = sent.exclude(content=BLANKED) if blank else sent.filter(histories__isnull=False).distinct()
    while rows := list(left.order_by("timestamp", "id").values_list(*ROW)[:size]):
        _purge(rows, counts, blank=blank, using=using)
    counts.notifications += Notification.objects.using(using).filter(user_id=user_id)._raw_delete(using)
    counts.messages_kept = Message.objects.using(using).of(user_id).count()


def _purge(rows: list[tuple[Any, ...]], counts: AnonymisedCounts, *, blank: bool, using: str) -> None:
    ids = [message_id for _, message_id, *_ in rows]
    Conversation.objects.using(using).filter(pk__in={conversation_id for *_, conversation_id, _ in rows}).lock()
    counts.histories += MessageHistory.objects.using(using).filter(message_id__in=ids)._raw_delete(using)
    if blank:
        # Django's own update: the text before must not become a history.
        texts: models.QuerySet[Message] = (
            models.QuerySet(Message, using=using).filter(pk__in=ids).exclude(content=BLANKED)
        )
        counts.texts_blanked += texts.update(content=BLANKED)
