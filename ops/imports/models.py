"""The import of a file: who uploaded it, how it is read, and what was stored from it."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from ops.files.sources import Reading
from ops.imports.options import Choices
from ops.jobs.models import Job

JSON = models.JSONField[dict[str, Any], Any]
SUMMARY = ("rows", "new", "changed", "unchanged", "errors")


class Import(models.Model):
    """One uploaded file: how it is read, what was found in it, and what was stored, rolled back or undone.

    ``upload`` names the private file ("" once it is deleted). ``understood`` holds how the file was read, ``counts``
    what the last check found, ``outcome`` what was stored or undone. Added rows get their ids from one reserved range
    per table, so no list of them is kept: a message's id is ``message_base`` plus the number of its row in the file,
    likewise for conversations and histories; created accounts are the ``counts["users"]`` ids after ``user_base``.
    """

    class State(models.TextChoices):
        CHECKING = "checking", gettext_lazy("Being checked")
        CHECKED = "checked", gettext_lazy("Needs a decision")
        STORING = "storing", gettext_lazy("Being imported")
        STORED = "stored", gettext_lazy("Imported")
        TAKEN_BACK = "taken_back", gettext_lazy("Taken back")
        UNDOING = "undoing", gettext_lazy("Being undone")
        UNDONE = "undone", gettext_lazy("Undone")
        DISCARDED = "discarded", gettext_lazy("Discarded")

    id = models.UUIDField(gettext_lazy("batch"), primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=16, choices=State.choices, default=State.CHECKING)
    file_name = models.CharField(gettext_lazy("file"), max_length=255)
    size = models.PositiveBigIntegerField(default=0, help_text="In bytes.")
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the file.")
    upload = models.CharField(max_length=100, blank=True)
    reading: JSON = models.JSONField(default=dict, help_text="ops.files.sources.Reading")
    choices: JSON = models.JSONField(default=dict, help_text="ops.imports.options.Choices")
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
        verbose_name = gettext_lazy("import")
        verbose_name_plural = gettext_lazy("imports")
        ordering = ["-created_at", "-id"]
        default_permissions = ()
        permissions = [("import_messages", gettext_noop("Can import messages"))]
        indexes = [models.Index(fields=["created_at", "id"], name="import_latest")]

    def __str__(self) -> str:
        return _("Import of %(name)s") % {"name": self.file_name}

    def get_reading(self) -> Reading:
        return Reading.from_json(self.reading)

    def get_choices(self) -> Choices:
        return Choices.from_json(self.choices)

    @property
    def choices_without_people(self) -> dict[str, Any]:
        """``choices`` without names, as kept once the file is deleted."""
        return {**self.choices, "people": {}} if self.choices.get("people") else self.choices

    @property
    def why_not_storable(self) -> str:
        """Why a checked file cannot be imported, as a sentence; "" if it can."""
        if not self.understood.get("complete"):
            return _("The file could not be read to its end: correct it, and upload it again.")
        if self.counts.get("errors") and not self.get_choices().only_valid:
            return _("Some rows have problems: correct the file, make another choice, or import only the valid rows.")
        return ""

    @property
    def summary(self) -> dict[str, int]:
        """The counts that a job keeps in its result."""
        return {name: self.counts[name] for name in SUMMARY}

    def save_as_checked(self) -> None:
        """Save the result of a check; the import now needs a decision."""
        self.state = self.State.CHECKED
        self.save(update_fields=["state", "understood", "counts", "last_row"])

    def update_unless_changed(self, **fields: Any) -> bool:
        """Update these fields of the row, but not of this object, unless the import's state or job has changed
        meanwhile; return whether they were updated."""
        unchanged = Import.objects.filter(pk=self.pk, state=self.state, job=self.job_id)
        return bool(unchanged.update(**fields))


class Joined(models.Model):
    """A stored message that moved to another conversation because an import brought the awaited parent of this message
    or of another one in its conversation (messaging.joining.Move). Numbers only: rows about erased messages reveal
    nothing.
    """

    batch = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="+", db_index=False)
    message_id = models.BigIntegerField()
    conversation_id = models.BigIntegerField()
    started_at = models.DateTimeField()
    parent_id = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["batch", "message_id"], name="joined_once_by_an_import")]
        indexes = [models.Index(fields=["batch", "parent_id"], name="joined_by_parent")]

    def __str__(self) -> str:
        return _("Message %(id)s") % {"id": self.message_id}


class Origin(models.Model):
    """The name of this database in the ids of its own messages (own_ids.py). A single row, created at first use."""

    name = models.CharField(max_length=12)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class SavedColumn(models.Model):
    """The column that a user last matched with a header of their files."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    header = models.CharField(max_length=255)
    column = models.CharField(max_length=32)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "header"], name="one_column_per_header")]

    def __str__(self) -> str:
        return f"{self.header} → {self.column}"


class SavedEncoding(models.Model):
    """The encoding that a user last chose for a file that is not UTF-8."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    encoding = models.CharField(max_length=32)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.encoding


class SavedPerson(models.Model):
    """The account that a user last chose for a name in their files."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=150)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="one_account_per_name")]

    def __str__(self) -> str:
        return f"{self.name} → {self.account_id}"
