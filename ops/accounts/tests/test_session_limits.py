"""A session ends after 30 idle minutes and 12 hours after signing in; users see why, and return to their page."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from messaging.models import Message
from messaging.tests.conversations import write
from ops.tests.test_settings import start

INBOX, CONSOLE = reverse("messaging:inbox"), reverse("admin:messaging_conversation_changelist")
IDLE = "You were signed out after 30 minutes without activity. Sign in to go on."
OVER = "You were signed out because you signed in 12 hours ago. Sign in to go on."


@pytest.fixture
def reading(client: Client, alice: Any) -> Client:
    """The browser of Alice, who is signed in."""
    client.force_login(alice)
    return client


def let_pass(client: Client, minutes: int) -> None:
    session = client.session
    for name in ("seen_at", "signed_in_at"):
        session[name] -= minutes * 60
    session.save()


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_an_idle_user_is_told_and_returns_to_the_same_page(reading: Client) -> None:
    let_pass(reading, 30)
    response = reading.get(f"{INBOX}?page=1")
    assert response["Location"] == f"/sign-in/?next={INBOX.replace('/', '%2F')}%3Fpage%3D1"
    assert IDLE in reading.get(response["Location"]).content.decode()
    words = {"username": "alice", "password": "alice's password", "next": f"{INBOX}?page=1"}
    assert reading.post("/sign-in/", words)["Location"] == f"{INBOX}?page=1"
    assert reading.get(INBOX).status_code == 200


def test_staff_return_through_the_sign_in_page_of_the_console(reviewing: Client) -> None:
    let_pass(reviewing, 30)
    response = reviewing.get(CONSOLE, follow=True)
    assert response.redirect_chain == [(f"/console/login/?next={CONSOLE.replace('/', '%2F')}", 302)]
    assert IDLE in response.content.decode()
    words = {"username": "rita", "password": "rita's password", "next": CONSOLE}
    assert reviewing.post("/console/login/", words)["Location"] == CONSOLE


def test_an_active_user_stays_signed_in(reading: Client) -> None:
    for _ in range(3):
        let_pass(reading, 29)
        assert reading.get(INBOX).status_code == 200


def test_a_page_from_the_servers_cache_counts_as_activity(reading: Client) -> None:
    """The user requested it, even though the view is not called."""
    for _ in range(3):
        reading.get(INBOX)
    let_pass(reading, 29)
    with CaptureQueriesContext(connection) as queries:
        reading.get(INBOX)
    assert not [query for query in queries if "messaging_message" in query["sql"]]
    let_pass(reading, 29)
    assert reading.get(INBOX).status_code == 200


def test_activity_does_not_extend_a_session_beyond_twelve_hours(reviewing: Client) -> None:
    for _ in range(24):
        let_pass(reviewing, 29)
        assert reviewing.get(CONSOLE).status_code == 200
    let_pass(reviewing, 24)
    assert OVER in reviewing.get(CONSOLE, follow=True).content.decode()
    assert not signed_in(reviewing)


def test_signing_in_restarts_both_limits(reviewing: Client, rita: Any) -> None:
    let_pass(reviewing, 12 * 60)
    reviewing.get(CONSOLE)
    reviewing.post("/console/login/", {"username": "rita", "password": "rita's password"})
    let_pass(reviewing, 29)
    assert reviewing.get(CONSOLE).status_code == 200


def test_a_late_form_is_kept_and_sign_in_returns_to_it(reading: Client, alice: Any, bob: Any) -> None:
    message = write(bob, alice)
    form = reverse("messaging:conversation", args=[message.conversation_id])
    let_pass(reading, 30)
    answer = reverse("messaging:reply", args=[message.pk])
    response = reading.post(answer, {"content": "late"}, headers={"Referer": f"http://testserver{form}?part=1"})
    assert parse_qs(urlsplit(response["Location"]).query) == {"next": [f"{form}?part=1"]}
    page = reading.get(response["Location"]).content.decode()
    assert "What you sent was not passed on, but is kept for an hour: sign in, check it and send it again." in page
    assert not Message.objects.filter(content="late").exists()


def test_background_requests_are_not_reported_as_lost_forms(reading: Client) -> None:
    """The first request ends the session and leaves a notice; later ones add none, as nobody reads their responses."""
    let_pass(reading, 30)
    for _ in range(3):
        reading.post(reverse("messaging:compose"), {"content": "x"}, headers={"Sec-Fetch-Mode": "cors"})
    page = reading.get("/sign-in/").content.decode()
    assert page.count(IDLE) == 1 and "What you sent" not in page


@pytest.mark.parametrize("referer", ["", "https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_a_foreign_referer_is_not_followed(reading: Client, referer: str) -> None:
    let_pass(reading, 30)
    response = reading.post(reverse("messaging:compose"), headers={"Referer": referer})
    assert response["Location"] == "/sign-in/?next=%2F"


@pytest.mark.parametrize("page", ["/sign-in/", "/console/login/"])
def test_sign_in_pages_open_after_the_session_ends(reading: Client, page: str) -> None:
    let_pass(reading, 30)
    assert reading.get(page).status_code == 200
    assert not signed_in(reading)


def test_signing_out_works_after_the_session_ends(reading: Client) -> None:
    let_pass(reading, 30)
    assert reading.post("/sign-out/")["Location"] == "/sign-in/"
    assert not signed_in(reading)


def test_a_session_from_before_there_were_limits_begins_now(reading: Client) -> None:
    session = reading.session
    del session["seen_at"], session["signed_in_at"]
    session.save()
    assert reading.get(INBOX).status_code == 200
    let_pass(reading, 30)
    assert reading.get(INBOX).status_code == 302


def test_activity_is_written_once_a_minute_at_most(reading: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        reading.get(INBOX)
        reading.get(INBOX)
    assert not [query for query in queries if query["sql"].startswith("UPDATE")]


@pytest.mark.parametrize("page", ["jobs_job", "deletion_deletionrequest", "deletion_deletiongroup"])
def test_progress_requests_do_not_extend_the_session(reviewing: Client, page: str) -> None:
    progress = reverse(f"admin:{page}_progress", args=["00000000-0000-0000-0000-000000000000"])
    for _ in range(2):
        let_pass(reviewing, 15)
        response = reviewing.get(progress, headers={"HX-Request": "true"})
    assert (response["HX-Refresh"], response.content) == ("true", b"")
    assert not signed_in(reviewing)
    assert IDLE in reviewing.get(CONSOLE, follow=True).content.decode()


def test_anonymous_visitors_get_no_session(client: Client, db: Any) -> None:
    client.get("/sign-in/")
    assert "sessionid" not in client.cookies


def test_both_limits_can_be_set(reading: Client, settings: Any) -> None:
    settings.SESSION_IDLE_MINUTES = 1
    let_pass(reading, 1)
    page = reading.get(INBOX, follow=True).content.decode()
    assert "You were signed out after 1 minute without activity." in page


def test_the_session_cookie_outlives_the_session(settings: Any) -> None:
    assert settings.SESSION_COOKIE_AGE > settings.SESSION_HOURS * 3600


@pytest.mark.parametrize(("name", "value"), [("SESSION_IDLE_MINUTES", "0"), ("SESSION_HOURS", "0")])
def test_an_invalid_limit_stops_the_start(tmp_path: Path, name: str, value: str) -> None:
    """Other values that are not whole numbers: ops/tests/test_environment.py."""
    started = start(tmp_path, **{name: value})
    assert started.returncode == 1
    assert f"The environment variable {name} is '{value}'; it should be a whole number, 1 or more." in started.stderr
