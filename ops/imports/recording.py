"""What an import and its undo leave behind besides rows: an audit entry, and fresh pages."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.dispatch import Signal

from messaging import page_cache
from messaging.editors import current_editor
from messaging.models import Message
from ops.audit.recording import record
from ops.imports.events import ImportEvent

# Sent with ``using`` after the commit, when an import has stored something, or an undo has removed something.
messages_imported = Signal()


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """What an import added."""

    messages: int = 0
    replies: int = 0
    conversations: int = 0
    users: int = 0

    @classmethod
    def of(cls, counts: dict[str, Any]) -> ImportCounts:
        """What it adds, by the counts of its check."""
        return cls(counts["new"], counts["replies"], counts["conversations"], counts["users"])


def finish(stored: ImportCounts, changed: int, *, using: str, details: dict[str, Any]) -> None:
    """Record an import within its last transaction: what is not in the audit trail was not imported.

    Raises NotRecorded.
    """
    if not (stored.messages or stored.users or changed):
        return
    counts = {**asdict(stored), **({"changed": changed} if changed else {}), **details}
    record(ImportEvent.IMPORT_MADE, actor=current_editor(), target=Message, details=counts, using=using)
    announce(using)


def announce(using: str) -> None:
    """Drop cached pages and tell receivers: rows that are stored or removed in sets send no signals of their own."""
    page_cache.invalidate_all(using=using)
    transaction.on_commit(lambda: messages_imported.send(sender=None, using=using), using=using)
