"""Pauses, and the number of hard cases that a reviewer claimed today."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from ops.moderation.models import Comfort, comfort_of


def of_today(user: Any) -> dict[str, Any]:
    """Return what only ``user`` sees: their hard cases of today (``hard_today``), when they wanted to return from a
    pause (``paused_until``, None once that has passed), and whether that is today (``returns_today``)."""
    comfort = comfort_of(user)
    until = comfort.paused_until
    return {
        "hard_today": comfort.read_on(timezone.localdate()),
        "paused_until": until if until and until > timezone.now() else None,
        "returns_today": until is not None and timezone.localdate(until) == timezone.localdate(),
    }


def end_pause(user: Any) -> None:
    """Clear the pause of a user who has resumed work."""
    Comfort.objects.filter(person=user.pk, paused_until__isnull=False).update(paused_until=None)
