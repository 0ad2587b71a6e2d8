"""Imports: who brought which file, how it is read, and what came of it."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from ops.jobs.models import Job

JSON = models.JSONField[dict[str, Any], Any]


class Import(models.Model):
    """One file that somebody brought: how it is read, what was found in it, and what was stored, taken back or undone.

    ``upload`` names the private file ("" once it was deleted). What an import added has ids of its own, reserved in one
    piece: those after ``message_base`` (conversation, user, history alike) up to it plus ``last_row``, so that no list
    of them has to be kept. The number of a message is its row.
    """

    class State(models.TextChoices):
        CHECKING = "checking", "Being checked"
        CHECKED = "checked", "Checked"
        STORING = "storing", "Being imported"
        STORED = "stored", "Imported"
        TAKEN_BACK = "taken_back", "Taken back"
        UNDOING = "undoing", "Being undone"
        UNDONE = "undone", "Undone"
        DISCARDED = "discarded", "Discarded"

    id = models.UUIDField("batch", primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=16, choices=State.choices, default=State.CHECKING)
    file_name = models.CharField("file", max_length=255)
    size = models.PositiveBigIntegerField(default=0, help_text="In bytes.")
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the file.")
    upload = models.CharField(max_length=100, blank=True)
    reading: JSON = models.JSONField(default=dict, help_text="options.Reading")
    choices: JSON = models.JSONField(default=dict, help_text="options.Choices")
    understood: JSON = models.JSONField(default=dict)
    counts: JSON = models.JSONField(default=dict)
    outcome: JSON = models.JSONField(default=dict)
    last_row = models.PositiveBigIntegerField(default=0)
    message_base = models.BigIntegerField(null=True)
    conversation_base = models.BigIntegerField(null=True)
    user_base = models.BigIntegerField(null=True)
    history_base = models.BigIntegerField(null=True)
    stored_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-created_at", "-id"]
        default_permissions = ()
        permissions = [("import_messages", "Can import messages")]
        indexes = [models.Index(fields=["created_at", "id"], name="import_latest")]

    def __str__(self) -> str:
        return f"Import of {self.file_name}"


class Origin(models.Model):
    """What this database is called in the ids of its own messages (own_ids.py). There is one, made at first use."""

    name = models.CharField(max_length=12)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class RememberedColumn(models.Model):
    """Which column of ours a header of somebody's files holds, as they said last time."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    header = models.CharField(max_length=255)
    column = models.CharField(max_length=32)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "header"], name="one_column_per_header")]

    def __str__(self) -> str:
        return f"{self.header} → {self.column}"
