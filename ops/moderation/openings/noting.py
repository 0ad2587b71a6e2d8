"""Noting what is opened without a report, as the audit trail records it."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef

from messaging.models import Message
from ops.audit.events import Event
from ops.audit.models import Entry
from ops.moderation.models import Case, Flag, Opening


def note(entry: Entry, messages: Collection[int], given: int | None) -> None:
    """Note that ``entry`` opened texts of ``messages``, for the reason of the entry ``given``: where a conversation of
    theirs had no report until then, but of the reader on the staff. Without messages, note broken glass, and no other
    reason."""
    if not messages:
        if entry.event == Event.GLASS_BROKEN:
            Opening.objects.create(entry=entry, reader_id=entry.actor_id, at=entry.at, broke_glass=True)
        return
    by_others = Flag.objects.freeing(entry.actor_id).filter(case=OuterRef("pk"), created_at__lte=entry.at)
    reported = Case.objects.filter(Exists(by_others), conversation=OuterRef("conversation"))
    opened = Message._base_manager.filter(pk__in=messages).exclude(Exists(reported)).order_by()
    number = opened.values("conversation").distinct().count()
    if number:
        Opening.objects.create(entry=entry, given_id=given, reader_id=entry.actor_id, at=entry.at, conversations=number)
