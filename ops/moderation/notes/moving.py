"""Notes on a conversation that became a part of another one stand on that one, until it is one of its own again."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db.models import OuterRef, Subquery

from messaging.database.alike import update_alike
from messaging.models import Message
from messaging.writing import ids_subquery
from ops.moderation.models import Note


def follow(conversation_ids: Collection[int], merged: Mapping[int, int], *, using: str) -> None:
    """Have the notes on these conversations, which messages left, follow the message that each was written under; where
    that one is gone, into the conversation that ``merged`` names.

    In the transaction of the move, before empty conversations are removed.
    """
    left = ids_subquery({*conversation_ids, *merged}, using=using)
    place = Message._base_manager.filter(pk=OuterRef("beginning")).values("conversation")[:1]
    rows = Note.objects.using(using).filter(conversation__in=left).order_by().annotate(place=Subquery(place))
    moved = []
    for pk, before, now in rows.values_list("pk", "conversation", "place"):
        target = now or merged.get(before, before)
        if target != before:
            moved.append(Note(pk=pk, conversation_id=target))
    update_alike(moved, ["conversation"], using=using)
