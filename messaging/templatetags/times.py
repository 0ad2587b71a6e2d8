"""A tag that shows a time relative to now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.timesince import timesince, timeuntil

register = template.Library()


@register.inclusion_tag("messaging/when.html")
def when(moment: datetime | None) -> dict[str, Any]:
    """Show how long ago ``moment`` was, in one unit, with the exact time on hover and for screen readers."""
    return {"moment": moment, "text": "" if moment is None else _ago(moment)}


def _ago(moment: datetime) -> str:
    now = timezone.now()
    if abs(now - moment) < timedelta(minutes=1):
        return "just now"
    if moment > now:
        return f"in {timeuntil(moment, now, depth=1)}"
    return f"{timesince(moment, now, depth=1)} ago"
