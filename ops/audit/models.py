"""The append-only audit trail: entries, and the seals that chain them so that tampering is detected.

An entry has a permanent part and personal copies, which are emptied when the person is erased (see ``scrubbing.py``).
Only the permanent part is hashed into the chain. It holds salted digests of the copies, so altering a copy is detected
too, while emptying one leaves the chain valid. The salts are emptied with the copies: without them, nobody can test a
digest against likely names or addresses.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connections, models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, pgettext_lazy

from messaging.database.alike import like
from messaging.database.statements import Statement
from ops.audit.events import choices
from ops.audit.sealing import canonical


class AppendOnly(Exception):
    """Raised by attempts to change or delete an entry or a seal."""

    def __init__(self) -> None:
        super().__init__("The audit trail is append-only: its entries and seals are never changed or deleted.")


class AppendOnlyQuerySet(models.QuerySet):
    """A queryset that reads and inserts; every other operation raises AppendOnly."""

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
    """A row that can be added but not changed or deleted."""

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
        """Complete the row; called before it is inserted."""

    def _do_insert(self, manager: Any, using: str, fields: Any, returning_fields: Any, raw: bool) -> list[Any]:
        """Insert like Django, but with a cached statement, because every recorded act waits for this INSERT."""
        values = [field.get_db_prep_save(field.pre_save(self, True), connections[using]) for field in fields]
        sql = _inserting(type(self), tuple(fields), tuple(returning_fields), using)
        return Statement(sql, tuple(values)).ask(using=using)


@cache
def _inserting(model: type[models.Model], fields: Any, returning: Any, using: str) -> str:
    returned = f" RETURNING {_named(returning, using)}" if returning else ""
    table, values = connections[using].ops.quote_name(model._meta.db_table), ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {table} ({_named(fields, using)}) VALUES ({values}){returned}"


def _named(fields: Any, using: str) -> str:
    return ", ".join(connections[using].ops.quote_name(field.column) for field in fields)


class EntryQuerySet(AppendOnlyQuerySet):
    def by_person(self, user_id: Any) -> EntryQuerySet:
        """Return entries of what a user did."""
        return self.filter(actor_id=user_id)

    def about(self, target_type: str, target_id: Any) -> EntryQuerySet:
        """Return entries about one object."""
        return self.filter(target_type=target_type, target_id=str(target_id))

    def concerning(self, target_type: str, target_id: str) -> EntryQuerySet:
        """Return entries about one object; for a message, also those of lists, pages and exports that showed it."""
        about = self.about(target_type, target_id)
        if target_type != "messaging.message" or not target_id.isdecimal():
            return about
        number = int(target_id)
        shown = ShownMessages.objects.filter(first__range=(number - ShownMessages.LONGEST, number), last__gte=number)
        return self.filter(pk__in=about.order_by().values("pk").union(shown.values("entry")))

    def awaiting_seal(self) -> EntryQuerySet:
        """Return entries without a seal, in the order in which they will be sealed."""
        return self.filter(unsealed__isnull=False).order_by("pk")

    def empty_copies(self, fields: Iterable[str], *, at: datetime) -> int:
        """Empty personal copies, the one change the triggers allow. Only for ``scrubbing.py``."""
        scrubbed_at = models.functions.Coalesce("scrubbed_at", models.Value(at, models.DateTimeField()))
        return models.QuerySet.update(self, scrubbed_at=scrubbed_at, **dict.fromkeys(fields, ""))


# Personal copies come in two groups, each with its own salt and digest: one about the actor and one about the target.
# They are emptied independently, because actor and target may be different people.
ACTOR_COPIES = ("actor_name", "ip", "user_agent")
# A reason is free text and may name the person, and so may a request id that the client chose.
TARGET_COPIES = ("target_label", "reason", "request_id")

# The attributes of an entry that are hashed into the chain.
SEALED_FIELDS = (
    "id",
    "at",
    "actor_id",
    "actor_role",
    "event",
    "target_type",
    "target_id",
    "details",
    "action",
    "actor_digest",
    "target_digest",
)


SUPERUSER = "superuser"  # stored instead of role names


class Entry(AppendOnlyModel):
    """A record of one thing that somebody did or read."""

    at = models.DateTimeField(pgettext_lazy("audit trail", "at"), default=timezone.now)
    # Keeps the id of a deleted account: no cascade in Python, no constraint in the database.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    actor_name = models.CharField(
        max_length=150, blank=True, help_text=gettext_lazy("The username at that time, or the one that was entered.")
    )
    actor_role = models.TextField(blank=True, help_text=gettext_lazy("The roles then, or “superuser”."))
    event = models.CharField(max_length=64, choices=choices)
    target_type = models.CharField(
        max_length=100, blank=True, help_text=gettext_lazy("Such as messaging.conversation.")
    )
    target_id = models.CharField(max_length=64, blank=True)
    target_label = models.CharField(max_length=255, blank=True, help_text=gettext_lazy("Its name at that time."))
    details: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)
    reason = models.CharField(max_length=1_000, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    action = models.UUIDField(default=uuid.uuid4, help_text=gettext_lazy("Shared by everything from the same click."))
    ip = models.CharField(gettext_lazy("address"), max_length=45, blank=True)
    user_agent = models.CharField(gettext_lazy("browser"), max_length=400, blank=True)
    scrubbed_at = models.DateTimeField(
        null=True, blank=True, help_text=gettext_lazy("When personal copies were emptied.")
    )
    actor_salt = models.CharField(max_length=32, blank=True, editable=False)
    actor_digest = models.CharField(max_length=64, editable=False)
    target_salt = models.CharField(max_length=32, blank=True, editable=False)
    target_digest = models.CharField(max_length=64, editable=False)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("audit trail", "entry")
        verbose_name_plural = pgettext_lazy("audit trail", "entries")
        ordering = ["-at", "-id"]
        default_permissions = ("view",)
        permissions = [("export_entry", gettext_noop("Can export the audit trail"))]
        indexes = [
            models.Index(fields=["at", "id"], name="audit_at"),
            models.Index(fields=["actor", "at", "id"], name="audit_actor_at"),
            models.Index(fields=["event", "at", "id"], name="audit_event_at"),
            models.Index(fields=["target_type", "target_id", "at", "id"], name="audit_target_at"),
            models.Index(fields=["action"], name="audit_action"),
        ]

    def __str__(self) -> str:
        return f"{self.get_event_display()} · {self.at:%Y-%m-%d %H:%M} UTC"

    @property
    def role_in_words(self) -> str:
        """The roles as shown to a reader: names of groups, which are not translated, or “superuser”, which is."""
        return _("superuser") if self.actor_role == SUPERUSER else self.actor_role

    def prepare(self) -> None:
        """Cut texts that are too long, replace characters that cannot be stored, and set salts and digests."""
        for field in self._meta.fields:
            if isinstance(field, models.CharField | models.TextField):
                max_length = field.max_length or canonical.MAX_TEXT_LENGTH
                setattr(self, field.attname, canonical.storable_text(getattr(self, field.attname), max_length))
        self.details = canonical.storable_details(self.details)
        self.actor_salt, self.actor_digest = _digested(self, ACTOR_COPIES)
        self.target_salt, self.target_digest = _digested(self, TARGET_COPIES)

    def alike(self, target_type: str, target_id: str, target_label: str, details: Any) -> Entry:
        """Return a prepared entry of the same act about another target. Both entries have the same actor digest, since
        their actor copies are emptied together."""
        other = like(self, target_type=target_type, target_id=target_id)
        other.target_label = canonical.storable_text(target_label, 255)
        other.details = canonical.storable_details(details)
        other.target_salt, other.target_digest = _digested(other, TARGET_COPIES)
        return other


def _digested(entry: Any, copies: Iterable[str]) -> tuple[str, str]:
    """Return a new salt, and the digest of these copies with it."""
    salt = secrets.token_hex(16)
    return salt, copies_digest(entry, copies, salt)


def copies_digest(entry: Any, copies: Iterable[str], salt: str) -> str:
    """Return the salted digest of one group of an entry's personal copies."""
    return canonical.digest(salt, canonical.canonical([getattr(entry, name) for name in copies]))


class ShownMessages(AppendOnlyModel):
    """A run of ids, ``first`` to ``last``, of messages whose texts an entry records as shown or exported.

    The entry's details hold the same runs (an export's only their number); this table finds the entries of a message.
    """

    LONGEST = 500  # ids in a run; the bound lets an index on ``first`` find every run that holds an id

    entry = models.ForeignKey(
        Entry, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="shown"
    )
    first = models.BigIntegerField()
    last = models.BigIntegerField()

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["first", "last", "entry"], name="audit_shown"),  # the entries of a message
            models.Index(fields=["entry", "first", "last"], name="audit_shown_by"),  # the messages of an entry
        ]

    def __str__(self) -> str:
        return f"Entry {self.entry_id} is about messages {self.first} to {self.last}"


class Unsealed(models.Model):
    """Marks an entry as not yet sealed. A trigger adds the row with the entry; sealing deletes it."""

    entry = models.OneToOneField(Entry, on_delete=models.DO_NOTHING, primary_key=True, db_constraint=False)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Entry {self.entry_id} awaits its seal"


class Seal(AppendOnlyModel):
    """A link of the chain: a hash over the previous seal's hash, an entry, its position and the time of sealing."""

    position = models.PositiveBigIntegerField(primary_key=True, help_text=gettext_lazy("From 1, without gaps."))
    # No constraint: a missing entry is reported by verify_audit.
    entry = models.OneToOneField(Entry, on_delete=models.DO_NOTHING, db_constraint=False)
    hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(default=timezone.now)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.position}:{self.hash}"
