"""Staff see that a name reads like another account's, where they create an account and wherever accounts are listed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messaging.tests.cast import make_user
from ops.accounts.models import User
from ops.conftest import confirm
from ops.deletion.tests.screens import words

LIST = reverse("admin:accounts_user_changelist")
LIKE_ALICE = "\u0430lice"  # with a Cyrillic a


@pytest.fixture
def console(client: Client, rosa: Any) -> Client:
    client.force_login(rosa)
    confirm(client, "rosa")
    return client


def test_the_list_and_the_page_of_users_mark_names_that_read_alike(console: Client, alice: Any, bob: Any) -> None:
    assert "reads like" not in words(console.get(LIST))
    other = make_user(LIKE_ALICE)
    text = words(console.get(LIST))
    assert f"alice ≈ reads like {LIKE_ALICE}" in text
    assert f"{LIKE_ALICE} ≈ reads like alice" in text
    assert text.count("reads like") == 2
    make_user("Alice")
    assert "≈ reads like Alice and others" in words(console.get(reverse("admin:accounts_user_change", args=[other.pk])))


def test_the_number_of_queries_does_not_grow_with_the_look_alikes(
    console: Client, alice: Any, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    console.get(LIST)
    with django_assert_max_num_queries(30) as few:
        console.get(LIST)
    for name in ("Alice", "ALICE", LIKE_ALICE):
        make_user(name)
    with django_assert_num_queries(len(few)):
        console.get(LIST)


def test_creating_or_renaming_to_a_look_alike_shows_a_warning(console: Client, alice: Any, bob: Any) -> None:
    added = console.post(
        reverse("admin:accounts_user_add"), {"username": LIKE_ALICE, "usable_password": "false"}, follow=True
    )
    warning = "reads like “alice”. Rename one of them if people might take it for the other."
    assert f"“{LIKE_ALICE}” {warning}" in words(added)
    User.objects.get(username=LIKE_ALICE).delete()
    address = reverse("admin:accounts_user_change", args=[bob.pk])
    renamed = console.post(address, {"username": "AIice", "email": "", "is_active": "on"}, follow=True)
    assert f"“AIice” {warning}" in words(renamed)
    saved_again = console.post(address, {"username": "AIice", "email": "b@example.org", "is_active": "on"}, follow=True)
    assert "Rename one of them" not in words(saved_again)


def test_a_renamed_account_is_no_longer_marked(console: Client, alice: Any) -> None:
    make_user("Alice")
    alice.username = "Deleted user 1"
    alice.save()
    assert "reads like" not in words(console.get(LIST))
