"""Imports and exports: who brought or asked for what, how far it came; and what the permissions for both hang on."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from ops.jobs.models import Job

JSON = models.JSONField[dict[str, Any], Any]


class NothingStored(models.Manager["Transfer"]):
    """Finds nothing without asking: there is no table, and ``dumpdata`` would look for it."""

    def get_queryset(self) -> models.QuerySet[Transfer]:
        return super().get_queryset().none()


class Transfer(models.Model):
    """What the permissions to import and to export hang on: Django ties each permission to a model."""

    objects = NothingStored()

    class Meta:
        managed = False
        base_manager_name = "objects"
        default_permissions = ()
        permissions = [
            ("import_messages", "Can import messages"),
            ("export_messages", "Can export messages"),
        ]

    def __str__(self) -> str:
        return "import and export"


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


class Export(models.Model):
    """Messages, or one person's data, that somebody asked for, and the file, for as long as it is kept.

    ``selection`` says which: {"query": the list's query string} for all that matches, {"ids": [...]} for chosen rows,
    {"person": id}. Nothing newer than ``up_to`` (a message's id) is in it.
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
        indexes = [models.Index(fields=["created_at", "id"], name="export_latest")]

    def __str__(self) -> str:
        return f"Export of {self.get_scope_display().lower()}"
