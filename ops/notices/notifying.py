"""Giving notices, in the transaction of what happened: both are stored, or neither."""

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
    """Give these people (by their keys; None is nobody) a notice of this ``kind`` about ``target``.

    Not ``by``, who did it, and only staff. ``occasion`` is something that differs when it happens again: the same
    happening is told once, however often this is called.
    """
    notify_each(kind, ((recipient, target) for recipient in recipients), by=by, occasion=occasion, using=using)


def notify_each(
    kind: str,
    pairs: Iterable[tuple[Any, Target]],
    *,
    by: Any = None,
    occasion: Any = "",
    using: str = DEFAULT_DB_ALIAS,
) -> None:
    """The same with a target for each recipient (``pairs`` of both); in as many queries for many as for one."""
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
    """What stands for a target in a notice: its model and its key, as in the audit trail."""
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
