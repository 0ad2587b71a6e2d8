"""Thin receivers: signing in starts the limits of a session and forgets failed attempts; failing is recorded; what
follows from a name is set."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db.models.signals import pre_save
from django.http import HttpRequest

from ops.accounts.kept import keeping
from ops.accounts.signing_in import limits, throttling


def begin_session(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    limits.begin(request)
    keeping.remember(request, user)
    throttling.forgive(request, user.get_username())


def set_columns_from_name(sender: Any, instance: Any, **_: Any) -> None:
    """For fixtures (raw) as well: they hold names that somebody wrote."""
    instance.set_columns_from_name()


def connect() -> None:
    """Connect the receivers; doing it twice is harmless."""
    pre_save.connect(
        set_columns_from_name, sender=settings.AUTH_USER_MODEL, dispatch_uid="accounts.set_columns_from_name"
    )
    user_logged_in.connect(begin_session, dispatch_uid="accounts.begin_session")
    user_login_failed.connect(throttling.record_failure, dispatch_uid="accounts.record_failure")
