"""Deleting accounts requires everybody to confirm their password, at most once in a quarter of an hour."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from ops.audit.events import Event
from ops.audit.models import Entry
from ops.conftest import make_staff
from ops.deletion.models import DeletionRequest
from ops.deletion.tests.screens import filled_in

CONFIRM = reverse("confirm")
NOT_YET = (
    "Nothing was saved: you confirmed your password more than 15 minutes ago. Confirm it, then check the form, which "
    "is filled in again."
)


@pytest.fixture
def sue(db: Any) -> Any:
    """Sue supports users: she may delete accounts."""
    return make_staff("sue", "view_user", "delete_user")


@pytest.fixture
def supporting(client: Client, sue: Any) -> Client:
    client.force_login(sue)
    return client


@pytest.fixture
def page(alice: Any) -> str:
    """The address of the page that asks for the deletion of Alice's account."""
    return f"{reverse('admin:accounts_user_delete_many')}?id={alice.pk}"


def confirm(client: Client, password: str = "sue's password", **more: str) -> Any:
    return client.post(CONFIRM, {"password": password, **more})


def let_pass(client: Client, minutes: int) -> None:
    session = client.session
    session["confirmed_at"] -= minutes * 60
    session.save()


def test_the_page_asks_for_the_password_and_comes_back(supporting: Client, page: str) -> None:
    response = supporting.get(page, follow=True)
    assert response.redirect_chain == [(f"{CONFIRM}?next={quote(page, safe='')}", 302)]
    assert f'name="next" value="{page}"' in response.content.decode()
    assert confirm(supporting, next=page)["Location"] == page
    assert "Request deletion of alice" in supporting.get(page).content.decode()


def test_signing_in_alone_is_no_confirmation(client: Client, sue: Any, page: str) -> None:
    client.post(reverse("admin:login"), {"username": "sue", "password": "sue's password"})
    assert client.get(page).status_code == 302


def test_a_confirmation_lasts_a_quarter_of_an_hour(supporting: Client, page: str) -> None:
    confirm(supporting)
    let_pass(supporting, 14)
    assert supporting.get(page).status_code == 200
    let_pass(supporting, 1)
    assert supporting.get(page)["Location"].startswith(CONFIRM)


def test_a_decision_sent_too_late_does_nothing_says_so_and_comes_back(supporting: Client, page: str) -> None:
    confirm(supporting)
    let_pass(supporting, 15)
    response = supporting.post(page, filled_in("alice"), follow=True)
    assert response.redirect_chain == [(f"{CONFIRM}?next={quote(page, safe='')}", 302)]
    assert NOT_YET in response.content.decode()
    assert not DeletionRequest.objects.exists()
    assert confirm(supporting, next=page)["Location"] == page
    supporting.post(page, filled_in("alice"))
    assert DeletionRequest.objects.get().username == "alice"


def test_a_wrong_password_confirms_nothing(supporting: Client, rosa: Any, page: str) -> None:
    for password in ("guess", "rosa's password"):
        answer = confirm(supporting, password, next=page).content.decode()
        assert "Wrong password." in answer
        assert password not in answer
    assert "Enter your password." in confirm(supporting, "", next=page).content.decode()
    assert supporting.get(page).status_code == 302


def test_wrong_passwords_are_throttled_as_at_sign_in(supporting: Client, page: str) -> None:
    for _ in range(4):
        assert "Too many tries failed" not in confirm(supporting, "guess").content.decode()
    assert "Too many tries failed. Try again in 15 minutes" in confirm(supporting, "guess").content.decode()
    assert "Too many tries failed" in confirm(supporting).content.decode()
    assert supporting.get(page).status_code == 302


def test_the_right_password_resets_the_failures(supporting: Client) -> None:
    for _ in range(3):
        for _ in range(4):
            confirm(supporting, "guess")
        assert confirm(supporting).status_code == 302


def test_a_confirmation_ends_with_the_session(supporting: Client, sue: Any, page: str) -> None:
    confirm(supporting)
    supporting.post(reverse("logout"))
    supporting.force_login(sue)
    assert supporting.get(page).status_code == 302


def test_a_confirmation_is_valid_for_one_person(supporting: Client, page: str) -> None:
    confirm(supporting)
    supporting.force_login(make_staff("sam", "view_user", "delete_user"))
    assert supporting.get(page).status_code == 302


def test_no_confirmation_is_asked_for_a_page_that_is_refused(client: Client, rita: Any, page: str) -> None:
    client.force_login(rita)
    assert (client.get(page).status_code, client.post(page).status_code) == (403, 403)


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:///evil.example", ""],
)
def test_the_page_does_not_redirect_to_another_site(supporting: Client, elsewhere: str) -> None:
    assert confirm(supporting, next=elsewhere)["Location"] == reverse("home")
    assert "evil" not in supporting.get(CONFIRM, {"next": elsewhere}).content.decode()


def test_an_account_without_a_password_gets_a_sentence(supporting: Client, sue: Any, page: str) -> None:
    sue.set_unusable_password()
    sue.save()
    supporting.force_login(sue)
    answer = supporting.get(page, follow=True).content.decode()
    assert "Your account has no password, so this cannot be confirmed" in answer
    assert 'type="password"' not in answer
    confirm(supporting, sue.password)
    assert supporting.get(page).status_code == 302


def test_strangers_and_participants_are_asked_to_sign_in(client: Client, alice: Any) -> None:
    assert client.get(CONFIRM)["Location"].startswith("/console/login/")
    client.force_login(alice)
    assert confirm(client, "alice's password")["Location"].startswith("/console/login/")


def test_the_form_cannot_be_sent_from_elsewhere(sue: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(sue)
    assert confirm(client).status_code == 403


def test_browsers_do_not_store_the_page(supporting: Client) -> None:
    assert "no-store" in supporting.get(CONFIRM)["Cache-Control"]


def test_a_wrong_password_is_recorded_as_a_failed_confirmation(supporting: Client, sue: Any, page: str) -> None:
    """Sue is signed in: she failed to confirm her password, not to sign in."""
    confirm(supporting, password="a typo", next=page)
    (entry,) = Entry.objects.filter(actor=sue, event__startswith="session.").exclude(event=Event.SIGNED_IN)
    assert entry.get_event_display() == "Failed to confirm their password"
    assert (entry.actor_name, entry.target_id) == ("sue", str(sue.pk))
    assert not Entry.objects.filter(event=Event.SIGN_IN_REFUSED).exists()
