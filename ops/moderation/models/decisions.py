"""Decisions on cases and their measures. Append-only: triggers refuse other changes (ops/moderation/triggers.py)."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, pgettext_lazy

from messaging.models import Message
from ops.deletion.models.people import person
from ops.moderation.models.cases import LONGEST_NOTE, LONGEST_SENT, Case
from ops.moderation.models.labels import CannedReason, Label


class Cause(models.TextChoices):
    """Why a decision is no longer in force."""

    TEXT_CHANGED = "text-changed", gettext_lazy("A text that it covers was changed")
    NEW_DECISION = "new-decision", gettext_lazy("A newer decision was made")
    UNDONE = "undone", gettext_lazy("It was undone")


class Act(models.TextChoices):
    """What a measure does."""

    NONE = "none", pgettext_lazy("what is done", "No action")
    HIDE = "hide", pgettext_lazy("what is done", "Hide message")
    REDACT = "redact", pgettext_lazy("what is done", "Remove words")
    WARN = "warn", pgettext_lazy("what is done", "Warn")
    RESTRICT = "restrict", pgettext_lazy("what is done", "Restrict")
    SUSPEND = "suspend", pgettext_lazy("what is done", "Suspend")
    DELETE = "delete", pgettext_lazy("what is done", "Request account deletion")


TIMED = (Act.RESTRICT, Act.SUSPEND)  # these expire


class DecisionQuerySet(models.QuerySet["Decision"]):
    def in_force(self) -> DecisionQuerySet:
        """Return decisions that are in force."""
        return self.filter(in_force=True)


class Decision(models.Model):
    """What somebody decided on a case. At most one decision per case is in force.

    A decision that undoes another one names it in ``reverses`` and has no label. One that makes an undone decision
    again names the undo in ``restores``. ``upholds`` is set if the reports were upheld. ``version_before`` and
    ``version_after`` are those of the case. ``decided_by_name`` is a copy, emptied when the person is erased.
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
    # No index: a case has few decisions, and none is ever deleted.
    restores = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    upholds = models.BooleanField(default=False, db_default=False)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("decision")
        verbose_name_plural = gettext_lazy("decisions")
        default_permissions = ()
        permissions = [
            ("view_decision", gettext_noop("Can view the list of decisions")),
            ("undo_decision", gettext_noop("Can undo decisions of colleagues")),
        ]
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
            models.Index(fields=["group", "case"], name="decision_of_group", condition=Q(group__isnull=False)),
        ]

    def __str__(self) -> str:
        return _("Decision %(number)s") % {"number": self.pk}


class CoveredMessage(models.Model):
    """A message that a decision covers, at the revision it had then: when its text changes, the decision lapses."""

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="covered", db_index=False)
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, related_name="+")
    revision = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["decision", "message"], name="covered_once")]

    def __str__(self) -> str:
        return f"Message {self.message_id} in decision {self.decision_id}"


class MeasureQuerySet(models.QuerySet["Measure"]):
    def not_undone(self) -> MeasureQuerySet:
        """Return measures whose decision was not undone."""
        return self.filter(decision__reversed_by=None)

    def standing(self) -> MeasureQuerySet:
        """Return measures on people that are in force: not undone and not expired."""
        return self.not_undone().filter(Q(until=None) | Q(until__gt=timezone.now()), user__isnull=False)

    def holding(self) -> MeasureQuerySet:
        """Return standing measures that still affect the person: suspensions, restrictions, and warnings not yet
        confirmed."""
        return self.standing().filter(act__in=(Act.SUSPEND, Act.RESTRICT, Act.WARN), confirmed_at=None)


class Measure(models.Model):
    """What a decision did to a message or a person, with the state before and after, so that it can be undone.

    ``until`` is when it expires. ``confirmed_at`` is when the person confirmed a warning. ``facts`` holds what else an
    act needs (ops/moderation/measures/), without any text that people wrote.
    """

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="measures", db_index=False)
    act = models.CharField(max_length=16, choices=Act)
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    user = person()
    before: Any = models.BooleanField(null=True, blank=True)
    after: Any = models.BooleanField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    facts: Any = models.JSONField(null=True, blank=True)

    objects = MeasureQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("measure")
        verbose_name_plural = gettext_lazy("measures")
        default_permissions = ()
        permissions = [
            ("suspend_longer", gettext_noop("Can suspend and restrict people for more than 7 days")),
            ("request_deletion", gettext_noop("Can request the deletion of accounts in decisions")),
            ("measure_staff", gettext_noop("Can warn, restrict and suspend those who may use the console")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(act__in=Act.values), name="measure_act_known"),
            models.UniqueConstraint(fields=["decision", "act", "message"], name="measure_once"),
            models.UniqueConstraint(
                fields=["decision", "act", "user"], condition=Q(user__isnull=False), name="measure_once_for_person"
            ),
            models.CheckConstraint(
                condition=Q(act__in=TIMED, until__isnull=False) | (~Q(act__in=TIMED) & Q(until=None)),
                name="measure_ends_if_timed",
            ),
        ]
        indexes = [models.Index(fields=["user", "until"], condition=Q(user__isnull=False), name="measure_of_person")]

    def __str__(self) -> str:
        return f"{self.get_act_display()} ({self.decision_id})"
