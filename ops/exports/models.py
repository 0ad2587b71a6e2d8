"""Exports: who requested which messages and why, and the file until it expires."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy, gettext_noop

from ops.jobs.models import Job

JSON = models.JSONField[dict[str, Any], Any]


class ExportQuerySet(models.QuerySet["Export"]):
    def to_download(self, user: Any) -> ExportQuerySet:
        """Return ``user``'s exports whose file can still be downloaded."""
        kept = {"size__isnull": False, "removed": False, "expires_at__gt": timezone.now()}
        return self.filter(by=user.pk, **kept)


class Export(models.Model):
    """An export of messages, or of one person's data, and its file until it expires.

    ``selection`` is {"query": the list's query string, "descriptions": […]}, {"ids": [...]} for selected rows, or
    {"person": id}. Messages with an id greater than ``up_to`` are left out.

    ``removed`` means that an erasure deleted its file. If the export was about the erased person or named them, its
    fields are emptied as well, and the row remains to explain to the requester where the file went.
    """

    class Scope(models.TextChoices):
        MESSAGES = "messages", gettext_lazy("Messages")
        CONVERSATIONS = "conversations", gettext_lazy("Conversations")
        PERSON = "person", gettext_lazy("One person's data")

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        JSON_LINES = "jsonl", "JSON Lines"
        XLSX = "xlsx", "Excel (XLSX)"

    class Approval(models.TextChoices):
        """The approval of an export that needs a second person; empty for others."""

        REQUESTED = "requested", gettext_lazy("Awaiting approval")
        APPROVED = "approved", gettext_lazy("Approved")
        REFUSED = "refused", gettext_lazy("Refused")
        USED = "used", gettext_lazy("Approved, and made")

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
    reviews = models.BooleanField(db_default=False, default=False)  # reports, decisions and measures too
    up_to = models.BigIntegerField(default=0)
    entry_id = models.BigIntegerField(null=True, help_text="The entry of the audit trail that names its messages.")
    file = models.CharField(max_length=100, blank=True)
    file_name = models.CharField(gettext_lazy("file name"), max_length=255, blank=True)
    size = models.PositiveBigIntegerField(null=True, help_text="In bytes.")
    rows = models.PositiveBigIntegerField(null=True)
    expires_at = models.DateTimeField(null=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        help_text="Whose data it is, where a second person has to approve it.",
    )
    approval = models.CharField(max_length=16, blank=True, choices=Approval.choices)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    removed = models.BooleanField(default=False)  # not the time, which would connect a receipt with a person

    objects = ExportQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("export")
        verbose_name_plural = gettext_lazy("exports")
        ordering = ["-created_at", "-id"]
        default_permissions = ()
        permissions = [
            ("export_messages", gettext_noop("Can export messages")),
            ("export_reviews", gettext_noop("Can export reports and decisions with messages")),
            ("request_person_export", gettext_noop("Can request an export of one person's data")),
            ("approve_person_export", gettext_noop("Can approve exports of one person's data that others request")),
        ]
        indexes = [
            models.Index(fields=["created_at", "id"], name="export_latest"),
            models.Index(fields=["person"], name="export_to_approve", condition=models.Q(approval="requested")),
        ]

    def __str__(self) -> str:
        return str(SCOPE_TITLES[self.Scope(self.scope)])

    @property
    def is_approved(self) -> bool:
        """Whether a second person approved it."""
        return self.approval in (self.Approval.APPROVED, self.Approval.USED)

    @property
    def is_stub(self) -> bool:
        """Whether an erasure emptied it, because it was about the erased person."""
        return self.removed and not self.file_name


SCOPE_TITLES = {
    Export.Scope.MESSAGES: gettext_lazy("Export of messages"),
    Export.Scope.CONVERSATIONS: gettext_lazy("Export of conversations"),
    Export.Scope.PERSON: gettext_lazy("Export of one person's data"),
}
