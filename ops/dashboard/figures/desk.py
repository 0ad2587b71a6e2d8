"""Figures of the review desk: pending cases, cases opened and closed, how long they took, and decisions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Min, Q
from django.utils import timezone

from ops.dashboard.figures.rows import ListLink, within
from ops.dashboard.models import Family
from ops.dashboard.periods import Period
from ops.dashboard.rollups import measures
from ops.dashboard.rollups.bins import percentile
from ops.dashboard.rollups.reading import AsOf, Reading, read
from ops.moderation.models import Case, Decision, Flag, Label, Severity, Source

BECAME = ("lapsed", "undone", "overturned")  # the filter of the list of decisions


@dataclass(frozen=True)
class Waiting:
    """Pending cases of one severity, or of all (None): their number, when the oldest became pending, how many are
    overdue."""

    severity: Severity | None
    number: int
    oldest: datetime | None
    overdue: int
    rows: ListLink
    overdue_rows: ListLink

    @classmethod
    def of(cls, severity: Severity | None, number: int, oldest: datetime | None, overdue: int) -> Waiting:
        """Return them with the lists of these cases."""
        rows = (_queue(state="pending", severity=severity or "", overdue=late) for late in ("", "yes"))
        return cls(severity, number, oldest, overdue, *rows)


@dataclass(frozen=True)
class Backlog:
    """Cases pending now: all that are not closed, including waiting and escalated ones."""

    total: Waiting
    by_severity: list[Waiting]  # the worst first; every severity, even without cases
    as_of: AsOf


def backlog() -> Backlog:
    """Return the cases pending now. The query costs as much as there are pending cases, however many are closed."""
    now = timezone.now()
    pending = Case.objects.pending().order_by().values("severity")
    found = pending.annotate(
        number=Count("pk"), oldest=Min("pending_since"), overdue=Count("pk", filter=Q(due_at__lt=now))
    )
    rows = {one["severity"]: one for one in found}
    parts = [
        Waiting.of(severity, one["number"], one["oldest"], one["overdue"])
        if (one := rows.get(severity))
        else Waiting.of(severity, 0, None, 0)
        for severity in Severity
    ]
    oldest = min((one.oldest for one in parts if one.oldest is not None), default=None)
    total = Waiting.of(None, sum(one.number for one in parts), oldest, sum(one.overdue for one in parts))
    return Backlog(total, parts, AsOf(now, waiting=False))


@dataclass(frozen=True)
class Flow:
    """Cases that came (opened or reopened) and went (closed, whether decided or settled otherwise), by day.

    Each case counts once in each of these numbers: a reopened case counts as closed once it is closed again, and by
    its latest reopening. ``grew_by`` is how many more cases were pending at the end of the period than at its start;
    below 0 if fewer were.
    """

    opened: int
    reopened: int
    closed: int
    grew_by: int
    per_day: list[tuple[date, int, int]]  # day, came, went
    as_of: AsOf
    opened_rows: ListLink
    reopened_rows: ListLink
    closed_rows: ListLink

    @property
    def came(self) -> int:
        return self.opened + self.reopened


def flow(period: Period) -> Flow:
    """Return the cases opened, reopened and closed in a period."""
    names = (measures.OPENED, measures.REOPENED, measures.CLOSED)
    reading = _read(period, keys=[measures.BACKLOG], days=names)
    backlog = reading.by_key(measures.BACKLOG)
    opened, reopened, closed = (reading.by_day(name) for name in names)
    per_day = [
        (day, new + again, went) for (day, new), (_, again), (_, went) in zip(opened, reopened, closed, strict=True)
    ]
    new_ones, again_ones, gone = (reading.total(name) for name in names)
    return Flow(
        new_ones,
        again_ones,
        gone,
        backlog[measures.CAME] - backlog[measures.WENT],
        per_day,
        reading.as_of,
        _queue(state="all", opened=within(period)),
        _queue(state="all", reopened=within(period)),
        closed_in(period),
    )


def closed_in(period: Period) -> ListLink:
    """Return the list of the cases that were closed in a period, and not reopened since."""
    return _queue(period, state="closed")


@dataclass(frozen=True)
class Lengths:
    """How long something took: p50 and p90, accurate to 4.5 per cent, of ``number`` lengths; None if there are none."""

    number: int
    p50: timedelta | None
    p90: timedelta | None

    @classmethod
    def of(cls, reading: Reading, measure: str) -> Lengths:
        kinds = reading.by_key(measure)
        return cls(kinds.total(), percentile(kinds, 0.5), percentile(kinds, 0.9))


@dataclass(frozen=True)
class Speed:
    """Lengths of the cases closed in a period, so that slow cases are not left out: from the first report to the first
    claim (of cases that were claimed), and from when a case last became pending to its closing (of decided cases)."""

    to_claim: Lengths
    to_decide: Lengths
    as_of: AsOf


def speed(period: Period) -> Speed:
    """Return how long the cases closed in a period took."""
    reading = _read(period, keys=(measures.TO_CLAIM, measures.TO_DECIDE))
    return Speed(Lengths.of(reading, measures.TO_CLAIM), Lengths.of(reading, measures.TO_DECIDE), reading.as_of)


@dataclass(frozen=True)
class Decisions:
    """Decisions by the day on which they were made, and their state now: lapsed, because a text that they cover was
    changed; reversed, because somebody undid them; overturned, if that was a colleague."""

    total: int
    lapsed: int
    reversed: int
    overturned: int
    per_day: list[tuple[date, int]]
    as_of: AsOf
    rows: dict[str, ListLink]  # all under ""; lapsed, undone and overturned ones under these names (BECAME)

    def share(self, number: int) -> float | None:
        """Return ``number`` as a share of all decisions; None if there are none."""
        return number / self.total if self.total else None


def decisions(period: Period) -> Decisions:
    """Return the decisions made in a period, without those that only undo one."""
    became = (measures.LAPSED, measures.REVERSED, measures.OVERTURNED)
    reading = _read(period, keys=became, days=[measures.DECIDED])
    total, lapsed, undone, overturned = (reading.total(name) for name in (measures.DECIDED, *became))
    rows = {now: _decided(period, now=now) for now in ("", *BECAME)}
    return Decisions(total, lapsed, undone, overturned, reading.by_day(measures.DECIDED), reading.as_of, rows)


@dataclass(frozen=True)
class OfLabel:
    """Reports and decisions of one label, and how many of the decisions lapsed, were undone or overturned."""

    label: int
    name: str
    reports: int
    decisions: int
    lapsed: int
    reversed: int
    overturned: int
    report_rows: ListLink
    pending_rows: ListLink | None  # pending cases with a report of this label; the queue filters by active labels only
    decided_rows: dict[str, ListLink]  # as Decisions.rows


def by_label(period: Period, *, imported: bool = True) -> list[OfLabel]:
    """Return the reports and decisions of a period by label, the most reported first; only labels that were used.

    Imported reports count by when they were made; they are left out if ``imported`` is False.
    """
    names = (measures.FLAGS, measures.DECIDED, measures.LAPSED, measures.REVERSED, measures.OVERTURNED)
    reading = _read(period, keys=names, imported=imported)
    numbers = {name: reading.by_key(name) for name in names}
    used = {int(key) for found in numbers.values() for key, number in found.items() if number}
    labels = {one.pk: one for one in Label.objects.filter(pk__in=used)}
    rows = []
    for pk, label in labels.items():
        reports, decided, lapsed, undone, overturned = (numbers[name][str(pk)] for name in names)
        pending = _queue(state="pending", label=label.slug) if label.active else None
        decided_rows = {became: _decided(period, label=label.slug, now=became) for became in ("", *BECAME)}
        reported = reported_in(period, imported=imported, label=label.slug)
        rows.append(
            OfLabel(pk, label.name, reports, decided, lapsed, undone, overturned, reported, pending, decided_rows)
        )
    return sorted(rows, key=lambda one: (-one.reports, -one.decisions, one.name))


def by_source(period: Period) -> list[tuple[Source, int, ListLink]]:
    """Return the number and the list of the reports made in a period for every source, including withdrawn ones."""
    found = _read(period, keys=[measures.FLAG_SOURCES]).by_key(measures.FLAG_SOURCES)
    return [(source, found[source.value], reported_in(period, source=source.value)) for source in Source]


def reports_per_day(period: Period, *, imported: bool = True) -> list[tuple[date, int]]:
    """Return the reports made on each day of a period."""
    return _read(period, days=[measures.FLAGS], imported=imported).by_day(measures.FLAGS)


def _read(period: Period, *, keys: Collection[str] = (), days: Collection[str] = (), imported: bool = True) -> Reading:
    return read(Family.DESK, period, keys=keys, days=days, imported=imported)


def reported_in(period: Period, *, imported: bool = True, **query: str) -> ListLink:
    """Return the list of the reports made in a period."""
    query = query if imported else {**query, "source": "not-imported"}
    return ListLink.of(Flag._meta.label_lower, period, **query)


def decided_in(period: Period) -> ListLink:
    """Return the list of the decisions made in a period."""
    return _decided(period)


def _decided(period: Period, **query: str) -> ListLink:
    return ListLink.of(Decision._meta.label_lower, period, **query)


def _queue(closed_in: Period | None = None, **query: str) -> ListLink:
    return ListLink.of(Case._meta.label_lower, closed_in, **query)
