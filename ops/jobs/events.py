"""The events of jobs in the audit trail. A name never changes or disappears: stored entries keep it for ever."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy


class JobEvent(TextChoices):
    # The target is the job.
    JOB_CANCELLED = "job.cancelled", gettext_lazy("Cancelled a job")
    JOB_RETRIED = "job.retried", gettext_lazy("Started a job again")
    TRAIL_VERIFIED = "audit.verified", gettext_lazy("Verified the audit trail")  # intact, sealed; the target is the job
