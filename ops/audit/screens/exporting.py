"""Exporting the audit trail as CSV: recorded first, then streamed in constant memory."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.text import get_valid_filename

from ops.audit.details import chosen
from ops.audit.events import Event, choices
from ops.audit.models import Entry, EntryQuerySet
from ops.audit.recording import record
from ops.files.csv_writing import Writer

CHUNK_SIZE = 500  # entries fetched, and lines sent, per chunk

# The columns of an export and the lookups of their values. An allow-list: a new field is not exported by default.
COLUMNS = {
    "id": "pk",
    "at": "at",
    "actor": "actor_id",
    "actor_name": "actor_name",
    "actor_role": "actor_role",
    "event": "event",
    "what": "what",  # the event's label
    "target_type": "target_type",
    "target_id": "target_id",
    "target_label": "target_label",
    "reason": "reason",
    "details": "details",
    "action": "action",
    "request_id": "request_id",
    "ip": "ip",
    "user_agent": "user_agent",
    "scrubbed_at": "scrubbed_at",  # only the day: the exact time would lead from a receipt to the account
    "seal_position": "seal__position",
    "seal_hash": "seal__hash",
}


def export(entries: EntryQuerySet, *, by: Any, reason: str, filters: dict[str, str], terms: str = "") -> Iterator[str]:
    """Record that ``by`` exports these entries and return their CSV in chunks. Raises NotRecorded.

    Entries added from now on, including the record of this export, are left out.
    """
    newest = Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    entries = entries.filter(pk__lte=newest)
    details = {"filters": chosen(filters), "rows": entries.count(), "up_to": newest}
    record(Event.AUDIT_EXPORTED, actor=by, target=Entry, details=details, reason=reason, label=terms or None)
    return lines(entries)


def lines(entries: EntryQuerySet) -> Iterator[str]:
    """Yield the header and a line for each entry, in chunks of CHUNK_SIZE lines."""
    # Tuples, because creating a million model instances would take most of the time.
    rows = entries.annotate(what=F("event")).values_list(*COLUMNS.values()).iterator(chunk_size=CHUNK_SIZE)
    labels = {event: str(label) for event, label in choices()}
    buffer = io.StringIO()
    writer = Writer(buffer)
    writer.row(COLUMNS)
    for number, row in enumerate(rows, start=1):
        writer.row(
            labels.get(value, value) if name == "what" else _day(value) if name == "scrubbed_at" else _text(value)
            for name, value in zip(COLUMNS, row, strict=True)
        )
        if number % CHUNK_SIZE == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def file_name(by: Any, now: datetime) -> str:
    """Return the name of the file, with the exporter's username and the time."""
    return get_valid_filename(f"audit-trail-{by.get_username()}-{timezone.localtime(now):%Y-%m-%d-%H%M}.csv")


def _day(value: datetime | None) -> str:
    return "" if value is None else timezone.localtime(value).date().isoformat()


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return value.isoformat() if isinstance(value, datetime) else str(value)
