"""What happened, append-only: entries, and the seals that chain them so that tampering shows.

An entry has a part that stays for ever and personal copies that can be emptied when a person is erased (see
``scrubbing.py``). Only the first is hashed into the chain; it holds salted digests of the copies, so that altering a
copy shows as well while emptying it leaves the chain whole. Salts go with the copies: without them, a digest cannot be
tried out against likely names or addresses.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from ops.audit.events import choices
from ops.audit.sealing import canonical


class AppendOnly(Exception):
    """An entry or a seal was about to be changed or deleted."""

    def __init__(self) -> None:
        super().__init__("The audit trail is append-only: its entries and seals are never changed or deleted.")


class AppendOnlyQuerySet(models.QuerySet):
    """Reads and adds; refuses everything else."""

    def update(self, **kwargs: Any) -> int:
        raise AppendOnly

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnly

    def _raw_delete(self, using: str | None) -> int:
        raise AppendOnly

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        raise AppendOnly

    def bulk_create(
        self,
        objs: Iterable[Any],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[Any]:
        if ignore_conflicts or update_conflicts:
            raise AppendOnly
        objs = list(objs)
        for row in objs:
            row.prepare()
        return super().bulk_create(objs, batch_size)


class AppendOnlyModel(models.Model):
    """A row that is added once and then stays as it is."""

    class Meta:
        abstract = True

    def save(self, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        self.prepare()
        super().save(**{**kwargs, "force_insert": True})

    def delete(self, using: Any = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        raise AppendOnly

    def prepare(self) -> None:
        """Complete a row that is about to be added."""


class EntryQuerySet(AppendOnlyQuerySet):
    def by_person(self, user_id: Any) -> EntryQuerySet:
        """What a person did."""
        return self.filter(actor_id=user_id)

    def about(self, target_type: str, target_id: Any) -> EntryQuerySet:
        """What happened to one thing."""
        return self.filter(target_type=target_type, target_id=str(target_id))

    def waiting(self) -> EntryQuerySet:
        """Not sealed yet, in the order in which they will be."""
        return self.filter(unsealed__isnull=False).order_by("pk")

    def empty(self, fields: Iterable[str], *, at: datetime) -> int:
        """Empty personal copies: the one change that the database allows. Only for ``scrubbing.scrub_person``."""
        marked = models.functions.Coalesce("scrubbed_at", models.Value(at, models.DateTimeField()))
        return models.QuerySet.update(self, scrubbed_at=marked, **dict.fromkeys(fields, ""))


# The personal copies, in two groups that are emptied apart: about who did it, and about whom it was done to. Each
# group has a salt and a digest.
ACTOR_COPIES = ("actor_name", "ip", "user_agent")
TARGET_COPIES = ("target_label", "reason")  # a reason is written by hand, and may name the person

# What is hashed into the chain, as attributes of an entry.
SEALED_FIELDS = (
    "id",
    "at",
    "actor_id",
    "actor_role",
    "event",
    "target_type",
    "target_id",
    "details",
    "request_id",
    "action",
    "actor_digest",
    "target_digest",
)


class Entry(AppendOnlyModel):
    """One thing that somebody did or read."""

    at = models.DateTimeField(default=timezone.now)
    # Keeps the number of an account that is gone: no cascade in Python, no constraint in the database.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    actor_name = models.CharField(max_length=150, blank=True, help_text="The username then, or the one that was tried.")
    actor_role = models.TextField(blank=True, help_text="The roles then, or “superuser”.")
    event = models.CharField(max_length=64, choices=choices)
    target_type = models.CharField(max_length=100, blank=True, help_text="Such as messaging.conversation.")
    target_id = models.CharField(max_length=64, blank=True)
    target_label = models.CharField(max_length=255, blank=True, help_text="What it was called then.")
    details: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)
    reason = models.CharField(max_length=1_000, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    action = models.UUIDField(default=uuid.uuid4, help_text="One for all that one click touched.")
    ip = models.CharField("address", max_length=45, blank=True)
    user_agent = models.CharField("browser", max_length=400, blank=True)
    scrubbed_at = models.DateTimeField(null=True, blank=True, help_text="When personal copies were emptied.")
    actor_salt = models.CharField(max_length=32, blank=True, editable=False)
    actor_digest = models.CharField(max_length=64, editable=False)
    target_salt = models.CharField(max_length=32, blank=True, editable=False)
    target_digest = models.CharField(max_length=64, editable=False)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "entries"
        ordering = ["-at", "-id"]
        default_permissions = ("view",)
        permissions = [("export_entry", "Can export the audit trail")]
        indexes = [
            models.Index(fields=["at", "id"], name="audit_at"),
            models.Index(fields=["actor", "at", "id"], name="audit_actor_at"),
            models.Index(fields=["event", "at", "id"], name="audit_event_at"),
            models.Index(fields=["target_type", "target_id", "at", "id"], name="audit_target_at"),
            models.Index(fields=["action"], name="audit_action"),
        ]

    def __str__(self) -> str:
        return f"{self.get_event_display()} · {self.at:%Y-%m-%d %H:%M} UTC"

    def prepare(self) -> None:
        """Cut what is too long, replace what cannot be stored, and take the digests of the personal copies."""
        for field in self._meta.fields:
            if isinstance(field, models.CharField | models.TextField):
                longest = field.max_length or canonical.LONGEST_TEXT
                setattr(self, field.attname, canonical.storable_text(getattr(self, field.attname), longest))
        self.details = canonical.storable_details(self.details)
        self.actor_salt, self.target_salt = secrets.token_hex(16), secrets.token_hex(16)
        self.actor_digest = copies_digest(self, ACTOR_COPIES, self.actor_salt)
        self.target_digest = copies_digest(self, TARGET_COPIES, self.target_salt)


def copies_digest(entry: Any, copies: Iterable[str], salt: str) -> str:
    """The salted digest of a group of an entry's personal copies."""
    return canonical.digest(salt, canonical.canonical([getattr(entry, name) for name in copies]))


class Unsealed(models.Model):
    """That an entry waits for its seal. A trigger adds the row with the entry, sealing takes it away."""

    entry = models.OneToOneField(Entry, on_delete=models.DO_NOTHING, primary_key=True, db_constraint=False)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Entry {self.entry_id} waits for its seal"


class Seal(AppendOnlyModel):
    """One link of the chain: the hash of the link before it, of an entry, and of where and when it was sealed."""

    position = models.PositiveBigIntegerField(primary_key=True, help_text="From 1, without gaps.")
    # No constraint: that an entry is missing is for verify_audit to say.
    entry = models.OneToOneField(Entry, on_delete=models.DO_NOTHING, db_constraint=False)
    hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(default=timezone.now)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.position}:{self.hash}"
