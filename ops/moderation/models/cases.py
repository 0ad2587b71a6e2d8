"""Cases, and the claims, skips and drafts of the reviewers who work on them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext_lazy

from messaging.models import Conversation, Message
from ops.deletion.models.people import person
from ops.moderation.models.labels import Severity

LEASE = timedelta(minutes=5)  # of a claim, from its last heartbeat on
LONGEST_NOTE = 1_000  # characters
LONGEST_SENT = 4_000  # characters of the text that participants read about a decision


class State(models.TextChoices):
    """The state of a case. Being worked on is not a state: a live claim shows it."""

    OPEN = "open", pgettext_lazy("state of a case", "Open")
    WAITING = "waiting", pgettext_lazy("state of a case", "Waiting")
    ESCALATED = "escalated", pgettext_lazy("state of a case", "Escalated")
    CLOSED = "closed", pgettext_lazy("state of a case", "Closed")


class CaseQuerySet(models.QuerySet["Case"]):
    def pending(self) -> CaseQuerySet:
        """Return cases that are not closed."""
        return self.exclude(state=State.CLOSED)

    def waited(self) -> CaseQuerySet:
        """Return waiting cases whose time has come."""
        return self.filter(state=State.WAITING, waits_until__lte=Now())

    def replied(self) -> CaseQuerySet:
        """Return waiting cases that received the reply they wait for."""
        later = Conversation.objects.filter(pk=OuterRef("conversation"), last_message_at__gt=OuterRef("waiting_from"))
        return self.filter(Exists(later), state=State.WAITING, waits_for_reply=True)

    def still_waiting(self) -> CaseQuerySet:
        """Return waiting cases whose time or reply has not come yet."""
        waiting = self.filter(state=State.WAITING).exclude(waits_until__lte=Now())
        return waiting.exclude(pk__in=self._replied_ids())

    def to_decide(self) -> CaseQuerySet:
        """Return open cases, and waiting ones whose wait is over: no job has to change their state first."""
        is_over = Q(waits_until__lte=Now()) | Q(pk__in=self._replied_ids())
        return self.pending().filter(Q(state=State.OPEN) | (Q(state=State.WAITING) & is_over))

    def to_decide_in_parts(self) -> list[CaseQuerySet]:
        """Return ``to_decide`` in three parts, each served by an index, so that cases still waiting are not scanned. A
        case may be in both of the last two."""
        return [self.filter(state=State.OPEN), self.waited(), self.replied()]

    def _replied_ids(self) -> Any:
        # Uncorrelated: it runs once, and only if a case is waiting. PostgreSQL overestimates the cost of a check per
        # case.
        return self.model._default_manager.replied().order_by().values("pk")

    def free_of_claims(self, *, but_of: Any = None) -> CaseQuerySet:
        """Return cases that nobody holds now, or nobody except the reviewer ``but_of``."""
        claims = Claim.objects.live().filter(case=OuterRef("pk"))
        return self.exclude(Exists(claims if but_of is None else claims.exclude(reviewer=but_of)))

    def claimed(self) -> CaseQuerySet:
        """Return cases that somebody holds now."""
        return self.filter(pk__in=Claim.objects.live().values("case"))

    def held_by(self, user_id: Any) -> CaseQuerySet:
        """Return cases that this reviewer holds now."""
        return self.filter(pk__in=Claim.objects.live().filter(reviewer=user_id).values("case"))

    def overdue(self) -> CaseQuerySet:
        """Return pending cases that should have been decided by now."""
        return self.pending().filter(due_at__lt=Now())

    def in_time(self) -> CaseQuerySet:
        """Return cases that are not overdue."""
        return self.filter(Q(state=State.CLOSED) | Q(due_at__gte=Now()))

    def most_urgent_first(self) -> CaseQuerySet:
        """Order cases as in the queue."""
        return self.order_by("rank_at", "id")

    def about_strangers_to(self, user_id: Any) -> CaseQuerySet:
        """Return cases that are about neither this person nor anybody they exchanged messages with."""
        rows = self
        for condition in concerns(user_id):
            rows = rows.exclude(condition)
        return rows

    def fit_for(self, user_id: Any) -> CaseQuerySet:
        """Return cases that this reviewer may decide: about strangers, and with no decision of theirs that a colleague
        undid."""
        return self.about_strangers_to(user_id).exclude(overturned(user_id))


def concerns(user_id: Any, *, among: Any = None) -> list[Exists]:
    """Return conditions under which a case concerns this person; any one is enough. It is about them, or about somebody
    whom they sent a message to or received one from.

    They are separate so that PostgreSQL checks each for the first cases of the queue only, and not for all. For a query
    over many cases pass their keys as ``among``; otherwise PostgreSQL scans the people of all cases first.
    """
    people = CasePerson.objects.filter(case=OuterRef("pk"), **({} if among is None else {"case__in": among}))
    wrote_to_them = Message.objects.filter(sender=OuterRef("user"), receiver=user_id)
    read_from_them = Message.objects.filter(sender=user_id, receiver=OuterRef("user"))
    return [
        Exists(people.filter(user=user_id)),
        Exists(people.filter(Exists(wrote_to_them))),
        Exists(people.filter(Exists(read_from_them))),
    ]


def overturned(user_id: Any) -> Coalesce:
    """Return an expression that is true where a colleague undid a decision of this person on a case.

    A scalar subquery, evaluated per row: PostgreSQL turns EXISTS into a join, and started it from all decisions ever
    made where the first case of the queue would have been enough.
    """
    decision: Any = Case._meta.get_field("decisions").related_model
    # Coalesce keeps SQLite from the index of people, which it rates as good as that of cases: a case has few decisions,
    # a person many.
    theirs = decision._default_manager.alias(person=Coalesce("decided_by", None))
    theirs = theirs.filter(case=OuterRef("pk"), person=user_id, reversed_by__isnull=False)
    undone = theirs.exclude(reversed_by__decided_by=user_id).order_by().values(found=Value(True))
    return Coalesce(Subquery(undone[:1]), Value(False), output_field=models.BooleanField())


class Case(models.Model):
    """A conversation with flags to be decided. One row of the queue, which is ordered by (rank_at, id).

    ``rank_at`` and ``due_at`` are set when flags change (ops/moderation/ranking.py), so time alone never changes the
    order. ``version`` grows with every change except that of the rank: a form sends the version that its user saw.
    ``pending_since`` is reset when a closed case is reopened; ``first_flag_at`` never changes. ``conversation`` is None
    once it is erased.
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
        verbose_name = pgettext_lazy("moderation", "case")
        verbose_name_plural = pgettext_lazy("moderation", "cases")
        default_permissions = ("view",)
        permissions = [
            ("decide_case", gettext_noop("Can claim and decide cases")),
            ("take_over_case", gettext_noop("Can take over a colleague's case")),
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
            models.Index(fields=["rank_at", "id"], name="case_open", condition=Q(state="open")),
            models.Index(fields=["rank_at", "id"], name="case_escalated", condition=Q(state="escalated")),
            models.Index(fields=["waits_until"], name="case_waits_until", condition=Q(state="waiting")),
            models.Index(
                fields=["rank_at", "id"],
                name="case_waits_for_reply",
                condition=Q(state="waiting", waits_for_reply=True),
            ),
            models.Index(fields=["rank_at", "id"], name="case_all"),
            models.Index(fields=["first_flag_at", "id"], name="case_newest"),
            models.Index(
                fields=["pending_since"], name="case_reopened", condition=~Q(pending_since=F("first_flag_at"))
            ),
            models.Index(fields=["closed_at", "id"], name="case_closed", condition=Q(state="closed")),
            models.Index(fields=["due_at"], name="case_due", condition=~Q(state="closed")),
            models.Index(fields=["conversation", "id"], name="case_of_conversation"),
        ]

    def __str__(self) -> str:
        return _("Case %(number)s") % {"number": self.pk}


class CasePerson(models.Model):
    """Somebody who sent or received a flagged message of a case. Neither they nor anybody they exchanged messages with
    may decide it."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="people", db_index=False)
    user = person(null=False, db_index=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["case", "user"], name="case_person_once")]

    def __str__(self) -> str:
        return f"Person {self.user_id} of case {self.case_id}"


class ClaimQuerySet(models.QuerySet["Claim"]):
    def live(self) -> ClaimQuerySet:
        """Return claims whose lease has not expired, by the database's clock."""
        return self.filter(expires_at__gt=Now())


class Claim(models.Model):
    """A reviewer's lease on a case. Each reviewer holds at most one, so that nobody keeps cases from others."""

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
    """A case that a reviewer is not offered again before ``until``."""

    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["reviewer", "case"], name="skip_once")]

    def __str__(self) -> str:
        return f"Skip of case {self.case_id}"


class Draft(models.Model):
    """What a reviewer entered in the form of a case that was refused; one for each case and person."""

    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    entered = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["reviewer", "case"], name="draft_once")]

    def __str__(self) -> str:
        return f"Draft for case {self.case_id}"
