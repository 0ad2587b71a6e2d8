"""Moving the notes on a conversation that is joined to another one, and moving them back when it is separated."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db.models import OuterRef, Subquery

from messaging.database.alike import bulk_store
from messaging.models import Message
from messaging.writing import ids_subquery
from ops.moderation.models import Note


def follow(conversation_ids: Collection[int], merged: Mapping[int, int], *, using: str) -> None:
    """Move the notes on these conversations, which messages left, to the conversation of each note's ``beginning``
    message; if that message no longer exists, to the conversation given by ``merged``.

    Call it in the transaction of the move, before empty conversations are deleted.
    """
    left = ids_subquery({*conversation_ids, *merged}, using=using)
    place = Message._base_manager.filter(pk=OuterRef("beginning")).values("conversation")[:1]
    rows = Note.objects.using(using).filter(conversation__in=left).order_by().annotate(place=Subquery(place))
    moved = []
    for pk, before, now in rows.values_list("pk", "conversation", "place"):
        target = now or merged.get(before, before)
        if target != before:
            moved.append(Note(pk=pk, conversation_id=target))
    bulk_store(moved, ["conversation"], using=using)
