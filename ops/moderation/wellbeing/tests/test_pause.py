"""A pause releases the case, shows how many were hard to read today, and records when the user wants to return."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from ops.audit.models import Entry
from ops.moderation import claims
from ops.moderation.models import Claim, Comfort, Flag, Label
from ops.moderation.tests.desk import mona, reported, spam

__all__ = ["mona", "reported", "spam"]
Report = Callable[..., Flag]
PAUSE = "/console/moderation/case/pause/"
QUEUE = "/console/moderation/case/"


@pytest.fixture
def monas(mona: Any) -> Client:
    client = Client()
    client.force_login(mona)
    return client


@pytest.fixture
def hard(spam: Label) -> Label:
    spam.hard_to_read = True
    spam.save()
    return spam


def test_a_pause_releases_the_case(mona: Any, monas: Client, reported: Report, spam: Label) -> None:
    claims.claim(mona, reported(spam).case)
    page = monas.post(PAUSE, follow=True).content.decode()
    assert not Claim.objects.exists()
    assert "Your case is back in the queue." in page
    assert Entry.objects.filter(event="moderation.released").count() == 1


def test_a_pause_needs_no_case(monas: Client) -> None:
    page = monas.post(PAUSE, follow=True).content.decode()
    assert "Take your time" in page
    assert "back in the queue" not in page


def test_the_pages_count_the_hard_cases_of_today(mona: Any, monas: Client, reported: Report, hard: Label) -> None:
    assert "hard-to-read" not in monas.get(PAUSE).content.decode()
    case = reported(hard).case
    claims.claim(mona, case)
    assert "You have read 1 hard-to-read case today." in monas.get(PAUSE).content.decode()
    for at in (QUEUE, f"{QUEUE}{case.pk}/change/"):
        assert "1 hard-to-read case today" in monas.get(at).content.decode(), at


def test_the_count_of_another_day_is_not_shown(mona: Any, monas: Client, reported: Report, hard: Label) -> None:
    claims.claim(mona, reported(hard).case)
    Comfort.objects.update(day=timezone.localdate() - timedelta(days=1))
    assert "hard-to-read" not in monas.get(PAUSE).content.decode()


@pytest.mark.parametrize(("back", "least", "most"), [("15", 14, 16), ("tomorrow", 0, 48 * 60)])
def test_a_pause_stores_the_chosen_time_of_return(mona: Any, monas: Client, back: str, least: int, most: int) -> None:
    page = monas.post(PAUSE, {"choose": "yes", "back": back}, follow=True).content.decode()
    until = Comfort.objects.get(person=mona).paused_until
    assert until is not None
    assert timedelta(minutes=least) < until - timezone.now() < timedelta(minutes=most)
    assert f"You wanted to return at <strong>{timezone.localtime(until):%H:%M}</strong>" in page
    assert "you wanted to pause until" in monas.get(QUEUE).content.decode()


def test_without_a_choice_nothing_is_noted(monas: Client) -> None:
    assert "Choose when you would like to return" in monas.post(PAUSE, {"choose": "yes"}).content.decode()
    assert not Comfort.objects.exists()


def test_the_next_case_ends_the_pause(mona: Any, monas: Client, reported: Report, spam: Label) -> None:
    reported(spam)
    monas.post(PAUSE, {"choose": "yes", "back": "60"})
    monas.post(f"{QUEUE}next/")
    assert Comfort.objects.get(person=mona).paused_until is None


def test_a_pause_is_neither_recorded_nor_shown_to_colleagues(mona: Any, monas: Client, rosa: Any) -> None:
    before = Entry.objects.count()
    monas.post(PAUSE, {"choose": "yes", "back": "60"})
    assert Entry.objects.count() == before
    other = Client()
    other.force_login(rosa)
    assert "pause until" not in other.get(QUEUE).content.decode()
