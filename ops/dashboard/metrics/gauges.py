"""Gauges for a monitoring system: backlogs and the state of the machinery. Numbers only, about no person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connections
from django.db.models import Count, Min

from messaging.search import indexing
from ops.audit.models import Unsealed
from ops.jobs.models import Job
from ops.moderation.models import Case, Severity

LATELY = timedelta(hours=24)  # jobs that failed in this time are counted
ASKED_WITHIN = timedelta(days=30)  # failed jobs that were requested earlier are not counted
MOST_COUNTED = 1_000_000  # unsealed entries


@dataclass(frozen=True)
class Gauge:
    """A gauge: its name without the prefix, its help text, and its values by the value of its ``label``, if any."""

    name: str
    says: str
    values: dict[str, float]
    label: str = ""


def measure(now: datetime) -> tuple[Gauge, ...]:
    """Query the database for all gauges."""
    pending = Case.objects.pending().order_by()
    by_severity = dict(pending.values_list("severity").annotate(number=Count("pk")))
    oldest = pending.aggregate(oldest=Min("pending_since"))["oldest"]
    age = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    return (
        Gauge(
            "cases_pending",
            "Cases that are not closed, by severity.",
            {severity: by_severity.get(severity, 0) for severity in Severity.values},
            "severity",
        ),
        Gauge("cases_overdue", "Pending cases that should have been decided by now.", {"": pending.overdue().count()}),
        Gauge("case_oldest_seconds", "How long the oldest pending case has been pending.", {"": age}),
        Gauge("jobs", "Jobs that wait or run, and those that failed in the past 24 hours.", _jobs(now), "state"),
        Gauge(
            "trail_unsealed_entries",
            "Entries of the audit trail that are not sealed yet.",
            {"": Unsealed.objects.order_by()[:MOST_COUNTED].count()},
        ),
        Gauge(
            "search_index_complete",
            "1 where an index of words has all texts.",
            {state.texts: float(state.is_complete) for state in indexing.states()},
            "texts",
        ),
        Gauge("database_bytes", "The size of the database.", {"": database_size()}),
    )


def database_size(using: str = "default") -> int:
    """Return the size of a database in bytes; on SQLite, that of its pages, without the write-ahead log."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
            return cursor.fetchone()[0]
        sizes = []
        for pragma in ("page_count", "page_size"):
            cursor.execute(f"PRAGMA {pragma}")
            sizes.append(cursor.fetchone()[0])
        return sizes[0] * sizes[1]


def _jobs(now: datetime) -> dict[str, float]:
    jobs = Job.objects.order_by()
    # These queries use the index of jobs under way, and the one by creation time.
    under_way = jobs.filter(state__in=(Job.State.QUEUED, Job.State.RUNNING)).values_list("state")
    numbers = dict(under_way.annotate(number=Count("pk")))
    latest = jobs.filter(created_at__gte=now - ASKED_WITHIN)
    failed = latest.filter(state=Job.State.FAILED, ended_at__gte=now - LATELY).count()
    waiting, running = (numbers.get(state, 0) for state in (Job.State.QUEUED, Job.State.RUNNING))
    return {"queued": waiting, "running": running, "failed": failed}
