"""The audit events of exports.

A name is never changed or removed, because stored entries keep it for ever.
"""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy


class ExportEvent(TextChoices):
    # The target is the list, or the person. The details: format, rows, up_to; for a list also columns, whole_threads,
    # histories, reviews, and filters or chosen; for a person counts.
    MESSAGES_EXPORTED = "export.made", gettext_lazy("Exported messages")
    # For exports that need a second person. The target is the person whose data it is.
    EXPORT_REQUESTED = "export.requested", gettext_lazy("Requested an export of a person's data")
    EXPORT_APPROVED = "export.approved", gettext_lazy("Approved an export of a person's data")
    EXPORT_REFUSED = "export.refused", gettext_lazy("Refused an export of a person's data")
