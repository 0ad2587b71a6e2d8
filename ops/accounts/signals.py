"""Thin receivers: a sign-in starts the session's limits and deletes failed attempts; a failed one is recorded; columns
computed from a username are set; people are notified of changed roles."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db.models.signals import m2m_changed, pre_save
from django.http import HttpRequest

from ops.accounts.kept import keeping
from ops.accounts.preferences import notices
from ops.accounts.signing_in import limits, throttling


def begin_session(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    limits.begin(request)
    keeping.remember(request, user)
    throttling.delete_failures(request, user.get_username())


def set_columns_from_name(sender: Any, instance: Any, **_: Any) -> None:
    """Set the columns computed from the username, for fixtures (raw) as well: their names may be edited."""
    instance.set_columns_from_name()


def notify_roles_changed(sender: Any, instance: Any, action: str, reverse: bool, pk_set: Any, **_: Any) -> None:
    """Notify people whose groups changed from either side. On ``clear``, before the rows are deleted."""
    if action in ("post_add", "post_remove") and pk_set:
        notices.notify_roles_changed(pk_set if reverse else [instance.pk])
    elif action == "pre_clear":
        rows = sender._default_manager.filter(**{"group" if reverse else "user": instance.pk})
        notices.notify_roles_changed(set(rows.values_list("user", flat=True)))


def connect() -> None:
    """Connect the receivers; connecting them again changes nothing."""
    pre_save.connect(
        set_columns_from_name, sender=settings.AUTH_USER_MODEL, dispatch_uid="accounts.set_columns_from_name"
    )
    m2m_changed.connect(
        notify_roles_changed, sender=get_user_model().groups.through, dispatch_uid="accounts.notify_roles_changed"
    )
    user_logged_in.connect(begin_session, dispatch_uid="accounts.begin_session")
    user_login_failed.connect(throttling.record_failure, dispatch_uid="accounts.record_failure")
