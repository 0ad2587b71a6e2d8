"""Thin receivers: every account that is deleted, by any road, leaves a record without personal data; none is deleted
while a hold is open on it, or on somebody it wrote with; signing in begins the limits of a session anew."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import pre_delete
from django.http import HttpRequest

from messaging.erasure import ErasureCounts, user_erased
from ops.accounts import holds, leftovers, middleware, throttling
from ops.accounts.models import AccountDeletion
from ops.accounts.refusing import DeletionRefused


def refuse_where_held(sender: Any, instance: Any, using: str, **_: Any) -> None:
    held = holds.people_on_hold(using=using)
    if instance.pk in held:
        raise DeletionRefused("A hold is open on this account: lift it before anything of it is deleted.")
    if holds.exchanged(instance.pk, held, using=using):
        raise DeletionRefused(
            "This account exchanged messages with somebody on whom a hold is open: lift it before anything is deleted."
        )


def record_deletion(sender: Any, user_id: Any, counts: ErasureCounts, using: str, **_: Any) -> None:
    AccountDeletion.objects.using(using).record(counts.as_dict())
    leftovers.empty_names(user_id, using=using)


def begin_session(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    middleware.begin(request)
    throttling.forgive(request, user.get_username())


def connect() -> None:
    """Connect the receivers; doing it twice is harmless."""
    user_logged_in.connect(begin_session, dispatch_uid="accounts.begin_session")
    pre_delete.connect(refuse_where_held, sender=settings.AUTH_USER_MODEL, dispatch_uid="accounts.refuse_where_held")
    user_erased.connect(record_deletion, dispatch_uid="accounts.record_deletion")
