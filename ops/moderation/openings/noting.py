"""Storing openings without a report, alongside their entries in the audit trail."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef

from messaging.models import Message
from ops.audit.events import Event
from ops.audit.models import Entry
from ops.moderation.models import Case, Flag, Opening


def note(entry: Entry, messages: Collection[int], given: int | None) -> None:
    """Store an Opening if ``entry`` opened texts of ``messages`` in conversations that had no report before, other than
    by the reader as staff or in their imports. ``given`` is the key of the entry with the reason. Without messages,
    store one only for broken glass."""
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
