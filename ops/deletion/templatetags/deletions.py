"""What participants read before they delete their own account."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django import template
from django.conf import settings
from django.utils import timezone

register = template.Library()


class OwnDeletion(NamedTuple):
    """When and how an account is deleted whose owner requests it now."""

    days: int
    runs_at: datetime
    mode: str
    texts: str


@register.simple_tag
def own_deletion() -> OwnDeletion:
    """As the settings of this installation say."""
    days = settings.DELETION_GRACE_DAYS
    return OwnDeletion(days, timezone.now() + timedelta(days=days), settings.DELETION_MODE, settings.DELETION_TEXTS)
