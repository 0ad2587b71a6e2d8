"""What the pages show of holds on people with whom an account exchanged messages, and of what such a hold stops."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.deletion import approval, holds, requests
from ops.deletion.models import Basis, Hold
from ops.deletion.tests.deleting import REASON, ask
from ops.deletion.tests.screens import ask_about, page_of, sam, signed_in, sue, words

__all__ = ["sam", "sue"]


@pytest.fixture
def held(alice: Any, bob: Any) -> Hold:
    """A hold on Alice, who exchanged messages with Bob."""
    write(alice, bob)
    write(bob, alice)
    return holds.place(alice, kind=Hold.Kind.LEGAL, reason="The blue bicycle", by=None)


def hold_sentence(hold: Hold) -> str:
    text = f"Legal hold since {hold.placed_at.day} {hold.placed_at:%B %Y}: {hold.reason}"
    return f"2 messages were exchanged with alice, whose account is on hold: {text}"


def test_the_requester_reads_the_hold_that_stops_the_deletion(sue: Any, bob: Any, held: Hold) -> None:
    page = words(signed_in(sue).get(ask_about(bob)))
    assert f"{hold_sentence(held)} You can request deletion, but it will not run while that hold is open." in page
    assert "Details" in page


def test_the_request_for_several_accounts_shows_the_hold_once(sue: Any, bob: Any, charlie: Any, held: Hold) -> None:
    page = words(signed_in(sue).get(ask_about(bob, charlie)))
    assert page.count(hold_sentence(held)) == 1


def test_the_approver_reads_the_hold_and_that_the_deletion_waits(sue: Any, sam: Any, bob: Any, held: Hold) -> None:
    asked = ask(bob, by=sue)
    address = reverse("admin:deletion_deletionrequest_approve", args=[asked.pk])
    page = words(signed_in(sam).get(address))
    assert hold_sentence(held) in page
    assert page.count("It will not run while a hold is open. When no hold is left, it starts within a minute.") == 1
    assert "within moments" not in page


@pytest.mark.parametrize("mode", ["erase", "anonymise"])
def test_the_approver_of_a_group_sees_the_accounts_on_hold(
    sue: Any, sam: Any, bob: Any, charlie: Any, held: Hold, mode: str
) -> None:
    group = requests.request_deletion([bob, charlie], by=sue, reason=REASON, basis=Basis.POLICY, mode=mode)
    page = words(signed_in(sam).get(reverse("admin:deletion_deletiongroup_approve", args=[group.pk])))
    assert (hold_sentence(held) if mode == "erase" else "bob ‖ on hold, charlie") in page
    assert "Those on hold wait until no hold is left." in page


def test_the_page_and_the_list_show_the_hold(sue: Any, sam: Any, bob: Any, charlie: Any, held: Hold) -> None:
    asked = ask(bob, by=sue)
    ask(charlie, by=sue)
    approval.approve(asked, by=sam)
    client = signed_in(sam)
    page = words(client.get(page_of(asked)))
    assert "On hold: they exchanged messages with someone on hold. Erasure starts when that hold is lifted." in page
    assert hold_sentence(held) in page
    assert "Place hold…" in page  # none is open on the account itself
    rows = words(client.get(reverse("admin:deletion_deletionrequest_changelist"), {"state": "held"}))
    assert "bob ‖ on hold" in rows and "charlie" not in rows


def test_placing_and_lifting_a_hold_shows_the_deletions_it_stops(sue: Any, sam: Any, alice: Any, bob: Any) -> None:
    write(bob, alice)
    asked = ask(bob, by=sue)
    client, place = signed_in(sam), reverse("admin:accounts_user_hold", args=[alice.pk])
    response = client.get(place)
    assert "It also stops the deletion of bob." in words(response)
    assert page_of(asked) in response.content.decode()
    done = words(client.post(place, {"kind": "legal", "reason": "Case 4"}, follow=True))
    assert "Hold placed on alice. Nothing they sent or received can be deleted until it is lifted." in done
    lift = reverse("admin:deletion_hold_lift", args=[Hold.objects.get().pk])
    sentence = "Because of what they exchanged with alice, this hold also stops the deletion of bob."
    assert f"{sentence} It still has to be approved." in words(client.get(lift))
    approval.approve(asked, by=sam)
    response = client.get(lift)
    assert "What is approved continues within a minute after the hold is lifted" in words(response)
    assert '<button type="submit" class="danger">Lift hold</button>' in response.content.decode()


def test_many_stopped_deletions_are_counted_and_the_first_ones_named(sue: Any, sam: Any, alice: Any) -> None:
    people = [make_user(f"person{number:02}") for number in range(12)]
    for person in people:
        write(person, alice)
    requests.request_deletion(people, by=sue, reason=REASON, basis=Basis.POLICY)
    client = signed_in(sam)
    page = words(client.get(reverse("admin:accounts_user_hold", args=[alice.pk])))
    assert "It also stops 12 deletions, of person00, " in page and "person09 and others." in page
    for person in people:
        holds.place(person, kind=Hold.Kind.LEGAL, reason="Case 4", by=None)
    page = words(client.get(ask_about(alice)))
    assert page.count("whose account is on hold") == 10
    assert "2 more people with whom messages were exchanged are on hold." in page
