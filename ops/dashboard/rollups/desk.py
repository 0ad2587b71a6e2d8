"""Counting the desk by day: reports, cases opened and closed, decisions and who made them."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from django.db.models import F

from messaging.writing import ids_subquery
from ops.audit.models import Entry
from ops.dashboard.models import EarlierPending
from ops.dashboard.rollups import measures
from ops.dashboard.rollups.bins import bin_of
from ops.dashboard.rollups.days import Days, recount
from ops.moderation.events import ModerationEvent
from ops.moderation.models import Case, Cause, Decision, Flag, Source, State

CASE = Case._meta.label_lower


def count(quarters: Collection[str], days: set[date], zone: tzinfo, using: str) -> None:
    """Count these days again, in which something changed. Call it within a transaction."""
    recount(add_to, days, zone, measures.DESK, using)


def add_to(days: Days, using: str) -> None:
    """Count the current rows of these days."""
    _add_flags(days, using)
    _add_cases(days, using)
    _add_decisions(days, using)


def _add_flags(days: Days, using: str) -> None:
    flags = Flag.objects.using(using).filter(**days.within("created_at")).order_by()
    for created_at, label, source in flags.values_list("created_at", "label_id", "source"):
        imported = source == Source.IMPORT
        days.add(created_at, measures.FLAGS, label, imported=imported)
        days.add(created_at, measures.FLAG_SOURCES, source, imported=imported)


def _add_cases(days: Days, using: str) -> None:
    """Count the cases, and for the backlog each time that one became pending or was closed. A case has its latest such
    time, EarlierPending those before."""
    cases: Any = Case.objects.using(using).order_by()
    # Two queries find when cases became pending: only a reopened case has an index by that time.
    opened = cases.filter(**days.within("first_flag_at")).values_list("first_flag_at", "severity", "pending_since")
    for moment, severity, pending_since in opened:
        days.add(moment, measures.OPENED, severity)
        if pending_since == moment:
            days.add(moment, measures.BACKLOG, measures.CAME)
    reopened = cases.filter(**days.within("pending_since")).exclude(pending_since=F("first_flag_at"))
    for moment, severity in reopened.values_list("pending_since", "severity"):
        days.add(moment, measures.REOPENED, severity)
        days.add(moment, measures.BACKLOG, measures.CAME)
    for case in cases.filter(state=State.CLOSED, **days.within("closed_at")):
        days.add(case.closed_at, measures.CLOSED, case.severity)
        days.add(case.closed_at, measures.BACKLOG, measures.WENT)
        if case.first_claimed_at is not None:
            days.add(case.closed_at, measures.TO_CLAIM, bin_of(case.first_claimed_at - case.first_flag_at))
        if case.first_decided_at is not None:
            days.add(case.closed_at, measures.TO_DECIDE, bin_of(case.closed_at - case.pending_since))
    for field, key in (("since", measures.CAME), ("until", measures.WENT)):
        earlier = EarlierPending.objects.using(using).filter(**days.within(field)).values_list(field, flat=True)
        for moment in earlier:
            days.add(moment, measures.BACKLOG, key)


class _Made(NamedTuple):
    """A decision."""

    pk: int
    case: int
    by: int | None
    label: int
    at: datetime
    cause: str
    group: Any
    undone_by: int | None
    undone_id: int | None


MADE = (
    *("pk", "case_id", "decided_by_id", "label_id", "decided_at", "cause", "group"),
    *("reversed_by__decided_by_id", "reversed_by__pk"),
)


def _add_decisions(days: Days, using: str) -> None:
    rows = Decision.objects.using(using).filter(reverses=None).order_by("decided_at", "pk").values_list(*MADE)
    made = [_Made(*row) for row in rows.filter(**days.within("decided_at"))]
    seen: set[tuple[date, int | None, int]] = set()
    for one in made:
        days.add(one.at, measures.DECIDED, one.label)
        if one.cause == Cause.TEXT_CHANGED:
            days.add(one.at, measures.LAPSED, one.label)
        if one.undone_id is not None:
            days.add(one.at, measures.REVERSED, one.label)
            if None not in (one.by, one.undone_by) and one.by != one.undone_by:
                days.add(one.at, measures.OVERTURNED, one.label)
        if one.by is not None:
            days.add(one.at, measures.REVIEWED, one.by)
            once = days.day_of(one.at), one.by, one.case
            if once not in seen:
                days.add(one.at, measures.REVIEWED_CASES, one.by)
            seen.add(once)
    _add_times(days, made, using)
    its_cases = ids_subquery({one.case for one in made}, using=using)
    _add_agreement(days, (_Made(*row) for row in rows.filter(case__in=its_cases)))


def _add_times(days: Days, made: Iterable[_Made], using: str) -> None:
    """Count the times from the claim of a case to its decision; decisions in bulk have no claim."""
    alone = [one for one in made if one.by is not None and one.group is None]
    claims: defaultdict[tuple[str, int], list[datetime]] = defaultdict(list)
    entries = Entry.objects.using(using).filter(
        event=ModerationEvent.CASE_CLAIMED,
        target_type=CASE,
        target_id__in=sorted({str(one.case) for one in alone}),
        at__lt=days.end,
    )
    for case, by, at in entries.order_by("at", "pk").values_list("target_id", "actor_id", "at"):
        claims[case, by].append(at)
    for one in alone:
        its = claims.get((str(one.case), one.by or 0), [])
        before = bisect_right(its, one.at)
        if before:
            length: timedelta = one.at - its[before - 1]
            days.add(one.at, measures.REVIEW_TIMES, f"{one.by}:{bin_of(length)}")


def _add_agreement(days: Days, of_cases: Iterable[_Made]) -> None:
    """Count the labels that both chose, where somebody decided a case after a colleague."""
    latest: dict[int, _Made] = {}
    for one in of_cases:
        before = latest.get(one.case)
        latest[one.case] = one
        if before is None or None in (one.by, before.by) or one.by == before.by:
            continue
        if days.start <= one.at < days.end:
            days.add(one.at, measures.AGREED, f"{one.by}:{one.label}:{before.label}")
            days.add(one.at, measures.AGREED, f"{before.by}:{before.label}:{one.label}")
