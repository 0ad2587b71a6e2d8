"""Flags: somebody's report of one revision of a message."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from messaging.models import Message
from ops.deletion.models.people import person
from ops.moderation.models.cases import LONGEST_NOTE, Case
from ops.moderation.models.labels import Label


class Source(models.TextChoices):
    """Where a flag came from."""

    PARTICIPANT = "participant", "A participant"
    STAFF = "staff", "Staff"
    IMPORT = "import", "An import"


class Outcome(models.TextChoices):
    """What became of a flag."""

    WAITING = "waiting", "Waiting"
    UPHELD = "upheld", "Upheld"
    DISMISSED = "dismissed", "Dismissed"
    WITHDRAWN = "withdrawn", "Withdrawn"
    ERASED = "erased", "Erased with its message"


class FlagQuerySet(models.QuerySet["Flag"]):
    def waiting(self) -> FlagQuerySet:
        """Those that nobody decided, and that were not withdrawn."""
        return self.filter(outcome=Outcome.WAITING)

    def left_behind(self) -> FlagQuerySet:
        """Waiting ones whose message is erased."""
        return self.waiting().filter(message=None)

    def of_person(self, user_id: Any) -> FlagQuerySet:
        """Those that this person made."""
        return self.filter(reporter=user_id)


class Flag(models.Model):
    """A report of a message as it read at one revision: its number, never a copy of the text, which may be erased.

    The message is None once it is erased, the reporter once they are. That its case is of its message's conversation is
    checked by a trigger (ops/moderation/triggers.py).
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

    objects = FlagQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [("flag_message", "Can report messages to the queue")]
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
            models.Index(fields=["case"], name="flag_left_behind", condition=Q(outcome="waiting", message=None)),
        ]

    def __str__(self) -> str:
        return f"Flag {self.pk}"
