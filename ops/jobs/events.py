"""What the audit trail records of jobs. A name never changes or disappears: stored entries keep it for ever."""

from __future__ import annotations

from django.db.models import TextChoices


class JobEvent(TextChoices):
    # The target is the job.
    JOB_CANCELLED = "job.cancelled", "Cancelled a job"
    JOB_RETRIED = "job.retried", "Started a job again"
    TRAIL_VERIFIED = "audit.verified", "Verified the audit trail"  # intact, sealed; the target is the job
