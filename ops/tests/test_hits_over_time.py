"""Bars above a list show when the messages that a search found were sent."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.models import Message
from messaging.search.language import LONGEST
from messaging.tests.conversations import write
from ops.console.searching.when import over_time

CONVERSATIONS = reverse("admin:messaging_conversation_changelist")
MESSAGES = reverse("admin:messaging_message_changelist")
BOTH = pytest.mark.parametrize("at", [CONVERSATIONS, MESSAGES])


@pytest.fixture
def harbours(alice: Any, bob: Any, charlie: Any) -> list[Message]:
    """Store three matches of January 2025, one of March, and a message that does not match."""
    sent = [(2025, 1, 3), (2025, 1, 31), (2025, 1, 31), (2025, 3, 1)]
    found = [
        write(alice if day == 3 else charlie, bob, "The harbour", timestamp=datetime(year, month, day, 12, tzinfo=UTC))
        for year, month, day in sent
    ]
    return [*found, write(alice, bob, "nothing", timestamp=datetime(2025, 2, 1, tzinfo=UTC))]


def bars(client: Client, at: str, **query: str) -> dict[str, int]:
    when = client.get(at, query).context["cl"].over_time
    return {} if when is None else {bar.title: bar.number for bar in when.bars}


@BOTH
def test_each_bar_leads_to_the_messages_that_it_counts(reviewing: Client, harbours: list[Message], at: str) -> None:
    page = reviewing.get(at, {"q": "harbour"})
    months = page.context["cl"].over_time
    assert [(bar.title, bar.number) for bar in months.bars] == [
        ("January 2025", 3), ("February 2025", 0), ("March 2025", 1),
    ]  # fmt: skip
    assert "4 messages by month, January 2025 to March 2025." in page.content.decode()
    january, february, _ = months.bars
    assert [bar.words for bar in months.bars] == ["January 2025: 3 messages", "", "March 2025: 1 message"]
    assert february.address == ""
    days = reviewing.get(f"{at}{january.address}").context["cl"]
    assert (days.query, len(days.result_list)) == ("harbour on:2025-01", 3)
    counted = [(bar.title, bar.number) for bar in days.over_time.bars if bar.number]
    assert counted == [("3 January 2025", 1), ("31 January 2025", 2)]
    day = reviewing.get(f"{at}{days.over_time.bars[-1].address}").context["cl"]
    assert (day.query, len(day.result_list), day.over_time) == ("harbour on:2025-01-31", 2, None)


@BOTH
def test_bars_keep_the_search_and_its_filters(reviewing: Client, harbours: list[Message], at: str, alice: Any) -> None:
    either = reviewing.get(at, {"q": "harbour OR nothing"}).context["cl"].over_time
    narrower = reviewing.get(f"{at}{either.bars[1].address}").context["cl"]
    assert (narrower.query, len(narrower.result_list)) == ("(harbour OR nothing) on:2025-02", 1)
    of_alice = bars(reviewing, at, q="harbour OR nothing", participant=str(alice.pk))
    assert [title for title, number in of_alice.items() if number] == ["3 January 2025", "1 February 2025"]


@BOTH
def test_no_bars_are_drawn_without_a_valid_search_or_for_too_many_hits(
    reviewing: Client, harbours: list[Message], at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bars(reviewing, at) == bars(reviewing, at, q="colour:red") == {}
    too_long = f'harbour -"{"x" * (LONGEST - 15)}"'
    assert {bar.address for bar in reviewing.get(at, {"q": too_long}).context["cl"].over_time.bars} == {""}
    monkeypatch.setattr("ops.console.keyset.MAX_COUNTED", 3)
    assert bars(reviewing, at, q="harbour") == {}


def test_days_follow_the_readers_zone_and_long_periods_are_shown_by_year() -> None:
    late = datetime(2025, 1, 31, 23, 30, tzinfo=UTC)
    with timezone.override("Europe/Berlin"):
        found = over_time([late, datetime(2025, 1, 31, 9, tzinfo=UTC)], lambda period: period)
    assert found is not None and [bar.address for bar in found.bars] == ["2025-01-31", "2025-02-01"]
    years = over_time([late, late.replace(year=2004)], lambda period: period)
    assert years is not None and (years.unit, len(years.bars), years.bars[0].address) == ("year", 22, "2004")
    assert over_time([late, late.replace(year=date.min.year)], lambda period: period) is None
