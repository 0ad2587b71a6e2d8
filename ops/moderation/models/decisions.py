"""Decisions on cases and what they did. Append-only: triggers refuse other changes (ops/moderation/triggers.py)."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from messaging.models import Message
from ops.deletion.models.people import person
from ops.moderation.models.cases import LONGEST_NOTE, LONGEST_SENT, Case
from ops.moderation.models.labels import CannedReason, Label


class Cause(models.TextChoices):
    """Why a decision is not in force any more."""

    TEXT_CHANGED = "text-changed", "A text that it covers was changed"
    NEW_DECISION = "new-decision", "A newer decision was made"
    UNDONE = "undone", "It was undone"


class Act(models.TextChoices):
    """What a measure does."""

    NONE = "none", "No action"
    HIDE = "hide", "Hide message"


class DecisionQuerySet(models.QuerySet["Decision"]):
    def in_force(self) -> DecisionQuerySet:
        """Those that hold."""
        return self.filter(in_force=True)


class Decision(models.Model):
    """What somebody decided on a case. One of a case is in force at most.

    A decision that undoes another one ``reverses`` it; it has no label. ``version_before`` and ``version_after`` are
    those of the case. The name is a copy, emptied when the person is erased.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions", db_index=False)
    label = models.ForeignKey(Label, on_delete=models.PROTECT, null=True, blank=True, related_name="decisions")
    reason = models.ForeignKey(CannedReason, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    sent = models.TextField(max_length=LONGEST_SENT, blank=True)
    note = models.CharField(max_length=LONGEST_NOTE, blank=True)
    decided_by = person()
    decided_by_name = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField()
    group = models.UUIDField(null=True, blank=True)
    version_before = models.PositiveIntegerField()
    version_after = models.PositiveIntegerField()
    in_force = models.BooleanField(default=True)
    lapsed_at = models.DateTimeField(null=True, blank=True)
    cause = models.CharField(max_length=16, choices=Cause, blank=True)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by")

    objects = DecisionQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [("undo_decision", "Can undo decisions of colleagues")]
        ordering = ["decided_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(in_force=True), name="decision_one_in_force"),
            models.UniqueConstraint(fields=["case", "version_after"], name="decision_one_per_version"),
            models.CheckConstraint(
                condition=Q(in_force=True, lapsed_at=None, cause="")
                | (Q(in_force=False, lapsed_at__isnull=False, cause__in=Cause.values))
                | Q(in_force=False, reverses__isnull=False, lapsed_at=None, cause=""),
                name="decision_lapsed_with_cause",
            ),
            models.CheckConstraint(
                condition=Q(reverses=None, label__isnull=False) | Q(reverses__isnull=False, label=None, in_force=False),
                name="decision_has_label",
            ),
        ]
        indexes = [
            models.Index(fields=["case", "decided_at", "id"], name="decision_of_case"),
            models.Index(fields=["decided_at", "id"], name="decision_latest"),
            models.Index(fields=["decided_by", "decided_at", "id"], name="decision_by"),
        ]

    def __str__(self) -> str:
        return f"Decision {self.pk}"


class CoveredMessage(models.Model):
    """A message that a decision is about, as it read then: when its text changes, the decision lapses."""

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="covered", db_index=False)
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, related_name="+")
    revision = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["decision", "message"], name="covered_once")]

    def __str__(self) -> str:
        return f"Message {self.message_id} in decision {self.decision_id}"


class Measure(models.Model):
    """What a decision did to one thing, with how that was before and after, so that it can be undone."""

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="measures", db_index=False)
    act = models.CharField(max_length=16, choices=Act)
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    before: Any = models.BooleanField(null=True, blank=True)
    after: Any = models.BooleanField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(condition=Q(act__in=Act.values), name="measure_act_known"),
            models.UniqueConstraint(fields=["decision", "act", "message"], name="measure_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_act_display()} ({self.decision_id})"
