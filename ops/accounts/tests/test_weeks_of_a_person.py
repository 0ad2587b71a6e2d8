"""The twelve weeks at the head of a person's page: in the reader's time zone, with bars relative to the busiest
week."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from messaging.tests.conversations import write
from ops.accounts.person import newest
from ops.accounts.person.weeks import HEIGHT, WEEKS, Weeks, weeks_of

NOW = datetime(2026, 3, 11, 15, 0, tzinfo=UTC)  # a Wednesday
MONDAY = datetime(2026, 3, 9, tzinfo=UTC)


def sent_at(moment: datetime) -> dict[str, Any]:
    return {"timestamp": moment}


def counted(weeks: Weeks) -> dict[date, tuple[int, int]]:
    return {week.monday: (week.sent, week.received) for week in weeks.weeks if week.sent or week.received}


def test_each_message_counts_in_the_week_it_was_sent(alice: Any, bob: Any) -> None:
    write(alice, bob, **sent_at(MONDAY))
    write(alice, bob, **sent_at(MONDAY - timedelta(seconds=1)))
    write(bob, alice, **sent_at(NOW))
    first = MONDAY - timedelta(weeks=WEEKS - 1)
    write(bob, alice, **sent_at(first))
    write(bob, alice, **sent_at(first - timedelta(seconds=1)))  # the week before the twelve
    weeks = weeks_of(alice, now=NOW)
    assert len(weeks.weeks) == WEEKS
    assert counted(weeks) == {first.date(): (0, 1), date(2026, 3, 2): (1, 0), date(2026, 3, 9): (1, 1)}
    assert (weeks.sent, weeks.received, weeks.is_cut) == (2, 2, False)


def test_a_week_begins_at_midnight_where_the_reader_is(alice: Any, bob: Any) -> None:
    write(alice, bob, **sent_at(MONDAY - timedelta(minutes=30)))  # half past midnight in Berlin
    with timezone.override("Europe/Berlin"):
        assert counted(weeks_of(alice, now=NOW)) == {MONDAY.date(): (1, 0)}


def test_uncounted_messages_are_reported(alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest, "NEWEST", 2)
    for minute in range(3):
        write(alice, bob, **sent_at(NOW + timedelta(minutes=minute)))
    weeks = weeks_of(alice, now=NOW)
    assert (weeks.sent, weeks.is_cut, weeks.limit) == (2, True, 2)


def test_bars_are_scaled_to_the_busiest_week_and_never_vanish(alice: Any, bob: Any) -> None:
    write(bob, alice, **sent_at(MONDAY))
    for minute in range(200):
        write(alice, bob, **sent_at(MONDAY - timedelta(weeks=1, minutes=-minute)))
    bars = weeks_of(alice, now=NOW).bars
    assert [(bar.look, bar.height, bar.y) for bar in bars] == [("sent", HEIGHT, 0), ("received", 2, HEIGHT - 2)]
    assert weeks_of(bob, now=NOW + timedelta(weeks=WEEKS)).bars == []
