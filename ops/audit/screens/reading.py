"""Recording that somebody reads the audit trail, at most once per INTERVAL and person."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from ops.audit.events import Event
from ops.audit.models import Entry
from ops.audit.readings import INTERVAL
from ops.audit.recording import record


def record_reading(target: Entry | type[Entry], *, by: Any) -> Entry | None:
    """Record that ``by`` read the list or an entry; return None if a recent reading is recorded already.

    Raises NotRecorded; the view must then not show the page.
    """
    since = timezone.now() - INTERVAL
    if Entry.objects.by_person(by.pk).filter(event=Event.AUDIT_READ, at__gt=since).exists():
        return None
    return record(Event.AUDIT_READ, actor=by, target=target)
