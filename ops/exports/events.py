"""What the audit trail records of exports.

A name never changes or disappears: stored entries keep it for ever.
"""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy


class ExportEvent(TextChoices):
    # The target is the list, or the person. The details: filters, rows.
    MESSAGES_EXPORTED = "export.made", gettext_lazy("Exported messages")  # filters, rows
    # Of exports that need a second person; the target is the person whose data it is.
    EXPORT_REQUESTED = "export.requested", gettext_lazy("Requested an export of a person's data")
    EXPORT_APPROVED = "export.approved", gettext_lazy("Approved an export of a person's data")
    EXPORT_REFUSED = "export.refused", gettext_lazy("Refused an export of a person's data")
