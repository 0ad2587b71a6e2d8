"""Holds: while one is open, nothing of an account is deleted, whatever was approved and however far it came."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from ops.accounts.deletion_models import Hold, HoldQuerySet
from ops.audit.events import Event
from ops.audit.recording import record


class HoldRefused(Exception):
    """A hold cannot be placed or lifted; the text says why."""


def open_holds(user_id: Any) -> HoldQuerySet:
    """What holds up the deletion of an account."""
    return Hold.objects.open().of(user_id)


def hold(user: Any, *, kind: str, reason: str, by: Any) -> Hold:
    """Put a hold on an account: a deletion under way stops before its next batch. Raises HoldRefused."""
    if not reason.strip():
        raise HoldRefused("Say why the account must not be deleted: the reason is recorded.")
    with transaction.atomic():
        placed = Hold.objects.create(user_id=user.pk, kind=kind, reason=reason.strip(), placed_by=by)
        record(Event.ACCOUNT_HELD, actor=by, target=user, details={"kind": kind}, reason=reason)
    return placed


def lift_hold(hold: Hold, *, reason: str, by: Any) -> None:
    """Lift a hold; what it stopped goes on within a minute, unless another one is open. Raises HoldRefused."""
    if not reason.strip():
        raise HoldRefused("Say why the hold is no longer needed: the reason is recorded.")
    with transaction.atomic():
        changes = {"lifted_at": timezone.now(), "lifted_by": by, "lift_reason": reason.strip()}
        if not Hold.objects.open().filter(pk=hold.pk).update(**changes):
            raise HoldRefused("This hold was lifted already.")
        user = get_user_model().objects.filter(pk=hold.user_id).first()
        target = user or (get_user_model()._meta.label_lower, hold.user_id)
        record(Event.HOLD_LIFTED, actor=by, target=target, details={"kind": hold.kind}, reason=reason)
    hold.refresh_from_db()
