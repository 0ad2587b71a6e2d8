"""Thin receiver: signing in starts the limits of a session and forgets failed attempts."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest

from ops.accounts.signing_in import limits, throttling


def begin_session(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    limits.begin(request)
    throttling.forgive(request, user.get_username())


def connect() -> None:
    """Connect the receiver; doing it twice is harmless."""
    user_logged_in.connect(begin_session, dispatch_uid="accounts.begin_session")
