"""Looking at the audit trail is recorded like any other reading: once an hour for each person."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from ops.audit.events import Event
from ops.audit.models import Entry
from ops.audit.recording import READING_INTERVAL, record


def record_reading(target: Entry | type[Entry], *, by: Any) -> Entry | None:
    """Record that ``by`` read the list or one entry; None where that is recorded already.

    Raises NotRecorded: nothing is shown then.
    """
    since = timezone.now() - READING_INTERVAL
    if Entry.objects.by_person(by.pk).filter(event=Event.AUDIT_READ, at__gt=since).exists():
        return None
    return record(Event.AUDIT_READ, actor=by, target=target)
