"""Flags: somebody's report of one revision of a message."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, pgettext_lazy

from messaging.models import Message
from ops.deletion.models.people import person
from ops.jobs.models import Job
from ops.moderation.models.cases import LONGEST_NOTE, Case
from ops.moderation.models.labels import Label


class Source(models.TextChoices):
    """Where a flag came from."""

    PARTICIPANT = "participant", pgettext_lazy("where a report came from", "A participant")
    STAFF = "staff", pgettext_lazy("where a report came from", "Staff")
    IMPORT = "import", pgettext_lazy("where a report came from", "An import")


class ImportState(models.TextChoices):
    """The state of an import of reports."""

    CHECKING = "checking", pgettext_lazy("state of an import of reports", "Checking the file")
    CHECKED = "checked", pgettext_lazy("state of an import of reports", "Needs your decision")
    STORING = "storing", pgettext_lazy("state of an import of reports", "Importing")
    STORED = "stored", pgettext_lazy("state of an import of reports", "Imported")
    UNDOING = "undoing", pgettext_lazy("state of an import of reports", "Undoing")
    UNDONE = "undone", pgettext_lazy("state of an import of reports", "Undone")
    DISCARDED = "discarded", pgettext_lazy("state of an import of reports", "Discarded")


class FlagImport(models.Model):
    """Reports that were imported from one file and are undone together.

    ``counts`` holds what the check found, then how many were stored, then what undoing removed. ``upload`` is the
    private file: "" once it is no longer needed, and if a command read a file of its own.
    """

    id = models.UUIDField(gettext_lazy("batch"), primary_key=True, default=uuid.uuid4, editable=False)
    by = person()
    created_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=ImportState, default=ImportState.STORED)
    file_name = models.CharField(gettext_lazy("file"), max_length=255, blank=True)
    upload = models.CharField(max_length=64, blank=True, editable=False)
    counts: Any = models.JSONField(default=dict)
    stored_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = gettext_lazy("import of reports")
        verbose_name_plural = gettext_lazy("imports of reports")
        default_permissions = ()
        permissions = [("import_flags", gettext_noop("Can import reports"))]
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ImportState.values), name="flagimport_state_known"),
        ]
        indexes = [models.Index(fields=["created_at", "id"], name="flagimport_latest")]

    def __str__(self) -> str:
        return _("Import of reports %(number)s") % {"number": self.pk}


class Outcome(models.TextChoices):
    """The outcome of a flag."""

    WAITING = "waiting", pgettext_lazy("outcome of a report", "Waiting")
    UPHELD = "upheld", pgettext_lazy("outcome of a report", "Upheld")
    DISMISSED = "dismissed", pgettext_lazy("outcome of a report", "Dismissed")
    WITHDRAWN = "withdrawn", pgettext_lazy("outcome of a report", "Withdrawn")
    ERASED = "erased", pgettext_lazy("outcome of a report", "Erased with its message")


class FlagQuerySet(models.QuerySet["Flag"]):
    def waiting(self) -> FlagQuerySet:
        """Return flags that are not settled: neither decided nor withdrawn."""
        return self.filter(outcome=Outcome.WAITING)

    def not_withdrawn(self) -> FlagQuerySet:
        """Return flags that are waiting or were settled otherwise: a withdrawn flag counts nowhere."""
        return self.exclude(outcome=Outcome.WITHDRAWN)

    def left_behind(self) -> FlagQuerySet:
        """Return waiting flags whose message is erased."""
        return self.waiting().filter(message=None)

    def freeing(self, user_id: Any) -> FlagQuerySet:
        """Return flags that open texts to this person without a reason. Reports that they made themselves as staff, or
        imported from a file, do not."""
        own = FlagImport.objects.filter(by=user_id).values("pk")
        return self.exclude(source=Source.STAFF, reporter=user_id).exclude(source=Source.IMPORT, brought_by__in=own)

    def of_person(self, user_id: Any) -> FlagQuerySet:
        """Return flags that this person made."""
        return self.filter(reporter=user_id)


class Flag(models.Model):
    """A report of one revision of a message. It stores the number, never a copy of the text, which may be erased.

    ``message`` and ``reporter`` are None once erased. A trigger checks that the case is of the message's conversation
    (ops/moderation/triggers.py).
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="flags", db_index=False)
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, related_name="flags", db_index=False)
    revision = models.PositiveIntegerField()
    label = models.ForeignKey(Label, on_delete=models.PROTECT, related_name="flags")
    reporter = person()
    source = models.CharField(max_length=16, choices=Source)
    note = models.CharField(max_length=LONGEST_NOTE, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.WAITING)
    external_id = models.CharField(max_length=255, null=True, blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    brought_by = models.ForeignKey(
        FlagImport,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="flags",
        db_index=False,
        db_constraint=False,  # adding one would block writers of a large table; imports are never deleted
    )

    objects = FlagQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("moderation", "report")
        verbose_name_plural = pgettext_lazy("moderation", "reports")
        default_permissions = ()
        permissions = [("flag_message", gettext_noop("Can report messages to the queue"))]
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(source__in=Source.values), name="flag_source_known"),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="flag_outcome_known"),
            models.CheckConstraint(
                condition=Q(outcome="waiting", settled_at=None) | (~Q(outcome="waiting") & Q(settled_at__isnull=False)),
                name="flag_settled_with_time",
            ),
            models.UniqueConstraint(fields=["message", "revision", "reporter"], name="flag_once"),
            models.UniqueConstraint(
                fields=["source", "external_id"], condition=Q(external_id__isnull=False), name="flag_external_id_once"
            ),
        ]
        indexes = [
            models.Index(fields=["case", "created_at", "id"], name="flag_of_case"),
            models.Index(fields=["reporter", "created_at", "id"], name="flag_by_reporter"),
            models.Index(fields=["created_at", "id"], name="flag_latest"),
            models.Index(fields=["brought_by"], name="flag_brought", condition=Q(brought_by__isnull=False)),
            models.Index(fields=["case"], name="flag_left_behind", condition=Q(outcome="waiting", message=None)),
        ]

    def __str__(self) -> str:
        return f"Flag {self.pk}"

    def frees(self, user_id: Any) -> bool:
        """Return whether this flag opens texts to a person without a reason, as FlagQuerySet.freeing does."""
        if self.source == Source.IMPORT:
            return self.brought_by is None or self.brought_by.by_id != user_id
        return self.source != Source.STAFF or self.reporter_id != user_id
