"""Recording why somebody opens texts, and notifying the rooms."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from ops.audit.events import Event
from ops.audit.models import Entry
from ops.audit.reasons import gate
from ops.audit.recording import record
from ops.console.rooms import rooms


def give(user: Any, target: Any, *, details: dict[str, Any], words: str) -> Entry:
    """Record why ``user`` opens ``target`` (a row, or a model for its list); ``words`` can be scrubbed.

    The event is GLASS_BROKEN if ``READING`` is “reported”. Raises NotRecorded.
    """
    event = Event.GLASS_BROKEN if gate.breaks_glass() else Event.REASON_GIVEN
    with transaction.atomic():
        entry = record(event, actor=user, target=target, reason=words, details=details)
        for room in rooms():
            room.text_opened(entry, (), None)
    return entry
