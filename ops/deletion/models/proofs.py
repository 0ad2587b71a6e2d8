"""Records that outlive an account: its receipt, keyed hashes of its names, and the fact of its deletion."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from messaging.editors import current_editor_id
from ops.deletion.models.choices import Basis, Mode, Texts
from ops.deletion.models.people import person


class Immutable(Exception):
    """An attempt to change or delete a receipt."""

    def __init__(self) -> None:
        super().__init__("A receipt is written once; it is never changed or deleted.")


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    """Receipts, which cannot be changed or deleted."""

    def update(self, **kwargs: Any) -> int:
        raise Immutable

    def delete(self) -> tuple[int, dict[str, int]]:
        raise Immutable

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        raise Immutable


class Receipt(models.Model):
    """Proof that an account was erased, without personal data. See receipts.py for its contents."""

    id = models.UUIDField(primary_key=True, editable=False)
    request = models.UUIDField(unique=True, editable=False)
    username_hash = models.CharField(gettext_lazy("keyed hash of the username"), max_length=64)
    email_hash = models.CharField(gettext_lazy("keyed hash of the e-mail address"), max_length=64, blank=True)
    mode = models.CharField(max_length=16, choices=Mode.choices)
    texts = models.CharField(max_length=8, choices=Texts.choices, blank=True)
    basis = models.CharField(max_length=16, choices=Basis.choices)
    ticket = models.CharField(max_length=64, blank=True)
    requester = models.BigIntegerField(gettext_lazy("requested by (account)"), null=True)
    approver = models.BigIntegerField(gettext_lazy("approved by (account)"), null=True)
    own = models.BooleanField(gettext_lazy("the person’s own request"))
    one_person = models.BooleanField(gettext_lazy("approved by one person alone"))
    requested_at = models.DateTimeField(gettext_lazy("requested"))
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
        verbose_name = gettext_lazy("receipt")
        verbose_name_plural = gettext_lazy("receipts")
        default_permissions = ("view",)
        ordering = ["-finished_at", "-id"]
        indexes = [models.Index(fields=["finished_at", "id"], name="receipt_latest")]

    def __str__(self) -> str:
        return _("Receipt %(receipt)s") % {"receipt": self.pk}

    def save(self, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Immutable
        super().save(**{**kwargs, "force_insert": True})

    def delete(self, using: Any = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        raise Immutable


class ErasedIdentifierQuerySet(models.QuerySet["ErasedIdentifier"]):
    def in_force(self) -> ErasedIdentifierQuerySet:
        """Return the identifiers that have not been released."""
        return self.filter(lifted_at=None)


class ErasedIdentifier(models.Model):
    """A username or e-mail address of an erased account, as a keyed hash that can only be compared."""

    class Kind(models.TextChoices):
        USERNAME = "username", gettext_lazy("Username")
        EMAIL = "email", gettext_lazy("E-mail address")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    digest = models.CharField(max_length=64, db_index=True)
    receipt_id = models.UUIDField()  # no foreign key: the receipt is written last
    erased_at = models.DateTimeField(default=timezone.now)
    lifted_by = person()
    lifted_at = models.DateTimeField(null=True, blank=True)
    lift_reason = models.CharField(max_length=1_000, blank=True)

    objects = ErasedIdentifierQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("erased identifier")
        verbose_name_plural = gettext_lazy("erased identifiers")
        default_permissions = ("view",)
        permissions = [("lift_erasedidentifier", gettext_noop("Can release the name of an erased account"))]
        constraints = [models.UniqueConstraint(fields=["receipt_id", "kind"], name="one_identifier_per_receipt")]

    def __str__(self) -> str:
        return _("%(kind)s of receipt %(receipt)s") % {"kind": self.get_kind_display(), "receipt": self.receipt_id}


class ErasedSkeleton(models.Model):
    """A skeleton of an erased username (what it reads like), as a keyed hash; in force as long as the name itself."""

    identifier = models.ForeignKey(ErasedIdentifier, models.CASCADE, related_name="skeletons")
    digest = models.CharField(max_length=64, db_index=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["identifier", "digest"], name="one_skeleton_per_identifier")]

    def __str__(self) -> str:
        return f"A skeleton of {self.identifier_id}"


class AccountDeletionQuerySet(models.QuerySet["AccountDeletion"]):
    def record(self, counts: dict[str, int]) -> AccountDeletion:
        """Record that the current editor deleted an account now; ``counts`` are numbers of deleted rows, by name."""
        return self.create(counts=counts, deleted_by_id=current_editor_id())


class AccountDeletion(models.Model):
    """The record of a deleted account: when, by whom and how many rows, but not whose account it was."""

    deleted_at = models.DateTimeField(gettext_lazy("deleted at"), default=timezone.now, db_index=True)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=gettext_lazy("deleted by"),
    )
    counts: models.JSONField[dict[str, int], Any] = models.JSONField(gettext_lazy("counts"), default=dict)

    objects = AccountDeletionQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("account deletion")
        verbose_name_plural = gettext_lazy("account deletions")
        default_permissions = ("view",)
        ordering = ["-deleted_at", "-id"]

    def __str__(self) -> str:
        return _("Account deleted at %(moment)s UTC") % {"moment": f"{self.deleted_at:%Y-%m-%d %H:%M}"}

    @property
    def messages(self) -> int:
        """Number of messages deleted with the account."""
        return self.counts.get("messages_sent", 0) + self.counts.get("messages_received", 0)
