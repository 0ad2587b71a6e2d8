"""The user model, participants and staff alike; sessions and failed sign-ins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin, UserManager
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models, transaction
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy

from messaging.database.statements import Statement, compiled_statement, slot
from messaging.models import Message
from ops.accounts.kept.storing import KeptForm
from ops.accounts.names.look_alikes import digests
from ops.accounts.names.sorting import LONGEST as LONGEST_KEY
from ops.accounts.names.sorting import folded, ranges_beginning_with, sort_key
from ops.accounts.signing_in.sessions import Session
from ops.accounts.usernames import MAX_LENGTH, refusal_of_name, validate_username

__all__ = ["FailedSignIn", "KeptForm", "LastSuperuser", "Session", "User", "one_superuser_stays"]

LAST_SUPERUSER = gettext_lazy("This is the last active superuser: make somebody else one first.")
SUPERUSER_FLAGS = frozenset({"is_active", "is_superuser"})  # both make an active superuser, who manages accounts


class LastSuperuser(ValidationError):
    """The change would leave nobody to manage accounts, so it was not made; the message names the remedy."""

    def __init__(self) -> None:
        super().__init__(LAST_SUPERUSER, code="last_superuser")


@contextmanager
def one_superuser_stays(*, locking: Iterable[int | None] = (), using: str | None = None) -> Iterator[None]:
    """Roll the block back, raising LastSuperuser, if it leaves no active superuser although there was one before.

    The block is a transaction. It locks all active superusers and the accounts with the keys in ``locking``, in the
    order of their keys: if two superusers demote each other at the same time, the second sees the first's change.
    SQLite has a single writer anyway.
    """
    using = using or DEFAULT_DB_ALIAS
    with transaction.atomic(using=using):
        accounts = User.objects.using(using)
        keys = [key for key in locking if key is not None]
        locked = accounts.filter(Q(is_superuser=True, is_active=True) | Q(pk__in=keys)).order_by("pk")
        before = [account for account in locked.select_for_update() if account.is_superuser and account.is_active]
        yield
        if before and not accounts.active_superusers().exists():
            raise LastSuperuser


SKELETONS = ("skeleton", "skeleton_as_written")  # compared to find names that read alike
FROM_NAME = (*SKELETONS, "name_key")  # the columns computed from the username


@cache
def _names_near(using: str) -> Statement:
    """Return the statement that selects one user with this username or this name key."""
    near = Q(username=slot("text")) | Q(name_key=slot("key"))
    return compiled_statement(User._base_manager.filter(near).order_by().values("pk")[:1], using=using)


class UserQuerySet(models.QuerySet):
    def with_activity(self) -> UserQuerySet:
        """Annotate ``sent``, ``received``, ``unread`` (numbers of messages) and ``last_active`` (when the user last
        wrote, or None), in one query."""
        written = Message.objects.filter(sender=OuterRef("pk"))
        return self.annotate(
            sent=_counted(written, "sender"),
            received=_counted(Message.objects.filter(receiver=OuterRef("pk")), "receiver"),
            unread=_counted(Message.unread.filter(receiver=OuterRef("pk")), "receiver"),
            last_active=Subquery(written.order_by("-timestamp", "-id").values("timestamp")[:1]),
        )

    def matching(self, text: str) -> UserQuerySet:
        """Return users whose username or e-mail address contains ``text``."""
        return self.filter(Q(username__icontains=text) | Q(email__icontains=text))

    def beginning_with(self, text: str) -> UserQuerySet:
        """Return users whose name begins with ``text``, in the order of names. As in that order, capital letters,
        accents and leading zeros do not count."""
        ranges = [Q(name_key__gte=first, name_key__lt=end) for first, end in ranges_beginning_with(text)]
        if not ranges:
            return self.none()
        if len(ranges) == 1:
            return self.filter(*ranges).order_by("name_key", "id")
        # A union: for so many conditions joined by OR, a database may scan the whole table.
        users = self.model._base_manager.using(self.db).order_by()
        first, *others = (users.filter(one).values("pk") for one in ranges)
        return self.filter(pk__in=first.union(*others, all=True)).order_by("name_key", "id")

    def named(self, text: str) -> Any:
        """Return the user with exactly this name, or the only one whose name differs only in capital letters and
        accents, or None. Other columns are deferred."""
        key = sort_key(text)
        if not _names_near(self.db).ask(using=self.db, text=text, key=key):
            return None  # the common case, kept cheap: each search for a word checks whether it is a name
        near: Any = self.filter(Q(username=text) | Q(name_key=key))
        typed = folded(text)
        found: list[Any] = []
        for user in near.only("pk", "username"):
            if user.username == text:
                return user
            # Users with the same key may differ in leading zeros, or beyond the key's length.
            if folded(user.username) == typed:
                found = [*found, user][:2]
        return found[0] if len(found) == 1 else None

    def with_messages(self) -> UserQuerySet:
        """Return users who sent or received a message."""
        sent, received = (Message.objects.filter(**{side: OuterRef("pk")}) for side in ("sender", "receiver"))
        return self.filter(Exists(sent) | Exists(received))

    def reading_like(self, skeletons: Iterable[str]) -> UserQuerySet:
        """Return users whose name has one of these skeletons (``look_alikes.digests``)."""
        wanted = list(skeletons)
        return self.filter(Q(skeleton__in=wanted) | Q(skeleton_as_written__in=wanted))

    def look_alikes(self, users: Iterable[Any]) -> dict[Any, list[str]]:
        """Return those of ``users`` whose name reads like others', by primary key, each with the other names."""
        by_skeleton: dict[str, set[Any]] = defaultdict(set)
        for user in users:
            for skeleton in (user.skeleton, user.skeleton_as_written):
                by_skeleton[skeleton].add(user.pk)
        found: dict[Any, list[str]] = defaultdict(list)
        others = self.reading_like(by_skeleton).order_by("username")
        for pk, username, *skeletons in others.values_list("pk", "username", *SKELETONS):
            for alike in set().union(*(by_skeleton.get(one, set()) for one in skeletons)) - {pk}:
                found[alike].append(username)
        return dict(found)

    def active_superusers(self) -> UserQuerySet:
        """Return active users who have every permission."""
        return self.filter(is_superuser=True, is_active=True)

    def update(self, **values: Any) -> int:
        """Refuse usernames, also from bulk_update(): other columns are computed from each. Raises LastSuperuser."""
        if "username" in values:
            raise TypeError("Usernames are not changed in sets: save each user.")
        with one_superuser_stays(using=self.db) if SUPERUSER_FLAGS & values.keys() else nullcontext():
            return super().update(**values)

    update.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete the users. Raises LastSuperuser."""
        with one_superuser_stays(using=self.db):
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def bulk_create(
        self,
        objs: Iterable[Any],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[Any]:
        """Set the columns computed from usernames. Raises LastSuperuser, since conflicts may update existing rows."""
        objs = list(objs)
        for user in objs:
            user.set_columns_from_name()
        if update_fields is not None and "username" in update_fields:
            update_fields = {*update_fields, *FROM_NAME}
        with one_superuser_stays(using=self.db) if update_conflicts else nullcontext():
            return super().bulk_create(
                objs, batch_size, ignore_conflicts, update_conflicts, update_fields, unique_fields
            )


def _counted(messages: models.QuerySet, person: str) -> Coalesce:
    grouped = messages.order_by().values(person).annotate(number=Count("*"))
    return Coalesce(Subquery(grouped.values("number")), 0)


class PeopleManager(UserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Django's UserManager with the methods of UserQuerySet."""

    use_in_migrations = False

    def create_user(self, username: str, email: str | None = None, password: str | None = None, **more: Any) -> Any:
        """Create a user. Raises ValidationError for a name or address that no account may get."""
        _refuse_names(username, email)
        return super().create_user(username, email, password, **more)

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **more: Any
    ) -> Any:
        _refuse_names(username, email)
        return super().create_superuser(username, email, password, **more)


def _refuse_names(username: str, email: str | None) -> None:
    refusal = refusal_of_name(username) or (refusal_of_name(email, kind="email") if email else "")
    if refusal:
        raise ValidationError(refusal, code="refused")


class User(AbstractBaseUser, PermissionsMixin):
    """A person: a participant, and staff if ``is_staff`` is set."""

    username = models.CharField(
        gettext_lazy("username"),
        max_length=MAX_LENGTH,
        unique=True,
        validators=[validate_username],
        help_text=gettext_lazy("Up to 150 characters, case-sensitive."),
        error_messages={"unique": gettext_lazy("A user with that username already exists.")},
    )
    email = models.EmailField(gettext_lazy("e-mail address"), blank=True)
    is_staff = models.BooleanField(
        gettext_lazy("staff"), default=False, help_text=gettext_lazy("May sign in to the console.")
    )
    is_active = models.BooleanField(
        gettext_lazy("active"), default=True, help_text=gettext_lazy("May sign in. Untick this instead of deleting.")
    )
    date_joined = models.DateTimeField(gettext_lazy("joined"), default=timezone.now)
    anonymised_at = models.DateTimeField(gettext_lazy("anonymised"), null=True, blank=True, editable=False)
    # NULL if none was chosen: to add a NOT NULL column, SQLite would copy the table and lose its highest id.
    time_zone = models.CharField(gettext_lazy("time zone"), max_length=64, null=True, blank=True)
    # The language that the person chose; NULL as above.
    language = models.CharField(gettext_lazy("language"), max_length=35, null=True, blank=True)
    # Whether this person chose a zone or declined their browser's, so that none is offered; NULL as above.
    zone_asked = models.BooleanField(null=True, editable=False)
    # Whether single-key shortcuts are off for this person (preferences/keys.py); NULL, for the same reason, if on.
    keys_off = models.BooleanField(null=True, editable=False)
    # Digests of the name's skeletons (names/look_alikes.py), set whenever the name is stored.
    skeleton = models.CharField(max_length=16, editable=False)
    skeleton_as_written = models.CharField(max_length=16, editable=False)
    # The sort key of the name (names/sorting.py), set together with them. A constraint refuses NULL: to add a NOT NULL
    # column, SQLite would copy the table.
    name_key = models.BinaryField(max_length=LONGEST_KEY, null=True, editable=False)

    objects = PeopleManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["email"]

    class Meta:
        verbose_name = gettext_lazy("user")
        verbose_name_plural = gettext_lazy("users")
        ordering = ["username"]
        indexes = [
            models.Index(fields=["skeleton"], name="user_skeleton"),
            models.Index(fields=["skeleton_as_written"], name="user_skeleton_as_written"),
            models.Index(fields=["name_key", "id"], name="user_by_name"),
            models.Index(fields=["date_joined", "id"], name="user_joined"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(username=""), name="user_has_a_username"),
            models.CheckConstraint(
                condition=~Q(skeleton="") & ~Q(skeleton_as_written=""), name="user_name_has_skeletons"
            ),
            models.CheckConstraint(condition=Q(name_key__isnull=False) & ~Q(name_key=b""), name="user_name_has_a_key"),
            models.CheckConstraint(
                name="user_anonymised_stays_closed",
                condition=Q(anonymised_at__isnull=True)
                | Q(
                    is_active=False,
                    is_staff=False,
                    is_superuser=False,
                    email="",
                    password__startswith=UNUSABLE_PASSWORD_PREFIX,
                ),
                violation_error_message=gettext_lazy("This account was anonymised: nobody signs in to it again."),
            ),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save in one transaction with the audit entry: without the entry, no change. Raises LastSuperuser."""
        using, fields = kwargs.get("using"), kwargs.get("update_fields")
        if fields is None:
            self.set_columns_from_name()  # before Django leaves out the columns that were not loaded
        elif "username" in fields:
            kwargs["update_fields"] = {*fields, *FROM_NAME}
        may_lose = self._may_demote(fields)
        with self._keeping_a_superuser(using) if may_lose else transaction.atomic(using=using):
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the user. Raises LastSuperuser."""
        with self._keeping_a_superuser(kwargs.get("using")):
            return super().delete(*args, **kwargs)

    def _may_demote(self, fields: Collection[str] | None) -> bool:
        """Return whether saving these fields (None: all) could make an active superuser an ordinary account."""
        saved = fields is None or SUPERUSER_FLAGS & set(fields)
        return bool(saved) and not self._state.adding and not (self.is_active and self.is_superuser)

    @contextmanager
    def _keeping_a_superuser(self, using: str | None) -> Iterator[None]:
        """Run the block in a transaction, within one_superuser_stays if the stored account is an active superuser's."""
        mine = User.objects.using(using).filter(pk=self.pk)
        with transaction.atomic(using=using):
            # Locked, so that it does not become one meanwhile; a superuser's account is locked with all the others.
            locked = mine.select_for_update().values_list("is_superuser", "is_active")
            is_one = mine.active_superusers().exists() or (True, True) in locked
            with one_superuser_stays(locking=[self.pk], using=using) if is_one else nullcontext():
                yield

    def clean_fields(self, exclude: Any = None) -> None:
        self.set_columns_from_name()
        super().clean_fields(exclude)

    def set_columns_from_name(self) -> None:
        """Set the skeletons and the sort key of the name; called before a user is saved, loaded from a fixture (by a
        receiver) or created in bulk."""
        if "username" not in self.get_deferred_fields():
            self.skeleton, self.skeleton_as_written = digests(self.username)
            self.name_key = sort_key(self.username)

    @classmethod
    def normalize_username(cls, username: str) -> str:
        """Return the username unchanged: other systems distinguish names that NFKC would merge."""
        return username


class FailedSignIn(models.Model):
    """A failed sign-in, kept while it counts towards throttling. Account and address are digests."""

    at = models.DateTimeField(db_index=True)
    account = models.CharField(max_length=64)  # a keyed digest, like the address
    address = models.CharField(max_length=64)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["address", "-at"], name="failed_sign_in_address")]

    def __str__(self) -> str:
        return f"a sign-in that failed at {self.at}"
