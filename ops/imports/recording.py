"""What an import and its undo leave behind besides rows: an audit entry, and fresh pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.dispatch import Signal

from messaging import page_cache
from messaging.editors import current_editor
from messaging.models import Message
from ops.audit.recording import record
from ops.imports.checking.check_file import Checked
from ops.imports.events import ImportEvent
from ops.imports.models import Import

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
    def of(cls, cursor: Mapping[str, Any]) -> ImportCounts:
        """What was stored by the job with this cursor, as the database said."""
        messages, conversations = cursor.get("stored", 0), cursor.get("conversations", 0)
        return cls(messages, messages - conversations, conversations, cursor.get("accounts", 0))


def finish(stored: ImportCounts, changed: int, *, using: str, details: dict[str, Any]) -> None:
    """Record an import within its last transaction: what is not in the audit trail was not imported.

    Raises NotRecorded.
    """
    if not (stored.messages or stored.users or changed):
        return
    counts = {**asdict(stored), **({"changed": changed} if changed else {}), **details}
    record(ImportEvent.IMPORT_MADE, actor=current_editor(), target=Message, details=counts, using=using)
    announce(using)


def record_erased_names(import_: Import, checked: Checked | None, *, by: Any) -> None:
    """Record that a file was checked that names erased people, or names that read like theirs: how many, not which."""
    if checked is not None and checked.findings.erased:
        details = {"names": checked.findings.erased}
        record(ImportEvent.ERASED_NAMED, actor=by, target=import_, details=details)


def announce(using: str) -> None:
    """Drop cached pages and tell receivers: rows that are stored or removed in sets send no signals of their own."""
    page_cache.invalidate_all(using=using)
    transaction.on_commit(lambda: messages_imported.send(sender=None, using=using), using=using)
