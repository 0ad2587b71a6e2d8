"""Signal receivers that record sign-ins and changes of accounts and roles. The actor is the signed-in user.

``QuerySet.update()`` sends no signals: code that updates passwords or flags that way must record it itself.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import m2m_changed, post_save, pre_save

from messaging.editors import current_editor
from messaging.erasing.erasure import ErasureCounts, user_erased
from ops.audit import account_changes, recording
from ops.audit.events import Event


def record_sign_in(sender: Any, user: Any, **_: Any) -> None:
    recording.record(Event.SIGNED_IN, actor=user, target=user)


def record_sign_out(sender: Any, user: Any, **_: Any) -> None:
    # An account that was just deleted or anonymised must not be named again.
    accounts = get_user_model()._default_manager
    if user is not None and accounts.filter(pk=user.pk, username=user.get_username()).exists():
        recording.record(Event.SIGNED_OUT, actor=user, target=user)


def record_erasure(sender: Any, user_id: Any, counts: ErasureCounts, using: str, **_: Any) -> None:
    """Record the id of a deleted account and the counts of rows deleted with it, but not the username."""
    actor = current_editor()
    target = (get_user_model()._meta.label_lower, user_id)
    own = actor is not None and actor.pk == user_id
    recording.record(
        Event.ACCOUNT_DELETED, actor=None if own else actor, target=target, details=counts.as_dict(), using=using
    )


def snapshot_account(sender: Any, instance: Any, raw: bool, using: str, update_fields: Any, **_: Any) -> None:
    if not raw:
        account_changes.snapshot(instance, using=using, fields=update_fields)


def record_account(sender: Any, instance: Any, raw: bool, using: str, update_fields: Any, **_: Any) -> None:
    if not raw:
        account_changes.record_saved(instance, by=current_editor(), using=using, fields=update_fields)


def record_roles(
    sender: Any, instance: Any, action: str, reverse: bool, pk_set: set[Any] | None, using: str, **_: Any
) -> None:
    """Record changes of users' groups and permissions and of groups' permissions, made from either side."""
    # Removals are recorded before they happen, while the rows can still be read.
    kind = {"post_add": "added", "pre_remove": "removed", "pre_clear": "removed"}.get(action)
    if kind:
        by = current_editor()
        account_changes.record_relation(sender, instance, reverse=reverse, keys=pk_set, kind=kind, by=by, using=using)


def connect() -> None:
    """Connect the receivers; connecting them again changes nothing."""
    user = get_user_model()
    user_logged_in.connect(record_sign_in, dispatch_uid="audit.record_sign_in")
    user_logged_out.connect(record_sign_out, dispatch_uid="audit.record_sign_out")
    user_erased.connect(record_erasure, dispatch_uid="audit.record_erasure")
    pre_save.connect(snapshot_account, sender=user, dispatch_uid="audit.snapshot_account")
    post_save.connect(record_account, sender=user, dispatch_uid="audit.record_account")
    for through in account_changes.through_models():
        m2m_changed.connect(record_roles, sender=through, dispatch_uid=f"audit.record_roles.{through._meta.label}")
