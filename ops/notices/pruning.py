"""Old notices go, read or not."""

from __future__ import annotations

from datetime import datetime, timedelta

from ops.notices.models import Notice

KEPT = timedelta(days=90)
BATCH = 2_000  # rows of one statement, which keeps others waiting on SQLite


def prune(now: datetime) -> int:
    """Delete what is older than KEPT; returns how many."""
    removed = 0
    while keys := list(Notice.objects.filter(at__lt=now - KEPT).order_by("at").values_list("pk", flat=True)[:BATCH]):
        removed += Notice.objects.filter(pk__in=keys).delete()[0]
    return removed
