"""The events of the dashboards in the audit trail.

A name never changes or disappears: stored entries keep it for ever.
"""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy


class DashboardEvent(TextChoices):
    TABLE_EXPORTED = (
        "dashboard.exported",
        gettext_lazy("Exported a table of a dashboard"),
    )  # board, table, rows, first, last
    DIGEST_CHOSEN = "dashboard.digest_chosen", gettext_lazy("Chose the weekly digest")
    DIGEST_ENDED = "dashboard.digest_ended", gettext_lazy("Ended the weekly digest")
    DIGEST_SENT = "dashboard.digest_sent", gettext_lazy("Sent the weekly digest")  # target: its reader; first, last
