"""The time at which this week's digest is sent, whatever day and hour a test runs at."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.utils import timezone

from ops.dashboard.digest.sending import SENT_FROM
from ops.dashboard.digest.writing import WEEK, week_before
from ops.dashboard.periods import console_zone


def next_digest() -> datetime:
    """Return the first moment at which the digest of the current week may be sent."""
    zone = console_zone()
    week = week_before(timezone.localdate(timezone=zone) + WEEK)
    return datetime.combine(week.last + timedelta(days=1), time(SENT_FROM), zone)
