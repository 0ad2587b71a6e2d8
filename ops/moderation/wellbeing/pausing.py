"""Pauses, and how much that is hard to read somebody was given today."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from ops.moderation.models import Comfort, comfort_of


def of_today(user: Any) -> dict[str, Any]:
    """What the desk tells ``user`` of themselves: hard cases of today (``hard_today``), and when they wanted to
    return from a pause, if that is to come."""
    comfort = comfort_of(user)
    until = comfort.paused_until
    return {
        "hard_today": comfort.read_on(timezone.localdate()),
        "paused_until": until if until and until > timezone.now() else None,
        "returns_today": until is not None and timezone.localdate(until) == timezone.localdate(),
    }


def end_pause(user: Any) -> None:
    """Forget the pause of somebody who works again."""
    Comfort.objects.filter(person=user.pk, paused_until__isnull=False).update(paused_until=None)
