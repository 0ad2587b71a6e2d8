"""The side effects of storing and undoing an import: the audit entry, cache invalidation and a signal."""

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

# Sent with ``using`` after the commit in which an import stored something, or an undo removed something.
messages_imported = Signal()


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """How many rows an import added."""

    messages: int = 0
    replies: int = 0
    conversations: int = 0
    users: int = 0

    @classmethod
    def of(cls, cursor: Mapping[str, Any]) -> ImportCounts:
        """Return the counts in the cursor of a job: the numbers that the database returned."""
        messages, conversations = cursor.get("stored", 0), cursor.get("conversations", 0)
        return cls(messages, messages - conversations, conversations, cursor.get("accounts", 0))


def record_import(stored: ImportCounts, changed: int, *, using: str, details: dict[str, Any]) -> None:
    """Record an import within its last transaction, so that nothing is imported without an audit entry.

    Raises NotRecorded.
    """
    if not (stored.messages or stored.users or changed):
        return
    counts = {**asdict(stored), **({"changed": changed} if changed else {}), **details}
    record(ImportEvent.IMPORT_MADE, actor=current_editor(), target=Message, details=counts, using=using)
    announce(using)


def record_erased_names(import_: Import, checked: Checked | None, *, by: Any) -> None:
    """Record how many names in a checked file (not which) belong to erased people or read like theirs."""
    if checked is not None and checked.findings.erased:
        details = {"names": checked.findings.erased}
        record(ImportEvent.ERASED_NAMED, actor=by, target=import_, details=details)


def announce(using: str) -> None:
    """Invalidate cached pages and send ``messages_imported``: writes in sets send no signals of their own."""
    page_cache.invalidate_all(using=using)
    transaction.on_commit(lambda: messages_imported.send(sender=None, using=using), using=using)
