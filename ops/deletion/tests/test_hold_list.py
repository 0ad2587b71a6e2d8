"""Holds under People: the list, the page of one, and placing one without access to the list of users."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.audit.models import Entry
from ops.deletion import holds
from ops.deletion.models import Hold
from ops.deletion.tests.deleting import ask
from ops.deletion.tests.screens import make_role, page_of, sam, signed_in, sue, words

__all__ = ["sam", "sue"]

LIST = reverse("admin:deletion_hold_changelist")
FIND = reverse("admin:deletion_hold_person")


@pytest.fixture
def lena(db: Any) -> Any:
    """Lena is a Lead."""
    return make_role("lena", "Lead")


def place(user: Any, by: Any = None, reason: str = "The blue bicycle") -> Hold:
    return holds.place(user, kind=Hold.Kind.LEGAL, reason=reason, by=by)


def page(hold: Hold) -> str:
    return reverse("admin:deletion_hold_change", args=[hold.pk])


def test_the_list_shows_and_filters_holds(lena: Any, sue: Any, alice: Any, bob: Any) -> None:
    place(alice, by=sue)
    lifted = place(bob, reason="A case that ended")
    holds.lift(lifted, reason="Settled", by=lena)
    client = signed_in(lena)
    rows = words(client.get(LIST))
    assert "Aalice The blue bicycle ‖ open Legal hold sue" in rows
    assert "Bbob A case that ended lifted Legal hold a command" in rows
    for state, named, other in (("open", "alice", "bob"), ("lifted", "bob", "alice")):
        rows = words(client.get(LIST, {"state": state}))
        assert named in rows and other not in rows
    assert "bob" not in words(client.get(LIST, {"q": "lic"})).partition("Placed by")[2]


def test_the_number_of_queries_of_the_list_does_not_grow(lena: Any, django_assert_num_queries: Any) -> None:
    client = signed_in(lena)
    client.get(LIST)  # caches the theme
    for number in range(6):
        place(make_user(f"person{number}"), by=lena)
        if number in (2, 5):
            with django_assert_num_queries(7):
                client.get(LIST)


def test_the_page_of_a_hold_shows_what_it_stops_and_offers_to_lift_it(
    lena: Any, sue: Any, alice: Any, bob: Any
) -> None:
    write(alice, bob)
    hold, asked = place(alice, by=sue), ask(bob, by=sue)
    client = signed_in(lena)
    response = client.get(page(hold))
    assert "Person alice Kind Legal hold Placed" in words(response) and "by sue" in words(response)
    assert "It stops the deletion of bob." in words(response)
    assert page_of(asked) in response.content.decode()
    lift = reverse("admin:deletion_hold_lift", args=[hold.pk])
    assert lift in response.content.decode()
    response = client.post(lift, {"reason": "Settled"}, follow=True)
    assert "Hold lifted." in words(response)
    response = client.get(page(hold))
    assert "Why lifted Settled" in words(response) and lift not in response.content.decode()


def test_a_read_only_viewer_can_neither_place_nor_lift_holds(sue: Any, alice: Any) -> None:
    hold = place(alice, by=sue)
    client = signed_in(make_role("otto", "Auditor"))
    assert "Place hold…" not in words(client.get(LIST))
    assert "Lift hold…" not in words(client.get(page(hold)))


def test_a_hold_on_an_erased_account_stays_in_the_list(lena: Any, alice: Any) -> None:
    hold = place(alice)
    Hold.objects.filter(pk=hold.pk).update(user=987_654, reason="")
    client = signed_in(lena)
    assert "an erased account" in words(client.get(LIST))
    assert "Reason erased with the account" in words(client.get(page(hold)))


def test_a_lead_finds_the_person_by_name_and_the_name_is_recorded(lena: Any, alice: Any) -> None:
    client = signed_in(lena)
    assert FIND in client.get(LIST).content.decode()
    assert "There is no user “Alice”." in words(client.post(FIND, {"username": "Alice"}))
    assert client.post(FIND, {"username": "alice"})["Location"] == reverse("admin:accounts_user_hold", args=[alice.pk])
    searched = Entry.objects.filter(actor=lena, event="search.made").order_by("pk")
    assert [(one.target_label, one.details["results"]) for one in searched] == [("Alice", 0), ("alice", 1)]


def test_a_hold_makes_approval_a_secondary_button(sue: Any, sam: Any, alice: Any) -> None:
    asked = ask(alice, by=sue)
    client = signed_in(sam)
    approve = reverse("admin:deletion_deletionrequest_approve", args=[asked.pk])
    assert f'<a class="button" href="{approve}">' in client.get(page_of(asked)).content.decode()
    place(alice)
    assert f'<a class="button secondary" href="{approve}">' in client.get(page_of(asked)).content.decode()
