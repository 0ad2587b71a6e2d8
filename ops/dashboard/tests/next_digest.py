"""When the digest of this week is sent, whatever day and hour a test runs at."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.utils import timezone

from ops.dashboard.digest.sending import SENT_FROM
from ops.dashboard.digest.writing import WEEK
from ops.dashboard.periods import console_zone


def next_digest() -> datetime:
    """The first moment at which the digest of the week that holds today may be sent."""
    today = timezone.localdate(timezone=console_zone())
    monday = today - timedelta(days=today.weekday()) + WEEK
    return datetime.combine(monday, time(SENT_FROM), console_zone())
