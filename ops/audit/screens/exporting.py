"""Exporting the audit trail as CSV: recorded first, then streamed with flat memory."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.text import get_valid_filename

from ops.audit.events import Event, choices
from ops.audit.models import Entry, EntryQuerySet
from ops.audit.recording import record
from ops.files.formulas import guarded

AT_ONCE = 500  # entries fetched together, and lines sent together

# What an export shows, nothing that is not named here: the name of each column and where its value comes from.
COLUMNS = {
    "id": "pk",
    "at": "at",
    "actor": "actor_id",
    "actor_name": "actor_name",
    "actor_role": "actor_role",
    "event": "event",
    "what": "what",  # the event's sentence
    "target_type": "target_type",
    "target_id": "target_id",
    "target_label": "target_label",
    "reason": "reason",
    "details": "details",
    "action": "action",
    "request_id": "request_id",
    "ip": "ip",
    "user_agent": "user_agent",
    "scrubbed_at": "scrubbed_at",
    "seal_position": "seal__position",
    "seal_hash": "seal__hash",
}


def export(entries: EntryQuerySet, *, by: Any, reason: str, filters: dict[str, str], terms: str = "") -> Iterator[str]:
    """Record that ``by`` exports these entries, then return their lines of CSV.

    What is added from now on, the record of this export to begin with, is not in it. Raises NotRecorded.
    """
    newest = Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    entries = entries.filter(pk__lte=newest)
    details = {"filters": filters, "rows": entries.count(), "up_to": newest}
    record(Event.AUDIT_EXPORTED, actor=by, target=Entry, details=details, reason=reason, label=terms or None)
    return lines(entries)


def lines(entries: EntryQuerySet) -> Iterator[str]:
    """The header and a line for each entry, some hundred lines at a time."""
    # Values, not entries: making a million objects would take most of the time.
    rows = entries.annotate(what=F("event")).values_list(*COLUMNS.values()).iterator(chunk_size=AT_ONCE)
    sentences = dict(choices())
    page = io.StringIO()
    writer = csv.writer(page)
    writer.writerow(COLUMNS)
    for number, row in enumerate(rows, start=1):
        writer.writerow(
            guarded(sentences.get(value, value) if name == "what" else _text(value))
            for name, value in zip(COLUMNS, row, strict=True)
        )
        if number % AT_ONCE == 0:
            yield page.getvalue()
            page.seek(0)
            page.truncate()
    yield page.getvalue()


def file_name(by: Any, now: datetime) -> str:
    """The name of the file: who exported it, and when."""
    return get_valid_filename(f"audit-trail-{by.get_username()}-{timezone.localtime(now):%Y-%m-%d-%H%M}.csv")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return value.isoformat() if isinstance(value, datetime) else str(value)
