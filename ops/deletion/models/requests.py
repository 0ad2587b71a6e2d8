"""Requests to delete accounts, alone or several together."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from messaging.models import Message
from ops.deletion.models.choices import Basis, Mode, Texts
from ops.deletion.models.holds import Hold
from ops.deletion.models.people import person
from ops.deletion.models.proofs import Receipt
from ops.jobs.models import Job


class DeletionGroup(models.Model):
    """Requests that were made together, with one basis and one method."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    requested_by = person(verbose_name=gettext_lazy("requested by"))
    requested_at = models.DateTimeField(gettext_lazy("requested"), default=timezone.now)
    basis = models.CharField(max_length=16, choices=Basis.choices)
    ticket = models.CharField(
        max_length=64,
        blank=True,
        validators=[
            RegexValidator(
                r"^[\w./#:-]*$",
                gettext_lazy("The ticket is a reference such as SUP-123: letters, digits and ./#:-_ only."),
            )
        ],
        help_text=gettext_lazy("A reference such as SUP-123. It stays on the receipt: no names."),
    )
    mode = models.CharField(max_length=16, choices=Mode.choices)
    texts = models.CharField(max_length=8, choices=Texts.choices, blank=True)

    class Meta:
        verbose_name = gettext_lazy("deletion group")
        verbose_name_plural = gettext_lazy("deletion groups")
        default_permissions = ()
        ordering = ["-requested_at", "-id"]

    def __str__(self) -> str:
        return _("Deletion requested on %(day)s") % {"day": f"{self.requested_at:%Y-%m-%d}"}


class State(models.TextChoices):
    REQUESTED = "requested", gettext_lazy("Awaiting approval")
    APPROVED = "approved", gettext_lazy("Approved")
    RUNNING = "running", gettext_lazy("Being erased")
    DONE = "done", gettext_lazy("Done")
    CANCELLED = "cancelled", gettext_lazy("Cancelled")
    REFUSED = "refused", gettext_lazy("Refused")


OPEN = (State.REQUESTED, State.APPROVED, State.RUNNING)
BEFORE_ERASURE = (State.REQUESTED, State.APPROVED)
TO_RUN = (State.APPROVED, State.RUNNING)


# The account itself is gone. Only steps that no hold stops remain.
GONE = Q(progress__has_key="erased_at")


def _held_itself() -> Q:
    return Q(Exists(Hold.objects.open().filter(user=OuterRef("user")))) & ~GONE


def _held_for_others() -> Q:
    """Return whether the account exchanged messages with somebody on hold; searches its messages by index."""
    held = Hold.objects.open().order_by()
    sent, received = (
        Exists(Message.objects.order_by().filter(**{this: OuterRef("user"), f"{other}__in": held.values("user")}))
        for this, other in (("sender", "receiver"), ("receiver", "sender"))
    )
    # The first condition avoids reading messages if nobody is on hold.
    return Q(Exists(held)) & ~GONE & (Q(sent) | Q(received))


def _of_a_colleague() -> Exists:
    """Return whether the account is staff or a superuser."""
    power = Q(is_staff=True) | Q(is_superuser=True)
    return Exists(get_user_model()._default_manager.filter(power, pk=OuterRef("user")))


class DeletionRequestQuerySet(models.QuerySet["DeletionRequest"]):
    def open(self) -> DeletionRequestQuerySet:
        """Return the requests that are neither done, cancelled nor refused."""
        return self.filter(state__in=OPEN)

    def due(self, now: datetime) -> DeletionRequestQuerySet:
        """Return the requests whose grace period is over at ``now`` and that no hold stops."""
        return self.filter(state__in=TO_RUN, runs_at__lte=now).exclude(_held_itself()).exclude(_held_for_others())

    def held(self) -> DeletionRequestQuerySet:
        """Return the open requests that a hold stops, or would stop once approved."""
        return self.open().filter(_held_itself() | _held_for_others())

    def needing_no_superuser(self) -> DeletionRequestQuerySet:
        """Return the requests that need no superuser's approval; see ``DeletionRequest.needs_superuser``."""
        asked = get_user_model()._default_manager.filter(is_superuser=True, pk=OuterRef("requested_by"))
        by_command = Q(requested_by=None, own=False)
        return self.filter(by_command | ~Q(_of_a_colleague()) | Q(Exists(asked)))

    def with_holds(self) -> DeletionRequestQuerySet:
        """Annotate ``held_itself`` (a hold is open on the account) and ``held_for_others`` (on somebody it exchanged
        messages with)."""
        return self.annotate(
            held_itself=ExpressionWrapper(_held_itself(), BooleanField()),
            held_for_others=ExpressionWrapper(_held_for_others(), BooleanField()),
        )

    def for_list(self) -> DeletionRequestQuerySet:
        """Load what a list row shows (group, requester, approver, job, holds) in one query, and annotate
        ``of_a_colleague``, so that a page can call ``needs_superuser`` for each row."""
        whole = self.with_holds().select_related("group", "requested_by", "approved_by", "job")
        return whole.annotate(of_a_colleague=_of_a_colleague())


class Held(NamedTuple):
    """Whether a hold is open on the account, and on somebody with whom it exchanged messages."""

    itself: bool
    for_others: bool


class DeletionRequest(models.Model):
    """A request to delete one account, from the request to the receipt.

    ``username``, ``email`` and ``reason`` are emptied when it is done. ``progress`` is {} until it runs, then holds
    ``total`` (messages to remove), ``counts`` (of removed rows), ``steps`` (as on the receipt, {step, outcome, note}
    each), ``cleared`` (names of the rooms' finished steps), ``failures`` (by the name of a step) and ``after`` (where
    anonymising continues). Once the account is gone, it also holds ``erased_at``, ``receipt`` (its id),
    ``username_hash`` and ``email_hash``.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group = models.ForeignKey(DeletionGroup, models.PROTECT, related_name="requests")
    user = person(related_name="deletion_requests")  # None once anonymised, so that the request does not identify it
    username = models.CharField(max_length=150, blank=True)
    email = models.CharField(max_length=254, blank=True)
    reason = models.CharField(max_length=1_000, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.REQUESTED)
    was_active = models.BooleanField()
    own = models.BooleanField(gettext_lazy("the person’s own request"), default=False)
    requested_by = person(verbose_name=gettext_lazy("requested by"))
    requested_at = models.DateTimeField(gettext_lazy("requested"), default=timezone.now)
    approved_by = person()
    approved_at = models.DateTimeField(null=True, blank=True)
    one_person = models.BooleanField(gettext_lazy("approved by one person alone"), default=False)
    runs_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = person()
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    progress: models.JSONField[Any, Any] = models.JSONField(default=dict)

    objects = DeletionRequestQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("deletion request")
        verbose_name_plural = gettext_lazy("deletion requests")
        default_permissions = ("view",)
        permissions = [
            ("approve_deletionrequest", gettext_noop("Can approve and refuse deletions that others requested"))
        ]
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="deletion_approved_by_another",
                condition=Q(one_person=True)
                | Q(approved_by__isnull=True)
                | Q(requested_by__isnull=True)
                | ~Q(approved_by=F("requested_by")),
                violation_error_message=gettext_lazy("Whoever asked for a deletion cannot approve it."),
            ),
            models.CheckConstraint(
                name="deletion_approved_by_somebody",
                condition=~Q(state__in=(*TO_RUN, State.DONE))
                | Q(approved_by__isnull=False)
                | Q(one_person=True)
                | Q(own=True, requested_by__isnull=True),
                violation_error_message=gettext_lazy("Somebody approves a deletion before it runs."),
            ),
            models.CheckConstraint(
                name="deletion_not_approved_by_its_person",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("user")),
                violation_error_message=gettext_lazy("Nobody approves the deletion of their own account."),
            ),
            models.CheckConstraint(
                name="deletion_done_names_nobody",
                condition=~Q(state=State.DONE) | Q(username="", email="", reason=""),
                violation_error_message=gettext_lazy("A completed request no longer names anybody."),
            ),
            models.UniqueConstraint(fields=["user"], name="deletion_one_open", condition=Q(state__in=OPEN)),
        ]
        indexes = [
            models.Index(fields=["requested_at", "id"], name="deletion_latest"),
            models.Index(fields=["runs_at"], name="deletion_to_run", condition=Q(state__in=TO_RUN)),
        ]

    def __str__(self) -> str:
        return _("Deletion request %(request)s") % {"request": self.pk}

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def may_be_cancelled(self) -> bool:
        """Whether the erasure has not begun, so that the account can be reopened."""
        return self.state in BEFORE_ERASURE

    @property
    def anonymises(self) -> bool:
        """Whether the account is anonymised instead of deleted."""
        return self.group.mode == Mode.ANONYMISE

    @property
    def names(self) -> list[str]:
        """Names of the person to look for in texts: username, address, and the part before its @."""
        return [name for name in (self.username, self.email, self.email.partition("@")[0]) if name]

    @property
    def own_targets(self) -> list[tuple[str, str]]:
        """The requests for this account as (type, id), this one first. Their audit entries are emptied with those
        about the person, and recorded separately."""
        others = DeletionRequest.objects.filter(user=self.user_id).exclude(pk=self.pk).order_by("pk")
        return [(self._meta.label_lower, str(key)) for key in (self.pk, *others.values_list("pk", flat=True))]

    def needs_superuser(self, *, approving: Any = None) -> bool:
        """Return whether the account is a colleague's by now, and no superuser requested, approved or is ``approving``.

        A command's request needs no superuser.
        """
        if self.requested_by_id is None and not self.own:
            return False
        if "of_a_colleague" in self.__dict__:
            of_a_colleague = self.of_a_colleague  # type: ignore[attr-defined]
        else:
            of_a_colleague = DeletionRequest.objects.filter(_of_a_colleague(), pk=self.pk).exists()
        if not of_a_colleague:
            return False
        accounts = get_user_model()._default_manager
        people = {self.requested_by_id, self.approved_by_id, None if approving is None else approving.pk} - {None}
        return not accounts.filter(pk__in=people, is_superuser=True).exists()

    @property
    def account_is_gone(self) -> bool:
        """Whether the account is erased and only steps remain; GONE is the same for queries."""
        return "erased_at" in self.progress

    @property
    def holds(self) -> Held:
        """Which kinds of holds stop it; runs no query if ``with_holds`` annotated them."""
        if "held_itself" in self.__dict__:
            return Held(self.held_itself, self.held_for_others)  # type: ignore[attr-defined]
        names = ("held_itself", "held_for_others")
        return Held(*DeletionRequest.objects.with_holds().values_list(*names).get(pk=self.pk))

    @property
    def is_held(self) -> bool:
        """Whether a hold stops it, on the account or on somebody with whom it exchanged messages."""
        return any(self.holds)

    @property
    def receipt(self) -> Receipt | None:
        return Receipt.objects.filter(request=self.pk).first()

    @property
    def status_text(self) -> str:
        """The state as one sentence, as on pages."""
        held = self.holds if self.is_open else Held(False, False)
        if any(held):
            return self._status_on_hold(held)
        if self.state == State.APPROVED and self.runs_at and self.runs_at > timezone.now():
            moment = timezone.localtime(self.runs_at)
            return _("Approved. Runs on %(day)s at %(time)s; it can be cancelled until then.") % {
                "day": f"{moment:%Y-%m-%d}",
                "time": f"{moment:%H:%M}",
            }
        if self.state == State.DONE:
            return _("Anonymised. See the receipt.") if self.anonymises else _("Erased. See the receipt.")
        return {
            State.REQUESTED: _("Awaiting approval by a second person."),
            State.APPROVED: _("Approved. Starts within a minute."),
            State.RUNNING: _("Being erased."),
            State.CANCELLED: _("Cancelled. Nothing was deleted; the account is as it was before."),
            State.REFUSED: _("Refused. Nothing was deleted; the account is as it was before."),
        }[State(self.state)]

    def _status_on_hold(self, held: Held) -> str:
        if self.state == State.REQUESTED:
            return _("Awaiting approval by a second person, and on hold until the hold is lifted.")
        under_way = self.state == State.RUNNING
        if held.itself and under_way:
            return _("On hold. Erasure continues when the hold is lifted.")
        if held.itself:
            return _("On hold. Erasure starts when the hold is lifted.")
        if under_way:
            return _(
                "On hold: they exchanged messages with someone on hold. Erasure continues when that hold is lifted."
            )
        return _("On hold: they exchanged messages with someone on hold. Erasure starts when that hold is lifted.")


def with_standing(users: models.QuerySet) -> models.QuerySet:
    """Annotate users with ``leaving`` (whether a deletion is open) and ``on_hold``, in the same query."""
    return users.annotate(
        leaving=Exists(DeletionRequest.objects.open().filter(user=OuterRef("pk"))),
        on_hold=Exists(Hold.objects.open().filter(user=OuterRef("pk"))),
    )
