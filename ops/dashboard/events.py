"""What the audit trail records of the dashboards.

A name never changes or disappears: stored entries keep it for ever.
"""

from __future__ import annotations

from django.db.models import TextChoices


class DashboardEvent(TextChoices):
    TABLE_EXPORTED = "dashboard.exported", "Exported a table of a dashboard"  # board, table, rows, first, last
    DIGEST_CHOSEN = "dashboard.digest_chosen", "Chose the weekly digest"
    DIGEST_ENDED = "dashboard.digest_ended", "Ended the weekly digest"
    DIGEST_SENT = "dashboard.digest_sent", "Sent the weekly digest"  # target: its reader; first, last
