"""Figures of imports, exports and jobs. They are few compared with messages, so that each request counts them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, Sum

from ops.dashboard.figures.rows import ListLink, within
from ops.dashboard.periods import Period
from ops.exports.models import Export
from ops.exports.selections import VIEW_ALL
from ops.imports.models import Import
from ops.jobs.leases import UNDER_WAY
from ops.jobs.models import Job
from ops.moderation.models import FlagImport


@dataclass(frozen=True)
class Imports:
    """Files of messages uploaded in a period, by state, with their size in bytes; and the number of files of reports.

    ``messages`` counts the messages that the stored files brought, including those removed again since. ``rows`` has a
    list for each state, and one of all imports under None.
    """

    by_state: list[tuple[Import.State, int]]
    total: int
    size: int
    messages: int
    of_reports: int
    rows: dict[Import.State | None, ListLink]


def imports(period: Period) -> Imports:
    """Return the imports of a period, by when the file was uploaded."""
    rows = Import.objects.filter(created_at__gte=period.start, created_at__lt=period.end).order_by()
    found = {
        state: (number, size) for state, number, size in rows.values_list("state").annotate(Count("pk"), Sum("size"))
    }
    outcomes = rows.filter(stored_at__isnull=False).values_list("outcome", flat=True)
    return Imports(
        [(state, found.get(state.value, (0, 0))[0]) for state in Import.State],
        sum(number for number, _ in found.values()),
        sum(size for _, size in found.values()),
        sum(outcome.get("messages", 0) for outcome in outcomes),
        FlagImport.objects.filter(created_at__gte=period.start, created_at__lt=period.end).count(),
        {state: ListLink.of(Import._meta.label_lower, period, state=state or "") for state in (None, *Import.State)},
    )


@dataclass(frozen=True)
class Exports:
    """Exports requested in a period: their number, and the bytes and rows of their files; and how many await approval
    by a second person now. ``rows`` has a list for each scope, and one of all exports under None."""

    total: int
    by_scope: list[tuple[Export.Scope, int]]
    size: int
    rows_written: int
    to_approve: int
    rows: dict[Export.Scope | None, ListLink]
    to_approve_rows: ListLink


def exports(period: Period) -> Exports:
    """Return the exports of a period, by when they were requested. Exports emptied by an erasure have no size."""
    rows = Export.objects.filter(created_at__gte=period.start, created_at__lt=period.end).order_by()
    by_scope = dict(rows.values_list("scope").annotate(Count("pk")))
    sums = rows.aggregate(size=Sum("size"), rows=Sum("rows"))
    return Exports(
        sum(by_scope.values()),
        [(scope, by_scope.get(scope.value, 0)) for scope in Export.Scope],
        sums["size"] or 0,
        sums["rows"] or 0,
        Export.objects.filter(approval=Export.Approval.REQUESTED).count(),
        {scope: _exports(asked=within(period), scope=scope or "") for scope in (None, *Export.Scope)},
        _exports(approval=Export.Approval.REQUESTED),
    )


def _exports(**query: str) -> ListLink:
    """Return a list of exports; only superusers see everybody's there."""
    return ListLink.of(Export._meta.label_lower, permission=VIEW_ALL, **query)


@dataclass(frozen=True)
class OfKind:
    """The number of jobs of one kind, and how many of them failed."""

    kind: str
    total: int
    failed: int
    rows: ListLink
    failed_rows: ListLink


@dataclass(frozen=True)
class Jobs:
    """Jobs requested in a period, by kind; and those under way now, whenever requested."""

    by_kind: list[OfKind]
    total: int
    failed: int
    under_way: int
    oldest_under_way: datetime | None
    under_way_rows: ListLink
    rows: ListLink
    failed_rows: ListLink

    @property
    def failure_rate(self) -> float | None:
        """The share of jobs that failed; None if there were no jobs."""
        return self.failed / self.total if self.total else None


def jobs(period: Period) -> Jobs:
    """Return the jobs of a period, by when they were requested."""
    rows = Job.objects.filter(created_at__gte=period.start, created_at__lt=period.end).order_by()
    counted = rows.values_list("kind").annotate(
        number=Count("pk"), failed=Count("pk", filter=Q(state=Job.State.FAILED))
    )
    of_kind = (
        OfKind(kind, number, failed, _jobs(period, kind=kind), _jobs(period, kind=kind, state=Job.State.FAILED))
        for kind, number, failed in counted
    )
    by_kind = sorted(of_kind, key=lambda one: (-one.total, one.kind))
    now = Job.objects.filter(state__in=UNDER_WAY).order_by().aggregate(number=Count("pk"), oldest=Min("created_at"))
    return Jobs(
        by_kind,
        sum(one.total for one in by_kind),
        sum(one.failed for one in by_kind),
        now["number"],
        now["oldest"],
        _jobs(state="under-way"),
        _jobs(period),
        _jobs(period, state=Job.State.FAILED),
    )


def _jobs(period: Period | None = None, **query: str) -> ListLink:
    """Return a list of jobs. It matches the figures for users who may see everybody's jobs."""
    return ListLink.of(Job._meta.label_lower, period, permission="jobs.view_job", **query)
