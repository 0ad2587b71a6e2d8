"""Figures of imports, exports and jobs. There are few beside messages: they are counted as they are, at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, Sum

from ops.dashboard.figures.rows import Rows, within
from ops.dashboard.periods import Period
from ops.exports.models import Export
from ops.exports.selections import EVERYBODYS
from ops.imports.models import Import
from ops.jobs.leases import UNDER_WAY
from ops.jobs.models import Job
from ops.moderation.models import FlagImport


@dataclass(frozen=True)
class Imports:
    """Files of messages that were uploaded in a period, by what became of them, with their bytes; and files of reports.

    ``messages`` is how many the stored ones brought, those that were taken away again since among them. ``rows`` are
    those of each state, and all of them under None.
    """

    by_state: list[tuple[Import.State, int]]
    total: int
    size: int
    messages: int
    of_reports: int
    rows: dict[Import.State | None, Rows]


def imports(period: Period) -> Imports:
    """Return the imports of a period, by when the file came."""
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
        {state: Rows.of(Import._meta.label_lower, period, state=state or "") for state in (None, *Import.State)},
    )


@dataclass(frozen=True)
class Exports:
    """Exports that were asked for in a period: how many, with a file of so many bytes and rows; and how many wait for a
    second person now. ``rows`` are those of each scope, and all of them under None."""

    total: int
    by_scope: list[tuple[Export.Scope, int]]
    size: int
    rows_written: int
    to_approve: int
    rows: dict[Export.Scope | None, Rows]
    to_approve_rows: Rows


def exports(period: Period) -> Exports:
    """Return the exports of a period, by when they were asked for. What an erasure took says nothing of its size."""
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


def _exports(**query: str) -> Rows:
    """A list of exports: superusers see all people's."""
    return Rows.of(Export._meta.label_lower, permission=EVERYBODYS, **query)


@dataclass(frozen=True)
class OfKind:
    """Jobs of one kind: how many, and how many of them failed."""

    kind: str
    total: int
    failed: int
    rows: Rows
    failed_rows: Rows


@dataclass(frozen=True)
class Jobs:
    """Jobs that were asked for in a period by kind; and those that are under way now, whenever they were asked for."""

    by_kind: list[OfKind]
    total: int
    failed: int
    under_way: int
    oldest_under_way: datetime | None
    under_way_rows: Rows
    rows: Rows
    failed_rows: Rows

    @property
    def failure_rate(self) -> float | None:
        """The share that failed; None where there was none."""
        return self.failed / self.total if self.total else None


def jobs(period: Period) -> Jobs:
    """Return the jobs of a period, by when they were asked for."""
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


def _jobs(period: Period | None = None, **query: str) -> Rows:
    """A list of jobs: of all people's for those who may see them, whom the figures agree with."""
    return Rows.of(Job._meta.label_lower, period, permission="jobs.view_job", **query)
