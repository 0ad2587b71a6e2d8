"""Figures of the desk and its reviewers equal those of a slow, plain computation, after any steps at the desk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any
from unittest.mock import patch

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from messaging.tests.cast import make_user
from messaging.tests.random_threads import property_test, rolled_back
from ops.accounts.refusals import Refused
from ops.audit.models import Entry
from ops.dashboard.figures import desk as figures
from ops.dashboard.figures.reviewers import Agreement, reviewers
from ops.dashboard.models import DayNumbers, EarlierPending, Noted
from ops.dashboard.periods import Period, console_zone, day_of
from ops.dashboard.rollups import bins, measures, rounds
from ops.dashboard.tests.test_figures_of_messages import everything_kept, rank
from ops.moderation.models import Case, Cause, Decision, Flag, Severity, Source, State
from ops.moderation.tests.desk import lena, mike, mona, spam, threat
from ops.moderation.tests.happenings import ROADS, Crowd, Step

__all__ = ["lena", "mike", "mona", "spam", "threat"]

DAY = date(2027, 3, 28)  # clocks in Berlin go forward
numbers = st.integers(0, 7)
NAMES = sorted({*ROADS, "keep", "shift"} - {"anonymise", "leases_end"})
steps = st.lists(
    st.builds(Step, st.sampled_from([*NAMES, "hide", "dismiss", "hide", "dismiss"]), numbers, numbers), max_size=16
)
BEGINNING = [
    *(Step("write_to_somebody", which, who) for which, who in ((1, 0), (2, 1), (0, 1))),
    *(Step("report", which, who) for which, who in ((0, 1), (1, 2), (2, 0))),
]


@pytest.fixture
def crowd(alice: Any, bob: Any, charlie: Any, mona: Any, mike: Any, lena: Any, spam: Any, threat: Any) -> Crowd:
    return Crowd([alice, bob, charlie, make_user("dora")], [mona, mike, lena], [spam, threat])


@contextmanager
def clock(start: datetime) -> Iterator[Callable[[], None]]:
    """Replace Django's time with a clock; yield a function that sets it forward by almost seven hours."""
    now = start

    def forward() -> None:
        nonlocal now
        now += timedelta(hours=6, minutes=50, seconds=7)

    with patch.object(timezone, "now", lambda: now):
        yield forward


def happen(crowd: Crowd, step: Step) -> None:
    if step.name == "keep":
        rounds.keep()
    elif step.name == "shift":
        for case in Case.objects.filter(state=State.CLOSED)[: step.which]:
            Case.objects.filter(pk=case.pk).update(first_claimed_at=case.first_flag_at + timedelta(hours=step.who))
    elif step.name in ROADS:
        with suppress(Refused), transaction.atomic():
            ROADS[step.name][0](crowd, step)


def made_in(period: Period) -> list[Decision]:
    every = Decision.objects.filter(reverses=None).order_by("decided_at", "pk")
    return [one for one in every if within(period, one.decided_at)]


def within(period: Period, moment: datetime | None) -> bool:
    return moment is not None and period.first <= day_of(moment, console_zone()) <= period.last


def at_end_of(pending: dict[date, int], day: date) -> int:
    """Return how many cases were pending at the end of a day: the number noted on the latest day up to it."""
    return next((number for noted, number in reversed(pending.items()) if noted <= day), 0)


def undoing(decision: Decision) -> Decision | None:
    return Decision.objects.filter(reverses=decision).first()


def assert_true(period: Period) -> None:
    cases, made, zone = list(Case.objects.all()), made_in(period), console_zone()
    closed = [one for one in cases if one.state == State.CLOSED and within(period, one.closed_at)]
    flow = figures.flow(period)
    opened = [one for one in cases if within(period, one.first_flag_at)]
    again = [one for one in cases if within(period, one.pending_since) and one.pending_since != one.first_flag_at]
    assert (flow.opened, flow.reopened, flow.closed) == (len(opened), len(again), len(closed))
    days = Counter(day_of(one.closed_at, zone) for one in closed if one.closed_at)
    assert [(day, went) for day, _, went in flow.per_day] == [(day, days[day]) for day in period.each_day()]

    claimed = [one.first_claimed_at - one.first_flag_at for one in closed if one.first_claimed_at]
    pending = [one.closed_at - one.pending_since for one in closed if one.closed_at and one.first_decided_at]
    speed = figures.speed(period)
    for lengths, figure in ((claimed, speed.to_claim), (pending, speed.to_decide)):
        assert (figure.number, figure.p50, figure.p90) == (len(lengths), by_kind(lengths, 0.5), by_kind(lengths, 0.9))

    undone = [(one, undoing(one)) for one in made]
    by_others = [one for one, other in undone if other and other.decided_by_id not in (None, one.decided_by_id)]
    by_others = [one for one in by_others if one.decided_by_id is not None]
    decided = figures.decisions(period)
    assert decided.total == len(made)
    assert decided.lapsed == sum(one.cause == Cause.TEXT_CHANGED for one in made)
    assert decided.reversed == sum(other is not None for _, other in undone)
    assert decided.overturned == len(by_others)

    flags = [one for one in Flag.objects.all() if within(period, one.created_at)]
    for label in figures.by_label(period):
        assert label.reports == sum(one.label_id == label.label for one in flags)
        assert label.decisions == sum(one.label_id == label.label for one in made)
        assert label.overturned == sum(one.label_id == label.label for one in by_others)
    assert sum(one.reports for one in figures.by_label(period)) == len(flags)
    assert {source: number for source, number, _ in figures.by_source(period)} == {
        one: sum(flag.source == one for flag in flags) for one in Source
    }
    assert_reviewers_true(period, made)


def by_kind(lengths: list[timedelta], share: float) -> timedelta | None:
    exact = rank(lengths, share)
    return None if exact is None else bins.bin_length(bins.bin_of(exact))


def assert_reviewers_true(period: Period, made: list[Decision]) -> None:
    found = {one.account: one for one in reviewers(period).people}
    assert found.keys() == {one.decided_by_id for one in made if one.decided_by_id}
    for account, reviewer in found.items():
        own = [one for one in made if one.decided_by_id == account]
        assert reviewer.decisions == len(own)
        assert reviewer.cases == len({(day_of(one.decided_at, console_zone()), one.case_id) for one in own})
        claimed = [(one, claim_before(one)) for one in own if one.group is None]
        lengths = [one.decided_at - at for one, at in claimed if at is not None]
        assert (reviewer.timed, reviewer.p50) == (len(lengths), by_kind(lengths, 0.5))
        assert reviewer.agreement.compared == compared(period, account)


def claim_before(decision: Decision) -> datetime | None:
    entries = Entry.objects.filter(event="moderation.claimed", target_id=str(decision.case_id))
    entries = entries.filter(actor=decision.decided_by_id, at__lte=decision.decided_at)
    return entries.order_by("-at").values_list("at", flat=True).first()


def compared(period: Period, account: int) -> int:
    number = 0
    for case in Case.objects.all():
        its = Decision.objects.filter(case=case, reverses=None).order_by("decided_at", "pk")
        for one, other in pairwise(its):
            people = {one.decided_by_id, other.decided_by_id}
            number += account in people and len(people - {None}) == 2 and within(period, other.decided_at)
    return number


@pytest.mark.django_db
@property_test
@given(some=steps)
def test_figures_are_true_after_any_events_at_the_desk(crowd: Crowd, some: list[Step], settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    day, around = Period(DAY, DAY), Period(DAY - timedelta(days=3), DAY + timedelta(days=6))
    pending: dict[date, int] = {}
    with rolled_back(), clock(datetime(2027, 3, 26, 20, 30, tzinfo=UTC)) as forward:
        for step in (*BEGINNING, *some):
            happen(crowd, step)
            pending[day_of(timezone.now(), console_zone())] = Case.objects.pending().count()
            forward()
        for period in (day, around):
            rounds.keep()
            assert_true(period)
        for today in around.each_day():
            grew_by = at_end_of(pending, today) - at_end_of(pending, today - timedelta(days=1))
            assert figures.flow(Period(today, today)).grew_by == grew_by
        assert not Noted.objects.exists()
        kept = everything_kept()
        rounds.rebuild()
        rounds.keep()
        assert everything_kept() == kept


@pytest.mark.django_db
def test_a_few_uncounted_changes_at_the_desk_are_included_in_the_figures(crowd: Crowd) -> None:
    today = Period.of_days(1)
    for step in (*BEGINNING, Step("dismiss", 0, 0)):
        happen(crowd, step)
    rounds.keep()
    assert (figures.flow(today).came, figures.flow(today).closed) == (3, 1)
    happen(crowd, Step("dismiss", 1, 1))
    assert Noted.objects.filter(family="desk").exists()
    assert (figures.flow(today).closed, figures.flow(today).grew_by) == (2, 1)
    assert not figures.flow(today).as_of.waiting
    assert figures.decisions(today).share(1) == 0.5


@pytest.mark.django_db
def test_each_closing_and_reopening_of_a_case_counts_for_the_backlog(crowd: Crowd) -> None:
    days = [DAY + timedelta(days=number) for number in range(5)]
    with clock(datetime(2027, 3, 28, 0, 0, tzinfo=UTC)) as forward:
        for steps in (BEGINNING, *([Step(name, 0, who)] for who in (0, 1) for name in ("dismiss", "undo_the_last"))):
            for step in steps:
                happen(crowd, step)
            for _ in range(4):  # more than a day
                forward()
        rounds.keep()
    assert [figures.flow(Period(day, day)).grew_by for day in days] == [3, -1, 1, -1, 1]
    flow = figures.flow(Period(days[0], days[-1]))
    assert (flow.opened, flow.reopened, flow.closed, flow.grew_by) == (3, 1, 0, 3)
    assert EarlierPending.objects.count() == 2


@pytest.mark.django_db
def test_a_case_that_is_reopened_as_of_an_earlier_time_is_pending_once(crowd: Crowd) -> None:
    """As an import does that brings a report from before the case was closed."""
    today = timezone.now().replace(hour=12)
    at = {ago: today - timedelta(days=ago) for ago in (3, 5, 8, 10)}
    for step in (*BEGINNING[:3], BEGINNING[3]):
        happen(crowd, step)
    for reopened_at in (at[5], at[10]):
        Case.objects.update(first_flag_at=at[8], pending_since=at[8], state=State.CLOSED, closed_at=at[3])
        Case.objects.update(pending_since=reopened_at, state=State.OPEN, closed_at=None)
        rounds.keep()
        days = [day_of(today, console_zone()) - timedelta(days=ago) for ago in range(12, -1, -1)]
        pending = list(accumulate(figures.flow(Period(day, day)).grew_by for day in days))
        begun = max(8, (today - reopened_at).days)
        assert pending == [0] * (12 - begun) + [1] * (begun + 1)
        EarlierPending.objects.all().delete()


@pytest.mark.django_db
def test_a_backlog_that_a_worker_of_an_older_version_left_out_is_counted(crowd: Crowd) -> None:
    for step in BEGINNING:
        happen(crowd, step)
    rounds.keep()
    DayNumbers.objects.filter(measure=measures.BACKLOG).delete()
    rounds.keep()
    assert figures.flow(Period.of_days(1)).grew_by == 3


@pytest.mark.django_db
def test_the_backlog_counts_pending_cases_by_severity(crowd: Crowd) -> None:
    for step in BEGINNING:
        happen(crowd, step)
    oldest, _, latest = Case.objects.order_by("pk")
    long_ago = timezone.now() - timedelta(days=40)
    Case.objects.filter(pk=oldest.pk).update(pending_since=long_ago, due_at=long_ago, severity=Severity.THREAT)
    Case.objects.filter(pk=latest.pk).update(severity=Severity.LOW)
    found = figures.backlog()
    assert (found.total.number, found.total.oldest, found.total.overdue) == (3, long_ago, 1)
    assert [one.severity for one in found.by_severity] == list(Severity)
    assert sum(one.number for one in found.by_severity) == 3
    assert found.by_severity[1].overdue == 1
    assert found.total.overdue_rows.query == "state=pending&overdue=yes"


def test_agreement_needs_thirty_cases_and_more_than_one_label() -> None:
    """A worked example of Cohen's kappa (1960) in whole numbers, too few cases, a single label, and both extremes."""
    pairs = {("a", "a"): 20, ("a", "b"): 5, ("b", "a"): 10, ("b", "b"): 15}
    found = Agreement.of(pairs)
    assert found.compared == 50
    assert found.kappa == pytest.approx(0.4)
    assert Agreement.of({("a", "a"): 29}) == Agreement(29, None)
    assert Agreement.of({("a", "a"): 40}) == Agreement(40, None)
    assert Agreement.of({("a", "a"): 15, ("b", "b"): 15}).kappa == pytest.approx(1)
    assert Agreement.of({("a", "b"): 20, ("b", "a"): 20}).kappa == pytest.approx(-1)


@pytest.mark.django_db
def test_an_erased_reviewer_leaves_the_figures_of_reviewers(crowd: Crowd, mona: Any) -> None:
    for step in (*BEGINNING, Step("dismiss", 0, 0)):
        happen(crowd, step)
    rounds.keep()
    [reviewer] = reviewers(Period.of_days(1)).people
    assert (reviewer.account, reviewer.name, reviewer.read_per_case) == (mona.pk, "mona", 0)
    mona.delete()
    assert reviewers(Period.of_days(1)).people == []
    rounds.keep()
    assert figures.decisions(Period.of_days(1)).total == 1
