"""Cases, and who works on them: claims, skips and drafts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now

from messaging.models import Conversation, Message
from ops.deletion.models.people import person
from ops.moderation.models.labels import Severity

LEASE = timedelta(minutes=5)  # of a claim, from its last heartbeat
LONGEST_NOTE = 1_000  # characters
LONGEST_SENT = 4_000  # characters of what a participant reads about a decision


class State(models.TextChoices):
    """Of a case. That somebody works on one is not a state: a live claim says it."""

    OPEN = "open", "Open"
    WAITING = "waiting", "Waiting"
    ESCALATED = "escalated", "Escalated"
    CLOSED = "closed", "Closed"


class CaseQuerySet(models.QuerySet["Case"]):
    def pending(self) -> CaseQuerySet:
        """Those that are not closed."""
        return self.exclude(state=State.CLOSED)

    def due_to_wait(self) -> CaseQuerySet:
        """Those that wait, for a time or a reply which has not come."""
        return self.filter(state=State.WAITING).exclude(_is_over())

    def to_decide(self) -> CaseQuerySet:
        """Open ones, and those whose waiting is over: what they waited for came, and no job needs to say so."""
        return self.filter(Q(state=State.OPEN) | (Q(state=State.WAITING) & _is_over()))

    def free_of_claims(self) -> CaseQuerySet:
        """Those that nobody holds now."""
        return self.exclude(Exists(Claim.objects.live().filter(case=OuterRef("pk"))))

    def claimed(self) -> CaseQuerySet:
        """Those that somebody holds now."""
        return self.filter(Exists(Claim.objects.live().filter(case=OuterRef("pk"))))

    def held_by(self, user_id: Any) -> CaseQuerySet:
        """Those that this reviewer holds now."""
        return self.filter(Exists(Claim.objects.live().filter(case=OuterRef("pk"), reviewer=user_id)))

    def overdue(self) -> CaseQuerySet:
        """Those that should have been decided by now."""
        return self.pending().filter(due_at__lt=Now())

    def up_to(self, number: int) -> CaseQuerySet:
        """So many of them at most, for counting: however long the queue is, that costs the same."""
        return self.model._default_manager.filter(pk__in=self.order_by().values("pk")[:number])

    def about_strangers_to(self, user_id: Any) -> CaseQuerySet:
        """Those not about this person, nor about somebody they exchanged messages with."""
        sent, received = Message.objects.filter(sender=user_id), Message.objects.filter(receiver=user_id)
        known = CasePerson.objects.filter(case=OuterRef("pk")).filter(
            Q(user=user_id)
            | Q(user__in=sent.order_by().values("receiver"))
            | Q(user__in=received.order_by().values("sender"))
        )
        return self.exclude(Exists(known))

    def fit_for(self, user_id: Any) -> CaseQuerySet:
        """Those that this reviewer may decide: about strangers, none where a colleague undid a decision of theirs."""
        decision: Any = self.model._meta.get_field("decisions").related_model
        overturned = decision._default_manager.filter(
            case=OuterRef("pk"), decided_by=user_id, reversed_by__isnull=False
        ).exclude(reversed_by__decided_by=user_id)
        return self.about_strangers_to(user_id).exclude(Exists(overturned))


def _is_over() -> Q:
    """The waiting of a case is over."""
    replied = Q(waits_for_reply=True, conversation__last_message_at__gt=F("waiting_from"))
    return Q(waits_until__lte=Now()) | replied


class Case(models.Model):
    """A conversation with flags to be decided. One row of the queue, which is ordered by (rank_at, id).

    ``rank_at`` and ``due_at`` are set when flags come (ops/moderation/ranking.py), so that time alone never changes the
    order. ``version`` grows with every change: whoever decides says which version they saw. ``pending_since`` begins
    anew when a closed case is opened again; ``first_flag_at`` never changes. The conversation is None once erased.
    """

    conversation = models.ForeignKey(
        Conversation, on_delete=models.SET_NULL, null=True, related_name="cases", db_index=False
    )
    state = models.CharField(max_length=16, choices=State, default=State.OPEN)
    version = models.PositiveIntegerField(default=1)
    severity = models.CharField(max_length=16, choices=Severity)
    rank_at = models.DateTimeField()
    due_at = models.DateTimeField()
    pending_since = models.DateTimeField()
    first_flag_at = models.DateTimeField()
    first_claimed_at = models.DateTimeField(null=True, blank=True)
    first_decided_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    waiting_from = models.DateTimeField(null=True, blank=True)
    waits_until = models.DateTimeField(null=True, blank=True)
    waits_for_reply = models.BooleanField(default=False)

    objects = CaseQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions = [
            ("decide_case", "Can claim and decide cases"),
            ("take_over_case", "Can take over a colleague's case"),
        ]
        ordering = ["rank_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="case_state_known"),
            models.CheckConstraint(condition=Q(severity__in=Severity.values), name="case_severity_known"),
            models.UniqueConstraint(fields=["conversation"], condition=~Q(state="closed"), name="case_one_pending"),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False) | (~Q(state="closed") & Q(closed_at=None)),
                name="case_closed_with_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="waiting")
                | Q(waiting_from__isnull=False, waits_until__isnull=False)
                | Q(waiting_from__isnull=False, waits_for_reply=True),
                name="case_waits_for_something",
            ),
        ]
        indexes = [
            models.Index(fields=["rank_at", "id"], name="case_queue", condition=~Q(state="closed")),
            models.Index(fields=["rank_at", "id"], name="case_all"),
            models.Index(fields=["first_flag_at", "id"], name="case_newest"),
            models.Index(fields=["closed_at", "id"], name="case_closed", condition=Q(state="closed")),
            models.Index(fields=["due_at"], name="case_due", condition=~Q(state="closed")),
            models.Index(fields=["conversation", "id"], name="case_of_conversation"),
        ]

    def __str__(self) -> str:
        return f"Case {self.pk}"


class CasePerson(models.Model):
    """Somebody who sent or received a flagged message of a case; with them nobody of theirs decides."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="people", db_index=False)
    user = person(null=False, db_index=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["case", "user"], name="case_person_once")]

    def __str__(self) -> str:
        return f"Person {self.user_id} of case {self.case_id}"


class ClaimQuerySet(models.QuerySet["Claim"]):
    def live(self) -> ClaimQuerySet:
        """Those whose lease has not run out, by the database's clock."""
        return self.filter(expires_at__gt=Now())


class Claim(models.Model):
    """A reviewer's lease on a case. Each reviewer has at most one, so that nobody keeps cases from others."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, primary_key=True, related_name="claim")
    reviewer = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    token = models.UUIDField()
    claimed_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = ClaimQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Claim on case {self.case_id}"


class Skip(models.Model):
    """A case that a reviewer is not given again until then."""

    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["reviewer", "case"], name="skip_once")]

    def __str__(self) -> str:
        return f"Skip of case {self.case_id}"


class Draft(models.Model):
    """What somebody had entered in the form of a case when it was refused; one for each case and person."""

    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    entered = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["reviewer", "case"], name="draft_once")]

    def __str__(self) -> str:
        return f"Draft for case {self.case_id}"
