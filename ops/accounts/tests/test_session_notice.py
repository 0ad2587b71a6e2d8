"""Pages ask how long the session lasts, which does not extend it; choosing to stay signed in does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ops.accounts.models import Session, User
from ops.accounts.signing_in.ending import ENDED, SIGNED_OUT
from ops.accounts.tests.ending import let_pass

REST, INBOX = reverse("session"), reverse("messaging:inbox")


@pytest.fixture
def reading(client: Client, alice: Any) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noon UTC on a summer's day."""
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 7, 1, 12, tzinfo=UTC))


def test_it_says_when_the_session_ends_in_the_zone_of_its_owner(noon: None, reading: Client) -> None:
    rest = reading.get(REST).json()
    assert (rest["seconds"], rest["notice"], rest["extends"]) == (1800, 300, True)
    assert rest["sentence"] == "Your session ends at 12:30."
    User.objects.update(time_zone="Asia/Kolkata")
    assert reading.get(REST).json()["sentence"] == "Your session ends at 18:00."


def test_the_end_that_nothing_postpones_is_said_with_what_to_do(noon: None, reading: Client) -> None:
    for _ in range(24):
        let_pass(29)
        assert reading.get(INBOX).status_code == 200
    let_pass(20)
    rest = reading.get(REST).json()
    assert (rest["seconds"], rest["extends"]) == (240, False)
    assert rest["sentence"].startswith(
        "Your session ends at 12:04, 12 hours after you signed in. It cannot be extended."
    )
    assert reading.post(REST).json()["seconds"] == 240


def test_asking_is_no_activity_and_changes_nothing(reading: Client) -> None:
    let_pass(26)
    before = Session.objects.get().session_data
    assert 0 < reading.get(REST).json()["seconds"] <= 240
    assert Session.objects.get().session_data == before
    let_pass(4)
    assert reading.get(REST).json()["sentence"] == ENDED
    assert Session.objects.get().account_id is not None
    assert reading.get(INBOX).status_code == 302


def test_staying_counts_as_activity(reading: Client) -> None:
    let_pass(26)
    assert reading.post(REST).json()["seconds"] > 1790
    let_pass(29)
    assert reading.get(INBOX).status_code == 200


def test_who_asks_to_stay_too_late_is_not_signed_in_again(reading: Client) -> None:
    let_pass(30)
    assert reading.post(REST).json() | {"sign_in": ""} == {
        "seconds": 0,
        "notice": 300,
        "extends": False,
        "sentence": ENDED,
        "sign_in": "",
    }
    assert reading.get(INBOX).status_code == 302


def test_a_page_of_another_site_keeps_nobody_signed_in(alice: Any) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert strict.post(REST).status_code == 403


def test_who_signed_out_in_another_window_is_told(reading: Client, db: Any) -> None:
    assert Client().get(REST).json()["sentence"] == SIGNED_OUT
    reading.post("/sign-out/")
    assert reading.get(REST).json()["sentence"] == SIGNED_OUT


def test_after_the_end_of_another_page_it_still_says_so(reading: Client) -> None:
    let_pass(30)
    reading.get(INBOX)
    assert reading.get(REST).json()["sentence"] == ENDED


@pytest.mark.parametrize("minutes", [1, 4])
def test_a_very_short_limit_is_told_at_its_half_and_activity_extends_it(
    settings: Any, reading: Client, minutes: int
) -> None:
    settings.SESSION_IDLE_MINUTES = minutes
    assert reading.get(REST).json()["notice"] == minutes * 30
    session = reading.session
    session["seen_at"] -= minutes * 40
    session.save()
    assert reading.get(INBOX).status_code == 200
    assert reading.get(REST).json()["seconds"] > minutes * 50


def test_it_costs_two_queries(reading: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        reading.get(REST)
    assert len(queries) == 2  # the session, and its owner's time zone


def test_pages_load_the_script_for_whoever_is_signed_in(reading: Client, reviewing: Client) -> None:
    assert "accounts/session.js" in reviewing.get(reverse("admin:index")).content.decode()
    reading.force_login(User.objects.get(username="alice"))
    assert "accounts/session.js" in reading.get(INBOX).content.decode()
    for page in ("/sign-in/", "/console/login/"):
        assert "accounts/session.js" not in Client().get(page).content.decode()
