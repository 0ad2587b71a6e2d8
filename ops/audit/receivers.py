"""Thin receivers: sign-ins, and changes of accounts and roles by whatever road. The actor is whoever is signed in.

``QuerySet.update()`` sends no signals: code that changes passwords or flags of accounts in sets records it itself.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import m2m_changed, post_save, pre_save

from messaging.editors import current_editor
from messaging.erasure import ErasureCounts, user_erased
from ops.audit import account_changes, recording
from ops.audit.events import Event


def record_sign_in(sender: Any, user: Any, **_: Any) -> None:
    recording.record(Event.SIGNED_IN, actor=user, target=user)


def record_refusal(sender: Any, credentials: dict[str, Any], **_: Any) -> None:
    """The name that was tried, never the password."""
    recording.record_refused_sign_in(credentials.get("username") or "")


def record_sign_out(sender: Any, user: Any, **_: Any) -> None:
    # Nobody is named whose account was just deleted.
    if user is not None and get_user_model()._default_manager.filter(pk=user.pk).exists():
        recording.record(Event.SIGNED_OUT, actor=user, target=user)


def record_erasure(sender: Any, user_id: Any, counts: ErasureCounts, using: str, **_: Any) -> None:
    """Which account and how much went with it; not whose it was."""
    actor = current_editor()
    target = (get_user_model()._meta.label_lower, user_id)
    own = actor is not None and actor.pk == user_id
    recording.record(
        Event.ACCOUNT_DELETED, actor=None if own else actor, target=target, details=counts.as_dict(), using=using
    )


def remember_account(sender: Any, instance: Any, raw: bool, using: str, update_fields: Any, **_: Any) -> None:
    if not raw:
        account_changes.remember(instance, using=using, fields=update_fields)


def record_account(sender: Any, instance: Any, raw: bool, using: str, update_fields: Any, **_: Any) -> None:
    if not raw:
        account_changes.record_saved(instance, by=current_editor(), using=using, fields=update_fields)


def record_roles(
    sender: Any, instance: Any, action: str, reverse: bool, pk_set: set[Any] | None, using: str, **_: Any
) -> None:
    """Groups and permissions of people and of roles, from either side."""
    # What is removed is looked at before it is gone.
    kind = {"post_add": "added", "pre_remove": "removed", "pre_clear": "removed"}.get(action)
    if kind:
        by = current_editor()
        account_changes.record_relation(sender, instance, reverse=reverse, keys=pk_set, kind=kind, by=by, using=using)


def connect() -> None:
    """Connect the receivers; doing it twice is harmless."""
    user = get_user_model()
    user_logged_in.connect(record_sign_in, dispatch_uid="audit.record_sign_in")
    user_login_failed.connect(record_refusal, dispatch_uid="audit.record_refusal")
    user_logged_out.connect(record_sign_out, dispatch_uid="audit.record_sign_out")
    user_erased.connect(record_erasure, dispatch_uid="audit.record_erasure")
    pre_save.connect(remember_account, sender=user, dispatch_uid="audit.remember_account")
    post_save.connect(record_account, sender=user, dispatch_uid="audit.record_account")
    for relation in account_changes.relations():
        through = relation.remote_field.through
        m2m_changed.connect(record_roles, sender=through, dispatch_uid=f"audit.record_roles.{through._meta.label}")
