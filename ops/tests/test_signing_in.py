"""Signing in and out, for participants and staff, with usernames exactly as they are."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messaging.tests.cast import make_user
from ops.deletion.models import AccountDeletion

SIGN_IN = reverse("login")
REFUSED = "Please enter a correct username and password."


def sign_in(client: Any, username: str, password: str, **more: str) -> Any:
    return client.post(SIGN_IN, {"username": username, "password": password, **more})


def test_participants_arrive_at_their_inbox(client: Any, alice: Any) -> None:
    response = sign_in(client, "alice", "alice's password")
    assert response["Location"] == reverse("home")
    assert client.get(response["Location"])["Location"] == reverse("messaging:inbox")


def test_staff_arrive_at_the_console(client: Any, db: Any) -> None:
    make_user("dora", is_staff=True)
    response = sign_in(client, "dora", "dora's password")
    assert client.get(response["Location"])["Location"] == reverse("admin:index")


def test_signing_in_leads_to_the_page_that_was_asked_for(client: Any, alice: Any) -> None:
    address = client.get(reverse("messaging:compose"))["Location"]
    assert f'value="{reverse("messaging:compose")}"' in client.get(address).content.decode()
    response = sign_in(client, "alice", "alice's password", next=reverse("messaging:compose"))
    assert response["Location"] == reverse("messaging:compose")


def test_signing_in_does_not_redirect_to_another_site(client: Any, alice: Any) -> None:
    response = sign_in(client, "alice", "alice's password", next="https://evil.example/")
    assert response["Location"] == reverse("home")


@pytest.mark.parametrize("username", ["ﬁne", "①", "Å", "Å", "名前 with blanks", "a<b>&c"])
def test_a_username_is_taken_as_it_is(client: Any, db: Any, username: str) -> None:
    """Unicode's normal form would turn "ﬁne" into "fine", which may be another person's name."""
    user = make_user(username)
    sign_in(client, username, f"{username}'s password")
    assert client.session["_auth_user_id"] == str(user.pk)


def test_staff_sign_in_to_the_console_under_exact_usernames_too(client: Any, db: Any) -> None:
    user = make_user("ﬁne", is_staff=True)
    client.post(reverse("admin:login"), {"username": "ﬁne", "password": "ﬁne's password"})
    assert client.session["_auth_user_id"] == str(user.pk)


def test_participants_are_refused_at_the_door_of_the_console(client: Any, alice: Any) -> None:
    client.post(reverse("admin:login"), {"username": "alice", "password": "alice's password"})
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    ("username", "password", "sentence"),
    [
        ("alice", "wrong", REFUSED),
        ("Alice", "alice's password", REFUSED),
        ("nobody", "alice's password", REFUSED),
        ("al\x00ice", "alice's password", "A username holds no invisible characters: write it again."),
        ("alice", "pass\x00word", "Null characters are not allowed."),
    ],
)
def test_a_refused_sign_in_is_explained(client: Any, alice: Any, username: str, password: str, sentence: str) -> None:
    response = sign_in(client, username, password)
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert password not in response.content.decode()


def test_a_disabled_account_is_not_let_in(client: Any, alice: Any) -> None:
    alice.is_active = False
    alice.save()
    assert REFUSED in sign_in(client, "alice", "alice's password").content.decode()


def test_signing_out_takes_a_post_and_leads_to_signing_in(client: Any, alice: Any) -> None:
    client.force_login(alice)
    assert client.get(reverse("logout")).status_code == 405
    assert "_auth_user_id" in client.session
    assert client.post(reverse("logout"))["Location"] == SIGN_IN
    assert "_auth_user_id" not in client.session


def test_the_form_cannot_be_sent_from_elsewhere(alice: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client, "alice", "alice's password").status_code == 403


def test_the_sign_in_page_redirects_signed_in_people(client: Any, alice: Any) -> None:
    client.force_login(alice)
    assert client.get(SIGN_IN)["Location"] == reverse("home")


def test_a_stranger_who_asks_for_the_site_is_asked_to_sign_in(client: Any, db: Any) -> None:
    assert client.get(reverse("home"))["Location"] == SIGN_IN
    assert client.get(reverse("messaging:inbox"))["Location"].startswith(SIGN_IN)


def test_a_participant_who_deletes_their_account_leaves_a_record_without_a_name(client: Any, alice: Any) -> None:
    client.force_login(alice)
    client.post(reverse("messaging:delete_user"), {"password": "alice's password"})
    record = AccountDeletion.objects.get()
    assert record.deleted_by is None
