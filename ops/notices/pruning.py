"""Deleting old notices, read or not."""

from __future__ import annotations

from datetime import datetime, timedelta

from ops.notices.models import Notice

KEPT = timedelta(days=90)
BATCH = 2_000  # rows in one statement, which blocks other writers on SQLite


def prune(now: datetime) -> int:
    """Delete notices older than KEPT, and return their number."""
    removed = 0
    while keys := list(Notice.objects.filter(at__lt=now - KEPT).order_by("at").values_list("pk", flat=True)[:BATCH]):
        removed += Notice.objects.filter(pk__in=keys).delete()[0]
    return removed
