"""The figures of the dashboard: right, cached for a minute, stale after a change, computed by one request at a time."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.models import Message
from messaging.tests.conversations import answer, write
from ops.conftest import make_staff
from ops.dashboard import charts, figures

NOW = datetime(2026, 1, 30, 15, 0, tzinfo=UTC)
PAGE = reverse("admin:dashboard")


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[figures.Figures]:
    """Every computation that took place, in order; each is still made by the real thing."""
    original, made = figures.compute, []

    def compute(**given: Any) -> figures.Figures:
        made.append(original(**given))
        return made[-1]

    monkeypatch.setattr(figures, "compute", compute)
    return made


def shown() -> figures.Figures:
    """The figures as a request gets them."""
    found = figures.current()
    assert found is not None
    return found


def test_they_count_what_is_there(alice: Any, bob: Any) -> None:
    first = write(alice, bob, timestamp=NOW - timedelta(hours=15))  # midnight today
    answer(first, read=True, timestamp=NOW - timedelta(hours=15, seconds=1))
    write(bob, alice, timestamp=NOW - timedelta(days=29))
    write(bob, alice, timestamp=NOW - timedelta(days=30))
    Message.objects.filter(pk=first.pk).update(content="changed")

    found = figures.compute(now=NOW)

    assert (found.today, found.in_days, len(found.per_day)) == (1, 3, figures.DAYS)
    assert found.per_day[0] == (datetime(2026, 1, 1).date(), 1)
    assert found.per_day[-2] == (datetime(2026, 1, 29).date(), 1)
    assert (found.messages, found.conversations, found.unread, found.edited) == (4, 3, 3, 1)
    assert found.busiest == [(bob.pk, "bob", 2), (alice.pk, "alice", 1)]
    assert found.deletions == []


def test_the_latest_deletions_are_among_them(alice: Any, bob: Any) -> None:
    write(alice, bob)
    alice.delete()
    [(deleted_at, deleted_by, messages)] = figures.compute(now=NOW).deletions
    assert (deleted_by, messages) == (None, 1)
    assert timezone.now() - deleted_at < timedelta(minutes=5)


@pytest.mark.django_db
def test_they_are_computed_once_a_minute(computed: list, monkeypatch: pytest.MonkeyPatch) -> None:
    first = figures.current()
    assert figures.current() == first
    assert len(computed) == 1
    later = timezone.now() + figures.FRESH
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert shown().computed_at == later
    assert len(computed) == 2


@pytest.mark.django_db(transaction=True)
def test_a_change_of_messages_or_users_shows_at_once(computed: list, alice: Any, bob: Any) -> None:
    assert shown().messages == 0
    message = write(alice, bob)
    assert shown().messages == 1
    message.delete()
    assert shown().messages == 0
    write(alice, bob)
    alice.delete()
    assert len(shown().deletions) == 1
    number = len(computed)
    figures.current()
    assert len(computed) == number


@pytest.mark.django_db(transaction=True)
def test_an_import_shows_at_once(alice: Any, bob: Any, tmp_path: Any) -> None:
    """Its rows are stored in sets, without a signal for each."""
    assert shown().messages == 0
    file = tmp_path / "messages.csv"
    file.write_text(
        "external_id,parent_external_id,sender,receiver,timestamp,content\n1,,alice,bob,2026-01-05T10:00:00Z,hello\n"
    )
    call_command("import_messages", str(file), stdout=StringIO(), stderr=StringIO())
    assert shown().messages == 1


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_rolled_back_makes_nothing_stale(computed: list, alice: Any, bob: Any) -> None:
    figures.current()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        write(alice, bob)
        raise ZeroDivisionError
    figures.current()
    assert len(computed) == 1


@pytest.mark.django_db
def test_while_one_computes_the_others_are_served_the_last_figures(computed: list) -> None:
    last = figures.current()
    cache.set(figures.CHANGES_KEY, "something changed")
    cache.add(figures.LOCK_KEY, "somebody else")
    assert figures.current() == last
    assert len(computed) == 1
    cache.delete(figures.LOCK_KEY)
    assert shown().changes == "something changed"


@pytest.mark.django_db
def test_the_very_first_figures_are_waited_for_not_computed_twice(
    computed: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another request computes them; here its answer arrives while this one waits."""
    figures_of_another = figures.compute(now=timezone.now())
    cache.add(figures.LOCK_KEY, "another request")
    arrived = threading.Event()

    def wait(seconds: float) -> None:
        cache.set(figures.FIGURES_KEY, figures_of_another)
        arrived.set()

    monkeypatch.setattr(figures.time, "sleep", wait)
    assert figures.current() == figures_of_another
    assert arrived.is_set()
    assert len(computed) == 1


@pytest.mark.django_db
def test_who_waits_too_long_is_told(client: Client, rita: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "WAIT_SECONDS", 0)
    monkeypatch.setattr(figures, "POLL_SECONDS", 0)
    cache.add(figures.LOCK_KEY, "another request")
    client.force_login(rita)
    assert "The figures are being computed for the first time." in client.get(PAGE).content.decode()


@pytest.mark.django_db
def test_a_computation_that_fails_lets_the_next_one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(figures, "compute", lambda **given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            figures.current()
    assert shown().messages == 0


def test_the_dashboard_shows_them_and_says_how_old_they_are(client: Client, rita: Any, alice: Any, bob: Any) -> None:
    write(alice, bob, timestamp=timezone.now())
    client.force_login(rita)
    page = client.get(PAGE).content.decode()
    assert "<strong>1</strong> message today" in page
    assert "<bdi>alice</bdi>" in page
    assert "Updated <time" in page
    assert "<svg" in page


def test_who_may_see_conversations_only_is_not_led_to_messages(client: Client, alice: Any, bob: Any) -> None:
    write(alice, bob, timestamp=timezone.now())
    client.force_login(make_staff("carl", "view_conversation"))
    page = client.get(PAGE).content.decode()
    assert "<strong>1</strong> conversation" in page
    assert "message today" not in page


@pytest.mark.parametrize(
    ("most", "ticks"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (7, [0, 2, 4, 6, 8]),
        (20, [0, 5, 10, 15, 20]),
        (2_164, [0, 1_000, 2_000, 3_000]),
        (4_328, [0, 2_000, 4_000, 6_000]),
    ],
)
def test_the_lines_of_the_chart_are_round_numbers(most: int, ticks: list[int]) -> None:
    assert charts.round_ticks(most) == ticks
    drawing = charts.columns_per_day([(datetime(2026, 1, day).date(), most) for day in range(1, 31)])
    assert all(f">{tick:,}</text>" in drawing for tick in ticks)


def test_the_chart_draws_a_column_for_each_day_without_scripts_or_styles() -> None:
    days = [(datetime(2026, 1, day).date(), day) for day in range(1, 31)]
    drawing = charts.columns_per_day(days)
    assert drawing.count("<rect") >= 30
    assert "30 Jan" in drawing
    assert "script" not in drawing
    assert "style=" not in drawing


def test_the_chart_of_nothing_is_drawn_too() -> None:
    assert "<svg" in charts.columns_per_day([(datetime(2026, 1, day).date(), 0) for day in range(1, 31)])
