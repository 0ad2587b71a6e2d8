"""The user model, participants and staff alike; sessions and failed sign-ins."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin, UserManager
from django.db import models, transaction
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from messaging.models import Message
from ops.accounts.signing_in.sessions import Session
from ops.accounts.usernames import MAX_LENGTH, validate_username

__all__ = ["FailedSignIn", "Session", "User"]


class UserQuerySet(models.QuerySet):
    def with_activity(self) -> UserQuerySet:
        """With ``sent``, ``received``, ``unread`` (numbers of messages) and ``last_active`` (when they last wrote, or
        None), in one query."""
        written = Message.objects.filter(sender=OuterRef("pk"))
        return self.annotate(
            sent=_counted(written, "sender"),
            received=_counted(Message.objects.filter(receiver=OuterRef("pk")), "receiver"),
            unread=_counted(Message.unread.filter(receiver=OuterRef("pk")), "receiver"),
            last_active=Subquery(written.order_by("-timestamp", "-id").values("timestamp")[:1]),
        )

    def matching(self, text: str) -> UserQuerySet:
        """Users whose username or e-mail address contains ``text``."""
        return self.filter(Q(username__icontains=text) | Q(email__icontains=text))


def _counted(messages: models.QuerySet, person: str) -> Coalesce:
    grouped = messages.order_by().values(person).annotate(number=Count("*"))
    return Coalesce(Subquery(grouped.values("number")), 0)


class PeopleManager(UserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Django's UserManager with the methods of UserQuerySet."""

    use_in_migrations = False


class User(AbstractBaseUser, PermissionsMixin):
    """A person: a participant, and staff where ``is_staff`` is set."""

    username = models.CharField(
        max_length=MAX_LENGTH,
        unique=True,
        validators=[validate_username],
        help_text="Any printable characters, at most 150; capital and small letters differ.",
        error_messages={"unique": "A user with that username already exists."},
    )
    email = models.EmailField("e-mail address", blank=True)
    is_staff = models.BooleanField("staff", default=False, help_text="May sign in to the console.")
    is_active = models.BooleanField("active", default=True, help_text="May sign in. Untick this instead of deleting.")
    date_joined = models.DateTimeField("joined", default=timezone.now)
    anonymised_at = models.DateTimeField("anonymised", null=True, blank=True, editable=False)

    objects = PeopleManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["email"]

    class Meta:
        ordering = ["username"]
        constraints = [
            models.CheckConstraint(condition=~Q(username=""), name="user_has_a_username"),
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
                violation_error_message="This account was anonymised: nobody signs in to it again.",
            ),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save in one transaction with the audit entry: no entry, no change."""
        with transaction.atomic(using=kwargs.get("using")):
            super().save(*args, **kwargs)

    @classmethod
    def normalize_username(cls, username: str) -> str:
        """The username as it is: other systems distinguish what NFKC would merge."""
        return username


class FailedSignIn(models.Model):
    """A failed sign-in, kept while it counts. Account and address are digests."""

    at = models.DateTimeField(db_index=True)
    account = models.CharField(max_length=64)  # a keyed digest, like the address
    address = models.CharField(max_length=64)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["address", "-at"], name="failed_sign_in_address")]

    def __str__(self) -> str:
        return f"a sign-in that failed at {self.at}"
