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


def test_the_end_of_the_session_is_told_in_the_owners_time_zone(noon: None, reading: Client) -> None:
    rest = reading.get(REST).json()
    assert (rest["seconds"], rest["notice"], rest["extends"]) == (1800, 300, True)
    assert rest["sentence"] == "Your session ends at 12:30."
    User.objects.update(time_zone="Asia/Kolkata")
    assert reading.get(REST).json()["sentence"] == "Your session ends at 18:00."


def test_a_final_end_is_announced_as_not_extendable(noon: None, reading: Client) -> None:
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


def test_asking_for_the_remaining_time_is_no_activity(reading: Client) -> None:
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


def test_asking_to_stay_too_late_does_not_revive_the_session(reading: Client) -> None:
    let_pass(30)
    assert reading.post(REST).json() | {"sign_in": ""} == {
        "seconds": 0,
        "notice": 300,
        "extends": False,
        "sentence": ENDED,
        "sign_in": "",
    }
    assert reading.get(INBOX).status_code == 302


def test_another_site_cannot_extend_a_session(alice: Any) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert strict.post(REST).status_code == 403


def test_signing_out_in_another_window_is_reported(reading: Client, db: Any) -> None:
    assert Client().get(REST).json()["sentence"] == SIGNED_OUT
    reading.post("/sign-out/")
    assert reading.get(REST).json()["sentence"] == SIGNED_OUT


def test_the_end_is_reported_after_another_page_saw_it(reading: Client) -> None:
    let_pass(30)
    reading.get(INBOX)
    assert reading.get(REST).json()["sentence"] == ENDED


@pytest.mark.parametrize("minutes", [1, 4])
def test_a_short_limit_is_announced_halfway_and_activity_extends_it(
    settings: Any, reading: Client, minutes: int
) -> None:
    settings.SESSION_IDLE_MINUTES = minutes
    assert reading.get(REST).json()["notice"] == minutes * 30
    session = reading.session
    session["seen_at"] -= minutes * 40
    session.save()
    assert reading.get(INBOX).status_code == 200
    assert reading.get(REST).json()["seconds"] > minutes * 50


def test_asking_for_the_remaining_time_takes_two_queries(reading: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        reading.get(REST)
    assert len(queries) == 2  # the session, and its owner's time zone


def test_only_pages_of_signed_in_users_load_the_script(reading: Client, reviewing: Client) -> None:
    assert "accounts/session.js" in reviewing.get(reverse("admin:index")).content.decode()
    reading.force_login(User.objects.get(username="alice"))
    assert "accounts/session.js" in reading.get(INBOX).content.decode()
    for page in ("/sign-in/", "/console/login/"):
        assert "accounts/session.js" not in Client().get(page).content.decode()
