"""Requests to delete accounts, holds, receipts, erased names, and the record of deleted accounts.

Accounts are referred to without constraints: their ids stay when the accounts are gone.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q
from django.utils import timezone

from messaging.editors import current_editor_id
from messaging.models import Message
from ops.jobs.models import Job


def person(**options: Any) -> Any:
    """A foreign key to an account that keeps the id when the account is gone; the related object is then None."""
    defaults = {"null": True, "db_constraint": False, "db_index": False, "related_name": "+"}
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.DO_NOTHING, **{**defaults, **options})


class HoldQuerySet(models.QuerySet["Hold"]):
    def open(self) -> HoldQuerySet:
        """Those that nobody lifted."""
        return self.filter(lifted_at=None)

    def of(self, user_id: Any) -> HoldQuerySet:
        """Those of one account."""
        return self.filter(user_id=user_id)


class Hold(models.Model):
    """While it is open, nothing of the account is deleted, nor messages it exchanged with others. The reasons are
    emptied when the person is erased."""

    class Kind(models.TextChoices):
        LEGAL = "legal", "Legal hold"
        INVESTIGATION = "investigation", "Investigation"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = person(null=False, related_name="holds")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    reason = models.CharField(max_length=1_000, blank=True)
    placed_by = person()
    placed_at = models.DateTimeField(default=timezone.now)
    lifted_by = person()
    lifted_at = models.DateTimeField(null=True, blank=True)
    lift_reason = models.CharField(max_length=1_000, blank=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions = [("hold_account", "Can place and lift holds on accounts")]
        ordering = ["-placed_at", "-id"]
        indexes = [
            models.Index(fields=["user"], name="hold_of_user"),
            models.Index(fields=["user"], name="hold_open", condition=Q(lifted_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} since {self.placed_at:%Y-%m-%d}"


class Basis(models.TextChoices):
    USER_REQUEST = "user_request", "The user’s request"
    COURT_ORDER = "court_order", "A court order"
    POLICY = "policy", "Policy"
    TEST_DATA = "test_data", "Test data"


class Mode(models.TextChoices):
    ERASE = "erase", "Erase: everything sent or received goes"
    ANONYMISE = "anonymise", "Anonymise: the person goes, the conversations stay"


class Texts(models.TextChoices):
    BLANK = "blank", "Blank the texts they sent"
    KEEP = "keep", "Keep the texts they sent"


class DeletionGroup(models.Model):
    """Requests that were made together, with one basis and one method."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    requested_by = person(verbose_name="asked for by")
    requested_at = models.DateTimeField("asked for", default=timezone.now)
    basis = models.CharField(max_length=16, choices=Basis.choices)
    ticket = models.CharField(
        max_length=64,
        blank=True,
        validators=[
            RegexValidator(
                r"^[\w./#:-]*$", "The ticket is a reference such as SUP-123: letters, digits and ./#:-_ only."
            )
        ],
        help_text="A reference such as SUP-123. It stays on the receipt: no names.",
    )
    mode = models.CharField(max_length=16, choices=Mode.choices)
    texts = models.CharField(max_length=8, choices=Texts.choices, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ["-requested_at", "-id"]

    def __str__(self) -> str:
        return f"Deletion asked for on {self.requested_at:%Y-%m-%d}"


class State(models.TextChoices):
    REQUESTED = "requested", "Waits for approval"
    APPROVED = "approved", "Approved"
    RUNNING = "running", "Being erased"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"
    REFUSED = "refused", "Refused"


OPEN = (State.REQUESTED, State.APPROVED, State.RUNNING)
BEFORE_ERASURE = (State.REQUESTED, State.APPROVED)
TO_RUN = (State.APPROVED, State.RUNNING)


# The account itself is gone; only the remaining steps are left, and no hold stops those.
GONE = Q(progress__has_key="erased_at")


def _held_itself() -> Q:
    return Q(Exists(Hold.objects.open().filter(user=OuterRef("user")))) & ~GONE


def _held_for_others() -> Q:
    """Whether an account exchanged messages with somebody on hold; searches the account's messages by their indexes."""
    held = Hold.objects.open().order_by()
    sent, received = (
        Exists(Message.objects.order_by().filter(**{this: OuterRef("user"), f"{other}__in": held.values("user")}))
        for this, other in (("sender", "receiver"), ("receiver", "sender"))
    )
    # Where nobody is on hold, no message is read.
    return Q(Exists(held)) & ~GONE & (Q(sent) | Q(received))


class DeletionRequestQuerySet(models.QuerySet["DeletionRequest"]):
    def open(self) -> DeletionRequestQuerySet:
        """Requests that are neither done, cancelled nor refused."""
        return self.filter(state__in=OPEN)

    def due(self, now: datetime) -> DeletionRequestQuerySet:
        """Requests whose grace period is over ``now`` and that no hold stops."""
        return self.filter(state__in=TO_RUN, runs_at__lte=now).exclude(_held_itself()).exclude(_held_for_others())

    def held(self) -> DeletionRequestQuerySet:
        """Open requests that a hold stops, or would stop once approved."""
        return self.open().filter(_held_itself() | _held_for_others())

    def with_holds(self) -> DeletionRequestQuerySet:
        """With ``held_itself`` (a hold is open on the account) and ``held_for_others`` (one is open on somebody it
        exchanged messages with)."""
        return self.annotate(
            held_itself=ExpressionWrapper(_held_itself(), BooleanField()),
            held_for_others=ExpressionWrapper(_held_for_others(), BooleanField()),
        )

    def for_list(self) -> DeletionRequestQuerySet:
        """With all that a list row shows (group, requester, approver, job, holds) in one query."""
        return self.with_holds().select_related("group", "requested_by", "approved_by", "job")


class Held(NamedTuple):
    """Whether a hold is open on the account, and on somebody with whom it exchanged messages."""

    itself: bool
    for_others: bool


class DeletionRequest(models.Model):
    """A request to delete one account, from asking to the receipt.

    ``username``, ``email`` and ``reason`` are there while they are needed, and empty when it is done. ``progress`` is
    what has been done so far: {counts, erased_at, steps, failures, after}.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group = models.ForeignKey(DeletionGroup, models.PROTECT, related_name="requests")
    user = person(null=False, related_name="deletion_requests")
    username = models.CharField(max_length=150, blank=True)
    email = models.CharField(max_length=254, blank=True)
    reason = models.CharField(max_length=1_000, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.REQUESTED)
    was_active = models.BooleanField()
    own = models.BooleanField("the person’s own wish", default=False)
    requested_by = person(verbose_name="asked for by")
    requested_at = models.DateTimeField("asked for", default=timezone.now)
    approved_by = person()
    approved_at = models.DateTimeField(null=True, blank=True)
    one_person = models.BooleanField("approved by one person alone", default=False)
    runs_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = person()
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    progress: models.JSONField[Any, Any] = models.JSONField(default=dict)

    objects = DeletionRequestQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions = [("approve_deletionrequest", "Can approve and refuse deletions that others asked for")]
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="deletion_approved_by_another",
                condition=Q(one_person=True)
                | Q(approved_by__isnull=True)
                | Q(requested_by__isnull=True)
                | ~Q(approved_by=F("requested_by")),
                violation_error_message="Whoever asked for a deletion cannot approve it.",
            ),
            models.CheckConstraint(
                name="deletion_approved_by_somebody",
                condition=~Q(state__in=(*TO_RUN, State.DONE))
                | Q(approved_by__isnull=False)
                | Q(one_person=True)
                | Q(own=True, requested_by__isnull=True),
                violation_error_message="Somebody approves a deletion before it runs.",
            ),
            models.CheckConstraint(
                name="deletion_not_approved_by_its_person",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("user")),
                violation_error_message="Nobody approves the deletion of their own account.",
            ),
            models.CheckConstraint(
                name="deletion_done_names_nobody",
                condition=~Q(state=State.DONE) | Q(username="", email="", reason=""),
                violation_error_message="What is done names nobody any more.",
            ),
            models.UniqueConstraint(fields=["user"], name="deletion_one_open", condition=Q(state__in=OPEN)),
        ]
        indexes = [
            models.Index(fields=["requested_at", "id"], name="deletion_latest"),
            models.Index(fields=["runs_at"], name="deletion_to_run", condition=Q(state__in=TO_RUN)),
        ]

    def __str__(self) -> str:
        return f"Deletion of account {self.user_id}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def may_be_cancelled(self) -> bool:
        """Until the first row is erased the account can be reopened."""
        return self.state in BEFORE_ERASURE

    @property
    def anonymises(self) -> bool:
        """Whether the account stays, without its person."""
        return self.group.mode == Mode.ANONYMISE

    @property
    def account_is_gone(self) -> bool:
        """Whether the account is erased and only remaining steps are left; GONE is the same for queries."""
        return "erased_at" in self.progress

    @property
    def holds(self) -> Held:
        """The holds that stop it; no query where ``with_holds`` annotated them."""
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
        """The state as one sentence for people."""
        held = self.holds if self.is_open else Held(False, False)
        if any(held):
            if self.state == State.REQUESTED:
                return "Waits for a second person to approve it, and for a hold to be lifted."
            if held.itself:
                return "A hold stops it: it goes on when the hold is lifted."
            return "A hold on somebody they exchanged messages with stops it: it goes on when that hold is lifted."
        if self.state == State.APPROVED and self.runs_at and self.runs_at > timezone.now():
            moment = timezone.localtime(self.runs_at)
            return f"Approved: runs on {moment:%Y-%m-%d at %H:%M}, and can be cancelled until then."
        return {
            State.REQUESTED: "Waits for a second person to approve it.",
            State.APPROVED: "Approved: begins within a minute.",
            State.RUNNING: "Being erased now.",
            State.DONE: "Done: the receipt proves it.",
            State.CANCELLED: "Cancelled: nothing was deleted, and the account is as it was.",
            State.REFUSED: "Refused: nothing was deleted, and the account is as it was.",
        }[State(self.state)]


class Immutable(Exception):
    """A receipt was about to be changed or deleted."""

    def __init__(self) -> None:
        super().__init__("A receipt is written once; it is never changed or deleted.")


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    """Read-only."""

    def update(self, **kwargs: Any) -> int:
        raise Immutable

    def delete(self) -> tuple[int, dict[str, int]]:
        raise Immutable

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        raise Immutable


class Receipt(models.Model):
    """Proof that an account was erased, without personal data; receipts.py says what it states."""

    id = models.UUIDField(primary_key=True, editable=False)
    request = models.UUIDField(unique=True, editable=False)
    username_hash = models.CharField("keyed hash of the username", max_length=64)
    email_hash = models.CharField("keyed hash of the e-mail address", max_length=64, blank=True)
    mode = models.CharField(max_length=16, choices=Mode.choices)
    texts = models.CharField(max_length=8, choices=Texts.choices, blank=True)
    basis = models.CharField(max_length=16, choices=Basis.choices)
    ticket = models.CharField(max_length=64, blank=True)
    requester = models.BigIntegerField("asked for by (account)", null=True)
    approver = models.BigIntegerField("approved by (account)", null=True)
    own = models.BooleanField("the person’s own wish")
    one_person = models.BooleanField("approved by one person alone")
    requested_at = models.DateTimeField("asked for")
    approved_at = models.DateTimeField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    counts: models.JSONField[Any, Any] = models.JSONField()
    steps: models.JSONField[Any, Any] = models.JSONField()
    key_id = models.CharField(max_length=16)
    digest = models.CharField(max_length=64)
    signature = models.CharField(max_length=64)

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        ordering = ["-finished_at", "-id"]
        indexes = [models.Index(fields=["finished_at", "id"], name="receipt_latest")]

    def __str__(self) -> str:
        return f"Receipt {self.pk}"

    def save(self, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Immutable
        super().save(**{**kwargs, "force_insert": True})

    def delete(self, using: Any = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        raise Immutable


class ErasedIdentifierQuerySet(models.QuerySet["ErasedIdentifier"]):
    def in_force(self) -> ErasedIdentifierQuerySet:
        """Those that nobody lifted."""
        return self.filter(lifted_at=None)

    def with_digests(self, digests: Collection[str]) -> ErasedIdentifierQuerySet:
        return self.filter(digest__in=digests)


class ErasedIdentifier(models.Model):
    """A username or e-mail address of an erased account, as a keyed hash that can only be compared."""

    class Kind(models.TextChoices):
        USERNAME = "username", "Username"
        EMAIL = "email", "E-mail address"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    digest = models.CharField(max_length=64, db_index=True)
    receipt_id = models.UUIDField()  # no foreign key: the receipt is written last
    erased_at = models.DateTimeField(default=timezone.now)
    lifted_by = person()
    lifted_at = models.DateTimeField(null=True, blank=True)
    lift_reason = models.CharField(max_length=1_000, blank=True)

    objects = ErasedIdentifierQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions = [("lift_erasedidentifier", "Can let the name of an erased account be used again")]
        constraints = [models.UniqueConstraint(fields=["receipt_id", "kind"], name="one_identifier_per_receipt")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of receipt {self.receipt_id}"


class AccountDeletionQuerySet(models.QuerySet["AccountDeletion"]):
    def record(self, counts: dict[str, int]) -> AccountDeletion:
        """Record that the signed-in user deleted an account now; ``counts``: deleted rows by name."""
        return self.create(counts=counts, deleted_by_id=current_editor_id())


class AccountDeletion(models.Model):
    """A deleted account: when, by whom, how many rows; nothing about whose it was."""

    deleted_at = models.DateTimeField(default=timezone.now, db_index=True)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name="deleted by"
    )
    counts: models.JSONField[dict[str, int], Any] = models.JSONField(default=dict)

    objects = AccountDeletionQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        ordering = ["-deleted_at", "-id"]

    def __str__(self) -> str:
        return f"Account deleted at {self.deleted_at:%Y-%m-%d %H:%M} UTC"

    @property
    def messages(self) -> int:
        """Number of messages deleted with the account."""
        return self.counts.get("messages_sent", 0) + self.counts.get("messages_received", 0)


def with_standing(users: models.QuerySet) -> models.QuerySet:
    """Users with ``leaving`` and ``on_hold``: whether a deletion is open, and a hold, within the one query."""
    return users.annotate(
        leaving=Exists(DeletionRequest.objects.open().filter(user=OuterRef("pk"))),
        on_hold=Exists(Hold.objects.open().filter(user=OuterRef("pk"))),
    )
