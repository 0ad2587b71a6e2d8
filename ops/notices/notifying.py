"""Notifying people, in the transaction of the event: both are stored or neither."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model

from ops.notices.kinds import all_kinds
from ops.notices.models import Notice

Target = Model | tuple[str, Any] | None  # a row, or its model ("app.model", lower case) and its key


def notify(
    kind: str,
    recipients: Iterable[Any],
    target: Target = None,
    *,
    by: Any = None,
    occasion: Any = "",
    using: str = DEFAULT_DB_ALIAS,
) -> None:
    """Notify ``recipients`` (keys; None is skipped) who are active staff, except ``by``, once for each ``occasion``."""
    notify_each(kind, ((recipient, target) for recipient in recipients), by=by, occasion=occasion, using=using)


def notify_each(
    kind: str,
    pairs: Iterable[tuple[Any, Target]],
    *,
    by: Any = None,
    occasion: Any = "",
    using: str = DEFAULT_DB_ALIAS,
) -> None:
    """Do the same for ``pairs`` of recipient and target. The number of queries does not grow with the pairs."""
    if kind not in all_kinds():
        raise LookupError(f"No room declares the notice {kind}: see Room.notice_kinds.")
    wanted = [(pk, target) for pk, target in pairs if pk is not None and pk != getattr(by, "pk", None)]
    if not wanted:
        return
    accounts = get_user_model()._base_manager.using(using)
    keys = {pk for pk, _ in wanted}
    staff = set(accounts.filter(pk__in=keys, is_active=True, is_staff=True).values_list("pk", flat=True))
    rows = [_notice(kind, pk, target, str(occasion)) for pk, target in wanted if pk in staff]
    if rows:
        Notice.objects.using(using).bulk_create(rows, ignore_conflicts=True)


def reference(target: Target) -> tuple[str, str]:
    """Return the (model, key) that a notice stores for a target, as in the audit trail."""
    if target is None:
        return "", ""
    if isinstance(target, Model):
        return target._meta.label_lower, str(target.pk)
    return target[0], str(target[1])


def _notice(kind: str, recipient: Any, target: Target, occasion: str) -> Notice:
    target_type, target_id = reference(target)
    if target_type != all_kinds()[kind].target:
        raise ValueError(f"The notice {kind} is about {all_kinds()[kind].target or 'nothing'}, not {target_type}.")
    return Notice(recipient_id=recipient, kind=kind, target_type=target_type, target_id=target_id, occasion=occasion)
