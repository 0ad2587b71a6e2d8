"""Figures of readings, openings and sign-ins equal the trail's; figures of deletions, imports, exports and jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from messaging.tests.random_threads import property_test, rolled_back
from ops.audit.events import Event
from ops.audit.models import Entry, ShownMessages
from ops.dashboard.figures import data, deletions, messages, oversight
from ops.dashboard.figures.reviewers import reviewers
from ops.dashboard.periods import Period, day_of
from ops.dashboard.rollups import rounds
from ops.dashboard.tests.test_figures_of_messages import ZONES
from ops.deletion.models import DeletionGroup, DeletionRequest, Hold
from ops.exports.models import Export
from ops.imports.models import Import
from ops.jobs.models import Job
from ops.moderation.models import Opening

EVENTS = ("conversation.read", "moderation.case_read", Event.LIST_READ, "export.requested", Event.SIGN_IN_REFUSED)
Written = tuple[str, int, int, int]
entries = st.lists(
    st.tuples(st.sampled_from(EVENTS), st.integers(0, 2), st.integers(-30, 30), st.integers(1, 9)), max_size=12
)


@pytest.mark.django_db
@property_test
@given(st.sampled_from(sorted(ZONES)), entries, st.integers(0, 12))
def test_readings_and_openings_are_those_of_the_trail(zone: str, written: list[Written], kept_after: int) -> None:
    with rolled_back(), override_settings(TIME_ZONE=zone):
        period = Period(ZONES[zone], ZONES[zone])
        around = Period(period.first - timedelta(days=2), period.last + timedelta(days=2))
        people = [make_user(name) for name in ("ann", "ben", "cem")]
        shown = []
        for place, (event, who, hours, number) in enumerate(written):
            at = period.start + timedelta(hours=hours)
            entry = Entry.objects.create(event=event, actor=people[who], at=at)
            ShownMessages.objects.create(entry=entry, first=1, last=number)
            Opening.objects.create(entry=entry, reader=people[who], at=at, conversations=2, broke_glass=number > 6)
            shown.append((event, people[who].pk, at, number))
            if place == kept_after:
                rounds.keep()
        Opening.objects.filter(reader=people[2]).update(broke_glass=False)
        Opening.objects.filter(reader=people[2]).update(conversations=1)
        rounds.keep()
        inside = [one for one in shown if day_of(one[2], period.zone) == period.first]
        read = [one for one in inside if one[0] not in ("export.requested", Event.SIGN_IN_REFUSED)]
        found = oversight.readings(period)
        assert {one.account: one.messages for one in found.people} == {
            one: sum(number for _, who, _, number in read if who == one) for one in {who for _, who, _, _ in read}
        }
        assert found.per_day == [(period.first, sum(number for *_, number in read))]
        assert oversight.readings(around).per_day == [
            (
                day,
                sum(
                    number
                    for event, _, at, number in shown
                    if event not in ("export.requested", Event.SIGN_IN_REFUSED) and day_of(at, period.zone) == day
                ),
            )
            for day in around.each_day()
        ]
        opened = oversight.openings(period)
        assert opened.total == len(inside)
        assert sum(one.broke_glass for one in opened.people) == sum(
            number > 6 for _, who, _, number in inside if who != people[2].pk
        )
        for person in opened.people:
            factor = 1 if person.account == people[2].pk else 2
            assert person.conversations == factor * person.openings
        refused = [one for one in inside if one[0] == Event.SIGN_IN_REFUSED]
        assert oversight.refusals(period).total == len(refused)
        assert oversight.refusals(period).per_day == [(period.first, len(refused))]


def test_outliers_are_far_above_the_others() -> None:
    assert oversight.outliers([10, 12, 11, 9, 100]) == {100}
    assert oversight.outliers([10, 12, 11, 9, 13]) == set()
    assert oversight.outliers([5, 5, 5, 5, 5]) == set()
    assert oversight.outliers([5, 5, 5, 5, 5, 5, 5, 5, 60]) == {60}
    assert oversight.outliers([0, 10, 10, 11, 11, 12]) == set()  # far below the others does not stand out
    assert oversight.outliers([1, 1, 1, 500]) == set()


@pytest.mark.django_db
def test_searches_for_colleagues_are_counted(rita: Any, nils: Any, rosa: Any) -> None:
    for terms in ("nils", "from:Nils money", "rita", "nilsson", "hello"):
        Entry.objects.create(event=Event.SEARCH_MADE, actor=rita, target_label=terms)
    Entry.objects.create(event=Event.SEARCH_MADE, actor=nils, target_label="@rosa, please")
    rounds.keep()
    found = oversight.searches_for_staff(Period.of_days(1))
    assert found.people == [(rita.pk, "rita", 2), (nils.pk, "nils", 1)]
    assert found.total == 3


def test_lists_show_just_the_rows_that_are_counted(client: Client, rosa: Any, alice: Any, bob: Any) -> None:
    """For each figure with a list, the list that a superuser opens shows exactly the rows that were counted."""
    now = timezone.now()
    for number in range(3):
        entry = Entry.objects.create(event=Event.LIST_READ, actor=rosa)
        at = now - timedelta(days=3 * number)
        Opening.objects.create(entry=entry, reader=rosa, at=at, conversations=1, broke_glass=number == 0)
        write(alice, bob, timestamp=at, read=number == 0)
    write(bob, alice, timestamp=now)
    rounds.keep()
    client.force_login(rosa)
    period = Period.of_days(5)
    opened, standing = oversight.openings(period), deletions.standing()
    [person] = opened.people
    for rows, number in (
        (opened.rows, opened.total),
        (opened.glass_rows, opened.broke_glass),
        (person.rows, person.openings),
        (person.glass_rows, 1),
        (standing.to_approve.rows, standing.to_approve.number),
        (standing.holds_rows, standing.holds),
        (standing.held_rows, standing.held),
        (data.jobs(period).under_way_rows, 0),
        *counted_messages(period),
    ):
        page: Any = client.get(f"{reverse(rows.address)}?{rows.query}")
        assert page.status_code == 200, rows
        assert page.context_data["cl"].queryset.count() == number, rows


def counted_messages(period: Period) -> list[tuple[Any, int]]:
    found = messages.sent(period)
    person, _ = messages.busiest_senders(period)
    unread = messages.unread()
    return [
        (found.rows, found.total),
        (found.edited_rows, found.edited),
        (found.unread_rows, found.unread),
        (person.rows, person.number),
        (unread.rows, unread.total),
    ]


@pytest.mark.django_db
def test_deletion_figures_count_requests_and_holds(alice: Any, bob: Any, rita: Any) -> None:
    now = timezone.now()
    group = DeletionGroup.objects.create(basis="request", mode="erase")
    week_ago = now - timedelta(days=7)
    for user, state, at in ((alice, "requested", week_ago), (bob, "refused", now), (None, "done", now)):
        DeletionRequest.objects.create(
            group=group, user=user, state=state, was_active=True, requested_at=at, one_person=True, ended_at=now
        )
    Hold.objects.create(user=alice, kind="legal", placed_at=week_ago)
    standing = deletions.standing()
    assert (standing.open, standing.oldest_open, standing.to_approve.number) == (1, week_ago, 1)
    assert (standing.held, standing.holds, standing.oldest_hold) == (1, 1, week_ago)
    flow = deletions.flow(Period.of_days(3))
    assert (flow.requested, flow.done, flow.per_day[-1][1:]) == (2, 1, (2, 1))


@pytest.mark.django_db
def test_imports_exports_and_jobs_are_counted(rita: Any) -> None:
    period = Period.of_days(2)
    Import.objects.create(file_name="a", size=7, state="stored", stored_at=timezone.now(), outcome={"messages": 5})
    Import.objects.create(file_name="b", size=3, state="discarded")
    Import.objects.create(file_name="c", created_at=timezone.now() - timedelta(days=9))
    Export.objects.create(by=rita, scope="messages", reason="x", size=10, rows=2)
    Export.objects.create(by=rita, scope="person", reason="x", approval="requested")
    for state in ("failed", "finished", "queued"):
        Job.objects.create(kind="imports.check", title="x", state=state)
    imports, exports, jobs = data.imports(period), data.exports(period), data.jobs(period)
    assert (imports.total, imports.size, imports.messages, imports.of_reports) == (2, 10, 5, 0)
    assert dict(imports.by_state)[Import.State.STORED] == 1
    assert (exports.total, exports.size, exports.rows_written, exports.to_approve) == (2, 10, 2, 1)
    (kind,) = jobs.by_kind
    assert (kind.kind, kind.total, kind.failed, jobs.under_way) == ("imports.check", 3, 1, 1)
    assert jobs.failure_rate == pytest.approx(1 / 3)


@pytest.mark.parametrize("zone", sorted(ZONES))
@pytest.mark.django_db
def test_live_figures_begin_and_end_with_the_day_of_the_console(zone: str, rita: Any) -> None:
    """Of four of each, made just before and at either end of a day on which clocks may change, two are in it."""
    with override_settings(TIME_ZONE=zone):
        day = Period(ZONES[zone], ZONES[zone])
        moment = timedelta(microseconds=1)
        group = DeletionGroup.objects.create(basis="request", mode="erase")
        for at in (day.start - moment, day.start, day.end - moment, day.end):
            DeletionRequest.objects.create(
                group=group, state="done", was_active=True, requested_at=at, one_person=True, ended_at=at
            )
            Import.objects.create(file_name="a", created_at=at)
            export = Export.objects.create(by=rita, scope="messages", reason="x")
            Export.objects.filter(pk=export.pk).update(created_at=at)
            job = Job.objects.create(kind="imports.check", title="x")
            Job.objects.filter(pk=job.pk).update(created_at=at)
        deleted = deletions.flow(day)
        assert (deleted.requested, deleted.done, deleted.per_day) == (2, 2, [(day.first, 2, 2)])
        assert (data.imports(day).total, data.exports(day).total, data.jobs(day).total) == (2, 2, 2)


@pytest.mark.django_db
def test_figures_without_data_are_empty() -> None:
    period = Period.of_days(7)
    assert oversight.readings(period).median is None
    assert oversight.readings(period).as_of.waiting  # nothing was ever counted
    rounds.keep()
    assert not oversight.readings(period).as_of.waiting
    assert reviewers(period).people == []
    assert data.jobs(period).failure_rate is None
    assert deletions.standing().open == 0
