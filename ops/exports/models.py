"""Exports: who requested which messages, why, and the file until it expires."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from ops.jobs.models import Job

JSON = models.JSONField[dict[str, Any], Any]


class Export(models.Model):
    """An export of messages, or of one person's data, and its file until it expires.

    ``selection`` is {"query": the list's query string, "descriptions": […]}, {"ids": [...]} for selected rows, or
    {"person": id}. Messages with an id greater than ``up_to`` are not in it.
    """

    class Scope(models.TextChoices):
        MESSAGES = "messages", "Messages"
        CONVERSATIONS = "conversations", "Conversations"
        PERSON = "person", "One person's data"

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        JSON_LINES = "jsonl", "JSON Lines"
        XLSX = "xlsx", "Excel (XLSX)"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(max_length=1_000)
    scope = models.CharField(max_length=16, choices=Scope.choices)
    selection: JSON = models.JSONField(default=dict)
    format = models.CharField(max_length=8, choices=Format.choices, default=Format.CSV)
    columns: models.JSONField[list[str], Any] = models.JSONField(default=list)
    whole_threads = models.BooleanField(default=False)
    histories = models.BooleanField(default=False)
    up_to = models.BigIntegerField(default=0)
    file = models.CharField(max_length=100, blank=True)
    file_name = models.CharField(max_length=255, blank=True)
    size = models.PositiveBigIntegerField(null=True, help_text="In bytes.")
    rows = models.PositiveBigIntegerField(null=True)
    expires_at = models.DateTimeField(null=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-created_at", "-id"]
        default_permissions = ()
        permissions = [("export_messages", "Can export messages")]
        indexes = [models.Index(fields=["created_at", "id"], name="export_latest")]

    def __str__(self) -> str:
        return f"Export of {self.get_scope_display().lower()}"
