"""Figures of messages equal those of a slow, plain computation, after any changes to messages."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any, NamedTuple

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from messaging.database.moments import EARLIEST, LATEST
from messaging.erasing.erasure import erase_user_data
from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from messaging.tests.random_threads import property_test, rolled_back
from ops.dashboard.figures import messages as figures
from ops.dashboard.models import Beginning, DayNumbers, Family, Keeping, Noted
from ops.dashboard.periods import Period, console_zone, day_of
from ops.dashboard.rollups import bins, messages, reading, rounds, triggers
from ops.imports.models import Import
from ops.imports.storing.ids import ids_after
from ops.imports.tests.files import row
from ops.imports.tests.importing import stored_import, undone

# Zones, each with a day on which its clocks change, if they ever do.
ZONES = {
    "UTC": date(2026, 2, 28),
    "Europe/Berlin": date(2026, 3, 29),
    "Europe/London": date(2026, 10, 25),
    "Asia/Kathmandu": date(2026, 1, 1),
    "America/Havana": date(2026, 11, 1),
    "Australia/Lord_Howe": date(2026, 4, 5),
}


class Truth(NamedTuple):
    """The expected figures of a period."""

    sent: int
    imported: int
    edited: int
    unread: int
    per_day: list[tuple[date, int]]
    begun: int
    replies: int
    p50: timedelta | None
    p90: timedelta | None
    senders: list[tuple[int, int]]
    receivers: list[tuple[int, int]]
    hours: list[list[int]]


def truth(period: Period, imported: bool) -> Truth:
    """Compute the figures of a period by looking at every message."""
    zone = console_zone()
    stored = Import.objects.exclude(message_base=None)
    ranges = [ids_after(one.message_base, one.last_row) for one in stored]

    def is_imported(message: Message) -> bool:
        return any(first < message.pk <= last for first, last in ranges)

    every = list(Message.objects.order_by("timestamp", "id"))
    inside = [
        one for one in every if period.first <= day_of(one.timestamp, zone) <= period.last
        if imported or not is_imported(one)
    ]  # fmt: skip
    begun, lengths = 0, []
    for conversation in {one.conversation_id for one in every}:
        first, *others = (one for one in every if one.conversation_id == conversation)
        if is_imported(first) and not imported:
            continue
        begun += period.contains(first.timestamp)
        reply = next((one for one in others if one.sender_id != first.sender_id), None)
        if reply is not None and period.contains(reply.timestamp):
            lengths.append(reply.timestamp - first.timestamp)
    hours = [[0] * 24 for _ in range(7)]
    for one in inside:
        local = one.timestamp.astimezone(zone)
        hours[local.weekday()][local.hour] += 1
    days = Counter(day_of(one.timestamp, zone) for one in inside)
    return Truth(
        len(inside),
        sum(map(is_imported, inside)),
        sum(one.edited for one in inside),
        sum(not one.read for one in inside),
        [(day, days[day]) for day in period.each_day()],
        begun,
        len(lengths),
        rank(lengths, 0.5),
        rank(lengths, 0.9),
        ranked(one.sender_id for one in inside),
        ranked(one.receiver_id for one in inside),
        hours,
    )


def rank(lengths: Sequence[timedelta], share: float) -> timedelta | None:
    return sorted(lengths)[math.ceil(share * len(lengths)) - 1] if lengths else None


def ranked(people: Any) -> list[tuple[int, int]]:
    return sorted(Counter(people).items(), key=lambda one: (-one[1], one[0]))[:5]


def counted_truth(period: Period, imported: bool) -> Truth:
    """Return the same from the figures, with percentiles by kind of length (rollups/bins.py)."""
    sent, replies = figures.sent(period, imported=imported), figures.first_replies(period, imported=imported)
    return Truth(
        sent.total,
        sent.imported,
        sent.edited,
        sent.unread,
        sent.per_day,
        figures.begun(period, imported=imported).total,
        replies.total,
        replies.p50,
        replies.p90,
        [(one.account, one.number) for one in figures.busiest_senders(period, imported=imported)],
        [(one.account, one.number) for one in figures.busiest_receivers(period, imported=imported)],
        figures.hours_of_week(period, imported=imported).numbers,
    )


def by_kinds(true: Truth) -> Truth:
    p50, p90 = (None if one is None else bins.bin_length(bins.bin_of(one)) for one in (true.p50, true.p90))
    return true._replace(p50=p50, p90=p90)


def assert_true(*periods: Period) -> None:
    for period in periods:
        for imported in (True, False):
            assert counted_truth(period, imported) == by_kinds(truth(period, imported))


def periods_around(day: date) -> list[Period]:
    return [Period(day, day), Period(day - timedelta(days=2), day + timedelta(days=2))]


Act = tuple[str, int, int, int]
acts = st.lists(
    st.tuples(
        st.sampled_from(("write", "answer", "edit", "read", "move", "delete", "erase", "raw", "turn", "keep")),
        st.integers(0, 2),
        st.integers(0, 9),
        st.integers(-40, 52),  # half hours from midnight
    ),
    min_size=3,
    max_size=14,
)


def do(act: Act, people: Sequence[Any], midnight: datetime) -> None:
    kind, person, number, halves = act
    at = midnight + timedelta(minutes=30 * halves, seconds=number)
    stored = list(Message.objects.order_by("id"))
    one = stored[number % len(stored)] if stored else None
    who = people[person]
    if kind == "write":
        write(who, people[number % 3], timestamp=at)
    elif kind == "keep":
        rounds.keep()
    elif kind == "erase":
        erase_user_data(who.pk)
    elif one is None:
        write(who, people[number % 3], timestamp=at, read=True)
    elif kind == "answer":
        answer(one, sender=who, timestamp=at)
    elif kind == "edit":
        Message.objects.filter(pk=one.pk).update(content=f"changed {number}")
    elif kind == "read":
        Message.objects.filter(sender=who).mark_read()
    elif kind == "move":
        Message.objects.filter(pk=one.pk).update(timestamp=at)
    elif kind == "delete":
        one.delete()
    elif kind == "turn":
        Message.objects.filter(pk=one.pk).update(sender=one.receiver_id, receiver=one.sender_id)
    else:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE messaging_message SET read = NOT read WHERE sender_id = %s", [who.pk])


@pytest.mark.django_db
@property_test
@given(st.sampled_from(sorted(ZONES)), acts)
def test_figures_are_true_after_any_changes(zone: str, happened: list[Act]) -> None:
    with rolled_back(), override_settings(TIME_ZONE=zone):
        people = [make_user(name) for name in ("ann", "ben", "cem")]
        day = ZONES[zone]
        midnight = Period(day, day).start
        for act in happened:
            do(act, people, midnight)
        rounds.keep()
        assert not Noted.objects.exists()
        assert_true(*periods_around(day))
        kept = everything_kept()
        rounds.rebuild()
        rounds.keep()
        assert everything_kept() == kept


def everything_kept() -> set[tuple[Any, ...]]:
    rows = DayNumbers.objects.values_list("day", "measure", "imported", "numbers", "total")
    numbers = ((day, name, imported, sorted(found.items()), total) for day, name, imported, found, total in rows)
    return {tuple(map(str, one)) for one in (*numbers, *Beginning.objects.values_list())}


@pytest.mark.django_db
def test_a_few_uncounted_messages_are_included_in_the_figures(alice: Any, bob: Any, monkeypatch: Any) -> None:
    rounds.keep()
    period = Period.of_days(2)
    now = timezone.now()
    first = write(alice, bob, timestamp=now)
    write(bob, alice, timestamp=now - timedelta(hours=20), read=True)
    Message.objects.filter(pk=first.pk).update(content="other")
    found = figures.sent(period)
    assert (found.total, found.edited, found.unread) == (2, 1, 1)
    assert (found.edit_rate, found.as_of.waiting) == (0.5, False)
    assert sum(map(sum, figures.hours_of_week(period).numbers)) == 2
    assert figures.begun(period).total == 0
    assert figures.begun(period).as_of.at == Keeping.objects.get().kept_at
    with monkeypatch.context() as patch:
        patch.setattr(reading, "MOST_MESSAGES", 1)
        assert figures.sent(period).total == 0
        as_of = figures.sent(period).as_of
        assert (as_of.at, as_of.waiting) == (Keeping.objects.get().kept_at, False)
        patch.setattr(reading, "MOST_MESSAGES", 2)
        assert figures.sent(period).total == 2
    monkeypatch.setattr(reading, "MOST_QUARTERS", 1)
    assert figures.sent(period).total == 0
    assert figures.sent(period).as_of.waiting
    rounds.keep()
    assert (figures.sent(period).total, figures.begun(period).total) == (2, 2)
    unread = figures.unread()
    assert (unread.total, unread.oldest, unread.older_than) == (1, now, {1: 0, 7: 0, 30: 0})


@pytest.mark.django_db(transaction=True)
def test_figures_are_true_after_an_import_and_its_undo(alice: Any, bob: Any, settings: Any, tmp_path: Any) -> None:
    """The import adds messages dated between stored ones, an answer to one, and the parent that another one awaits."""
    settings.PRIVATE_DIR = tmp_path
    day = date(2026, 1, 5)
    old = write(bob, alice, "old words", external_id="old")
    write(alice, bob, timestamp=datetime(2026, 1, 5, 23, 59, tzinfo=UTC), awaited_parent_external_id="3")
    rounds.keep()
    stored = everything_kept()
    batch = stored_import(
        row("1", timestamp="2026-01-04T23:59:59Z"),
        row("2", "1", sender="bob", receiver="alice", timestamp="2026-01-05T09:30:00Z"),
        row("3", "old", timestamp="2026-01-05T09:00:00Z"),
    )
    rounds.keep()
    assert_true(*periods_around(day))
    assert figures.sent(Period(day, day)).imported == 2
    assert figures.sent(Period(day, day), imported=False).total == 2
    Message.objects.filter(pk=old.pk).update(content="other words")
    undone(batch)
    rounds.keep()
    assert_true(*periods_around(day))
    Message.objects.filter(pk=old.pk).update(edited=False)
    rounds.keep()
    assert everything_kept() == stored


@pytest.mark.django_db
def test_only_changed_days_are_recounted(alice: Any, bob: Any, django_assert_num_queries: Any) -> None:
    """A round without changes runs few queries; an old day without changes is not counted again."""
    write(alice, bob)
    rounds.keep()
    DayNumbers.objects.filter(measure="sent").update(numbers={"40": 7}, total=7)
    write(alice, bob, timestamp=timezone.now())
    assert rounds.keep(seconds=0)  # nothing is left, though no time was
    assert DayNumbers.objects.filter(measure="sent", numbers={"40": 7}).exists()
    with django_assert_num_queries(7):
        rounds.keep()
    call_command("rebuild_figures", stdout=StringIO(), stderr=StringIO(), verbosity=0)
    assert not DayNumbers.objects.filter(measure="sent", numbers={"40": 7}).exists()


@pytest.mark.django_db
@override_settings(TIME_ZONE="UTC")
def test_the_last_moment_of_a_quarter_belongs_to_it(alice: Any, bob: Any) -> None:
    first = write(alice, bob, timestamp=datetime(2026, 1, 5, 10, 14, 59, 999_900, tzinfo=UTC))
    answer(first, sender=bob, timestamp=datetime(2026, 1, 5, 23, 59, 59, 999_900, tzinfo=UTC))
    rounds.keep()
    assert DayNumbers.objects.get(measure="sent").numbers == {"40": 1, "95": 1}
    assert DayNumbers.objects.get(measure="begun").numbers == {"40": 1}
    assert_true(*periods_around(date(2026, 1, 5)))


@pytest.mark.django_db
def test_changing_the_time_zone_recounts_the_days(alice: Any, bob: Any) -> None:
    write(alice, bob, timestamp=datetime(2026, 1, 5, 23, 30, tzinfo=UTC))
    rounds.keep()
    with override_settings(TIME_ZONE="Asia/Tokyo"):
        call_command("keep_figures", stdout=StringIO())
        assert_true(Period(date(2026, 1, 5), date(2026, 1, 5)), Period(date(2026, 1, 6), date(2026, 1, 6)))
        assert DayNumbers.objects.filter(measure="sent").get().day == date(2026, 1, 6)


@pytest.mark.django_db
def test_deleted_people_are_in_no_number(alice: Any, bob: Any, charlie: Any) -> None:
    write(alice, bob)
    write(bob, charlie)
    rounds.keep()
    number = str(alice.pk)
    alice.delete()
    assert not [one for one in DayNumbers.objects.filter(measure__in=("senders", "receivers")) if number in one.numbers]
    rounds.keep()
    assert_true(*periods_around(date(2026, 1, 5)))
    assert Beginning.objects.count() == 1


@pytest.mark.django_db
def test_far_moments_and_people_without_a_name_are_counted(alice: Any, bob: Any) -> None:
    for year in (1, 1890, 9999):
        write(alice, bob, timestamp=datetime(year, 1, 4, tzinfo=UTC))
    rounds.keep()
    assert DayNumbers.objects.filter(measure="sent").count() == 3
    with override_settings(TIME_ZONE="Africa/Monrovia"):
        rounds.keep()
        period = Period(date(1890, 1, 2), date(1890, 1, 5))
        assert figures.sent(period).total == 1
        DayNumbers.objects.filter(measure="senders", day__year=1890).update(numbers={"987654": 1})
        assert [(one.name, one.number) for one in figures.busiest_senders(period)] == [(None, 1)]


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Havana"])
@pytest.mark.parametrize("at", [EARLIEST, LATEST])
def test_the_first_and_the_last_moment_there_may_be_are_counted(alice: Any, bob: Any, zone: str, at: datetime) -> None:
    with override_settings(TIME_ZONE=zone):
        write(alice, bob, timestamp=at)
        rounds.keep()
        assert sum(row.total for row in DayNumbers.objects.filter(measure="sent")) == 1


@pytest.mark.django_db
def test_triggers_can_be_taken_off_and_put_back() -> None:
    assert triggers.are_installed("default")
    triggers.remove("default")
    assert not triggers.are_installed("default")
    triggers.install("default")
    triggers.install("default")
    assert triggers.are_installed("default")


@pytest.mark.django_db
@override_settings(TIME_ZONE="UTC")
def test_changes_during_a_round_are_counted_in_the_same_round(alice: Any, bob: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(rounds, "DAYS", 1)
    monkeypatch.setattr(rounds, "FIRST", 1)
    days = [date(2026, 1, 5), date(2026, 2, 5), date(2026, 3, 5)]
    for day in days:
        write(alice, bob, timestamp=Period(day, day).start)
    counted: list[list[date]] = []

    def count(quarters: Sequence[str], its_days: set[date], zone: Any, using: str) -> None:
        messages.count(quarters, its_days, zone, using)
        if not counted:
            write(bob, alice, timestamp=Period(days[2], days[2]).start + timedelta(hours=8))
        counted.append(sorted(its_days))

    monkeypatch.setattr(rounds, "COUNTING", {**rounds.COUNTING, Family.MESSAGES: count})
    rounds.keep()
    assert counted == [[days[2]], [days[1]], [days[0]], [days[2]]]
    assert not Noted.objects.exists()
    assert_true(*periods_around(days[2]))


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite they leave nothing behind")
def test_counting_makes_no_temporary_tables(alice: Any, bob: Any) -> None:
    """Each would leave dead rows in PostgreSQL's catalogue."""
    answer(write(alice, bob), sender=bob)
    with CaptureQueriesContext(connection) as captured:
        rounds.keep()
    assert Beginning.objects.get().replied_at is not None
    assert not [one for one in captured if "CREATE" in one["sql"]]
