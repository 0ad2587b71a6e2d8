"""Groups: many cases that one person decides together, or many decisions that they undo together, in one job."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, pgettext_lazy

from ops.deletion.models.people import person
from ops.jobs.models import Job
from ops.moderation.models.cases import LONGEST_NOTE, LONGEST_SENT, Case
from ops.moderation.models.decisions import Decision, DecisionQuerySet
from ops.moderation.models.labels import CannedReason, Label


class GroupKind(models.TextChoices):
    """What a group does with each of its cases."""

    DECIDE = "decide", pgettext_lazy("what is done with many cases", "Decide")
    UNDO = "undo", pgettext_lazy("what is done with many cases", "Undo")
    REDO = "redo", pgettext_lazy("what is done with many cases", "Decide again as before")


class GroupAction(models.TextChoices):
    """What is decided about all cases of a group."""

    DISMISS = "dismiss", gettext_lazy("Dismiss: nothing is wrong")
    HIDE = "hide", gettext_lazy("Hide what is reported")
    UPHOLD = "uphold", gettext_lazy("Uphold the reports, hide nothing")


class LeftOut(models.TextChoices):
    """Why a case of a group was left out. Pages show the label after the number of cases."""

    HELD = "held", gettext_lazy("a colleague holds it")
    ESCALATED = "escalated", gettext_lazy("it is escalated; a Lead decides it individually")
    ABOUT_YOU = "about-you", gettext_lazy("it is about who decides, or about somebody they exchanged messages with")
    OVERTURNED = "overturned", gettext_lazy("a decision on it by the same person was undone")
    CLOSED = "closed", gettext_lazy("it is closed")
    CHANGED = "changed", gettext_lazy("it changed since the preview")
    NOTHING = "nothing", gettext_lazy("no report waits in it; decide it individually")
    ERASED = "erased", gettext_lazy("its messages were erased")
    PROTECTED = "protected", gettext_lazy("somebody in it may use the console; a Lead decides it individually")
    REFUSED = "refused", gettext_lazy("its messages are elsewhere by now; decide it individually")
    UNDONE = "undone", gettext_lazy("its decision was undone already")
    DECIDED = "decided", gettext_lazy("it was decided again since")
    REPORTED = "reported", gettext_lazy("it was reported again since")
    TEXT_CHANGED = "text-changed", gettext_lazy("a text was changed since")
    ANOTHER_CASE = "another-case", gettext_lazy("another case of its conversation is pending")


DONE = "done"  # the outcome of a case that was decided or undone
OUTCOMES = [
    ("", pgettext_lazy("outcome of a case in a group", "Waiting")),
    (DONE, pgettext_lazy("outcome of a case in a group", "Done")),
    *LeftOut.choices,
]


class DecisionGroupQuerySet(models.QuerySet["DecisionGroup"]):
    def started(self) -> DecisionGroupQuerySet:
        """Return groups that were started, without previews."""
        return self.filter(started_at__isnull=False)


class DecisionGroup(models.Model):
    """What one person does to many cases together. The decisions refer to it (``Decision.group``).

    It starts as a preview, visible only to its author, and becomes a job when they confirm. ``warns``: the authors of
    reported messages are warned, too. ``reverses`` is the group, or the undo of a group, that this one reverses. The
    texts are emptied (``is_emptied``) when somebody whom a case is about is erased; the name, when the author is.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16, choices=GroupKind)
    action = models.CharField(max_length=16, choices=GroupAction, blank=True)
    warns = models.BooleanField(default=False, db_default=False)
    label = models.ForeignKey(Label, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.ForeignKey(CannedReason, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    sent = models.TextField(max_length=LONGEST_SENT, blank=True)
    note = models.CharField(max_length=LONGEST_NOTE, blank=True)
    is_emptied = models.BooleanField(default=False)
    reverses = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by")
    made_by = person(db_index=True)
    made_by_name = models.CharField(max_length=150, blank=True)
    made_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    objects = DecisionGroupQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("group decision")
        verbose_name_plural = gettext_lazy("group decisions")
        default_permissions = ("view",)
        permissions = [("decide_many_cases", gettext_noop("Can decide many cases at once"))]
        ordering = ["-started_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=GroupKind.values), name="group_kind_known"),
            models.CheckConstraint(
                condition=Q(kind="decide", label__isnull=False, action__in=GroupAction.values, reverses=None)
                | (~Q(kind="decide") & Q(label=None, action="", reverses__isnull=False)),
                name="group_decides_or_reverses",
            ),
            models.CheckConstraint(
                condition=Q(warns=False) | Q(kind="decide", action__in=[GroupAction.HIDE, GroupAction.UPHOLD]),
                name="group_warns_where_it_upholds",
            ),
        ]
        indexes = [
            models.Index(fields=["started_at", "id"], name="group_latest", condition=Q(started_at__isnull=False)),
            models.Index(fields=["made_at"], name="group_previews", condition=Q(started_at=None)),
        ]

    def __str__(self) -> str:
        return _("Group %(number)s") % {"number": self.pk}

    @property
    def decisions(self) -> DecisionQuerySet:
        """The decisions of this group."""
        found: DecisionQuerySet = Decision.objects.filter(group=self.pk)
        return found


class GroupedCaseQuerySet(models.QuerySet["GroupedCase"]):
    def to_do(self) -> GroupedCaseQuerySet:
        """Return cases that the job has not reached."""
        return self.filter(outcome="")

    def done(self) -> GroupedCaseQuerySet:
        """Return cases that were decided or undone."""
        return self.filter(outcome=DONE)

    def left_out(self) -> GroupedCaseQuerySet:
        """Return cases that were left out for a reason."""
        return self.exclude(outcome__in=["", DONE])


class GroupedCase(models.Model):
    """A case of a group as it was at the preview: its version, the number of waiting reports, and the sum of the
    revisions of the reported messages, which grows with any change of a text."""

    group = models.ForeignKey(DecisionGroup, on_delete=models.CASCADE, related_name="members", db_index=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    version = models.PositiveIntegerField()
    reports = models.PositiveIntegerField(default=0)
    revisions = models.PositiveBigIntegerField(default=0)
    outcome: Any = models.CharField(
        max_length=16,
        blank=True,
        choices=OUTCOMES,
    )

    objects = GroupedCaseQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["group", "case"], name="group_case_once"),
            models.CheckConstraint(
                condition=Q(outcome__in=["", DONE, *LeftOut.values]), name="group_case_outcome_known"
            ),
        ]
        indexes = [models.Index(fields=["group", "outcome", "id"], name="group_case_outcome")]

    def __str__(self) -> str:
        return f"Case {self.case_id} of group {self.group_id}"
