"""What the audit trail records of exports.

A name never changes or disappears: stored entries keep it for ever.
"""

from __future__ import annotations

from django.db.models import TextChoices


class ExportEvent(TextChoices):
    # The target is the list, or the person. The details: filters, rows.
    MESSAGES_EXPORTED = "export.made", "Exported messages"  # filters, rows
