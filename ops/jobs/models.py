"""Jobs: long work with visible progress, its parameters, cursor, lease and result."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy, pgettext_lazy


class Job(models.Model):
    """One piece of long work, done in batches by the worker that holds its lease.

    ``cursor``, ``done`` and ``total`` are saved in the transaction of each batch, so that another worker can resume
    the job there if one dies. ``ending`` is the state in which a job that is being rolled back will end. A job that
    is over keeps it only if rolling back failed.
    No worker claims the job before ``lease_until``; only the holder of ``lease_token`` may change it.
    """

    class State(models.TextChoices):
        QUEUED = "queued", pgettext_lazy("state of a job", "Waiting")
        RUNNING = "running", pgettext_lazy("state of a job", "Running")
        FINISHED = "finished", pgettext_lazy("state of a job", "Finished")
        FAILED = "failed", pgettext_lazy("state of a job", "Failed")
        CANCELLED = "cancelled", pgettext_lazy("state of a job", "Cancelled")

    class Ending(models.TextChoices):
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=64)
    title = models.CharField(gettext_lazy("title"), max_length=255)
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    ending = models.CharField(max_length=16, choices=Ending.choices, blank=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True, blank=True)
    params: models.JSONField[dict[str, Any], Any] = models.JSONField(default=dict)
    cursor: models.JSONField[dict[str, Any], Any] = models.JSONField(default=dict)
    result: models.JSONField[dict[str, Any], Any] = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    attempts = models.PositiveIntegerField(default=0)
    attempts_without_progress = models.PositiveIntegerField(
        default=0, help_text="The number of attempts in a row that made no progress."
    )
    measured_from = models.DateTimeField(null=True, blank=True, help_text="When the measurement of its speed started.")
    measured_done = models.PositiveBigIntegerField(default=0, help_text="How much was done by then.")
    action = models.UUIDField(
        default=uuid.uuid4, editable=False, help_text="The ID that all its entries in the audit trail share."
    )
    kicked_at = models.DateTimeField(null=True, blank=True, help_text="When a worker was last asked to claim it.")
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = gettext_lazy("job")
        verbose_name_plural = gettext_lazy("jobs")
        ordering = ["-created_at", "-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["created_at", "id"], name="job_latest"),
            models.Index(fields=["kind", "created_at", "id"], name="job_of_kind"),
            models.Index(fields=["lease_until"], name="job_under_way", condition=Q(state__in=["queued", "running"])),
        ]

    def __str__(self) -> str:
        return self.title
