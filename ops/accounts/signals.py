"""Thin receivers: every account that is deleted, by any road, leaves a record without personal data; signing in begins
the limits of a session anew."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest

from messaging.erasure import ErasureCounts, user_erased
from ops.accounts import middleware, throttling
from ops.accounts.models import AccountDeletion


def record_deletion(sender: Any, counts: ErasureCounts, using: str, **_: Any) -> None:
    AccountDeletion.objects.using(using).record(counts.as_dict())


def begin_session(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    middleware.begin(request)
    throttling.forgive(request, user.get_username())


def connect() -> None:
    """Connect the receivers; doing it twice is harmless."""
    user_logged_in.connect(begin_session, dispatch_uid="accounts.begin_session")
    user_erased.connect(record_deletion, dispatch_uid="accounts.record_deletion")
