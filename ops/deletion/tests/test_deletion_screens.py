"""Requesting deletions in the console: exact counts first, all accounts or none, and a confirmation that is typed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messaging.erasing import erasure
from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.accounts.models import User
from ops.conftest import make_staff
from ops.deletion import holds, requests
from ops.deletion.models import DeletionRequest, Mode, State, Texts
from ops.deletion.tests.deleting import ask
from ops.deletion.tests.screens import ASK, ask_about, filled_in, signed_in, sue, words

__all__ = ["sue"]

LIST = reverse("admin:accounts_user_changelist")


@pytest.fixture
def supporting(sue: Any) -> Client:
    """Sue's browser, in which she has just confirmed her password."""
    return signed_in(sue)


def test_the_action_opens_a_page_with_exact_counts(supporting: Client, alice: Any, bob: Any, charlie: Any) -> None:
    first = write(alice, bob)
    reply = answer(first, sender=charlie, receiver=charlie)
    answer(reply, sender=bob, receiver=alice)
    Message.objects.filter(pk=first.pk).update(content="changed")

    data = {"action": "delete_accounts", "index": "0", "_selected_action": [alice.pk]}
    response = supporting.post(LIST, data, follow=True)

    assert response.redirect_chain == [(ask_about(alice), 302)]
    page = words(response)
    assert "1 message sent and 1 received, on both sides of the conversation" in page
    assert "1 older text of those messages" in page
    assert "1 other person exchanged messages with this one" in page
    assert "1 other conversation loses messages" in page
    assert "1 reply by other people will be attached to the nearest message that stays" in page
    assert "Request deletion of alice" in page
    assert User.objects.get(pk=alice.pk).is_active


def test_the_page_says_when_there_are_too_many_messages_to_count(
    supporting: Client, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(write(alice, bob))
    monkeypatch.setattr(erasure, "MOST_COUNTED", 1)
    page = words(supporting.get(ask_about(alice)))
    assert "1 message sent and 1 received, on both sides of the conversation" in page
    assert "There are too many messages to count everything here. The receipt will have the numbers." in page
    assert "notification of" not in page
    assert "not counted" in words(supporting.get(ask_about(alice, bob)))


def test_a_request_closes_the_account_and_opens_its_page(supporting: Client, sue: Any, alice: Any) -> None:
    response = supporting.post(ask_about(alice), filled_in("alice", ticket="SUP-17"), follow=True)
    asked = DeletionRequest.objects.get()
    assert response.redirect_chain == [(reverse("admin:deletion_deletionrequest_change", args=[asked.pk]), 302)]
    page = words(response)
    assert "Deletion of alice requested. The account is closed and signed out." in page
    assert "Awaiting approval by a second person." in page
    assert (asked.group.ticket, asked.group.mode, asked.reason, asked.requested_by) == (
        "SUP-17", Mode.ERASE, "They wrote to us", sue,
    )  # fmt: skip
    assert not User.objects.get(pk=alice.pk).is_active


@pytest.mark.parametrize(
    ("way", "asked"),
    [
        ("erase", (Mode.ERASE, "")),
        ("blank", (Mode.ANONYMISE, Texts.BLANK)),
        ("keep", (Mode.ANONYMISE, Texts.KEEP)),
    ],
)
def test_each_choice_sets_mode_and_texts(supporting: Client, alice: Any, way: str, asked: tuple[str, str]) -> None:
    supporting.post(ask_about(alice), filled_in("alice", way=way))
    group = DeletionRequest.objects.get().group
    assert (group.mode, group.texts) == asked


def test_the_configured_mode_is_preselected(supporting: Client, alice: Any, settings: Any) -> None:
    assert supporting.get(ask_about(alice)).context["form"]["way"].value() == "erase"
    settings.DELETION_MODE, settings.DELETION_TEXTS = "anonymise", "keep"
    response = supporting.get(ask_about(alice))
    assert response.context["form"]["way"].value() == "keep"
    assert "Removed for good" in words(response)
    assert "Anonymising: removes the name, the e-mail address and the sign-in for good" in words(response)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"typed": "alicia"}, "That is not “alice”. Nothing was changed. Type it exactly as shown."),
        ({"typed": ""}, "Type “alice” to confirm."),
        ({"typed": "Alice"}, "That is not “alice”"),
        ({"reason": "  "}, "Enter a reason: the approver reads it."),
        ({"basis": ""}, "Choose a basis: it is kept on the receipt."),
        ({"ticket": "Alice, by phone"}, "The ticket is a reference such as SUP-123"),
        ({"ticket": "about-alice"}, "The ticket names the person"),
        ({"way": "shred"}, "Select a valid choice"),
        ({"reason": "a\x00b"}, "This contains a character that cannot be stored. Retype it."),
    ],
)
def test_an_invalid_form_is_explained_and_requests_nothing(
    supporting: Client, alice: Any, changed: dict[str, str], sentence: str
) -> None:
    response = supporting.post(ask_about(alice), {**filled_in("alice"), **changed})
    assert response.status_code == 200
    page = words(response)
    assert "Nothing was changed." in page
    assert sentence in page
    assert not DeletionRequest.objects.exists()
    assert User.objects.get(pk=alice.pk).is_active


def test_a_typed_name_matches_in_any_unicode_form(supporting: Client) -> None:
    rene = make_user("Rene\u0301 the 2nd")
    supporting.post(ask_about(rene), filled_in("Ren\u00e9 the 2nd"))
    assert DeletionRequest.objects.get().user_id == rene.pk


def test_several_deletions_are_confirmed_by_their_number(supporting: Client, alice: Any, bob: Any) -> None:
    write(alice, bob)
    page = words(supporting.get(ask_about(alice, bob)))
    assert "A message between two of these accounts counts once: 1 in all." in page
    assert "Request deletion of 2 accounts" in page
    assert "That is not “delete 2 accounts”" in words(supporting.post(ask_about(alice, bob), filled_in("alice")))
    response = supporting.post(ask_about(alice, bob), filled_in("delete 2 accounts"), follow=True)
    group = DeletionRequest.objects.first().group  # type: ignore[union-attr]
    assert response.redirect_chain == [(reverse("admin:deletion_deletiongroup", args=[group.pk]), 302)]
    assert "Deletion of 2 accounts requested. The accounts are closed and signed out." in words(response)
    assert set(group.requests.values_list("username", flat=True)) == {"alice", "bob"}


def test_the_delete_page_of_django_redirects_to_the_request(supporting: Client, alice: Any) -> None:
    own = reverse("admin:accounts_user_delete", args=[alice.pk])
    for response in (supporting.get(own), supporting.post(own, {"post": "yes"})):
        assert response["Location"] == ask_about(alice)
    assert User.objects.filter(pk=alice.pk).exists()


def test_opening_the_page_requests_nothing(supporting: Client, alice: Any) -> None:
    supporting.get(ask_about(alice), filled_in("alice"))
    assert not DeletionRequest.objects.exists()


def test_the_password_is_confirmed_first(sue: Any, alice: Any) -> None:
    client = Client()
    client.force_login(sue)
    for response in (client.get(ask_about(alice)), client.post(ask_about(alice), filled_in("alice"))):
        assert response["Location"].startswith(reverse("confirm"))
    assert not DeletionRequest.objects.exists()


def test_an_obstacle_to_one_account_blocks_all_and_offers_the_others(
    supporting: Client, sue: Any, alice: Any, rosa: Any
) -> None:
    response = supporting.get(ask_about(alice, sue))
    page = words(response)
    assert "This is your own account. Ask a colleague to request its deletion." in page
    assert "Deletion cannot be requested yet: sue." in page
    assert "Continue with the other account" in page
    assert ask_about(alice).replace("&", "&amp;") in response.content.decode()
    assert "to confirm" not in page
    page = words(supporting.post(ask_about(alice, sue), filled_in("delete 2 accounts")))
    assert "This is your own account. Ask a colleague to request its deletion." in page
    assert not DeletionRequest.objects.exists()
    assert "Only a superuser can request its deletion." in words(supporting.get(ask_about(rosa)))


def test_an_existing_request_is_linked(supporting: Client, sue: Any, alice: Any) -> None:
    asked = ask(alice, by=sue)
    response = supporting.get(ask_about(alice))
    assert "Its deletion has already been requested" in words(response)
    assert reverse("admin:deletion_deletionrequest_change", args=[asked.pk]) in response.content.decode()


def test_a_hold_is_shown_and_allows_the_request(supporting: Client, sue: Any, alice: Any) -> None:
    holds.place(alice, kind="legal", reason="The case of the blue bicycle", by=sue)
    page = words(supporting.get(ask_about(alice)))
    assert "The case of the blue bicycle" in page
    assert "it will not run while the hold is open" in page
    supporting.post(ask_about(alice), filled_in("alice"))
    assert DeletionRequest.objects.get().state == State.REQUESTED


def test_a_requester_without_access_to_deletions_returns_to_the_users(alice: Any) -> None:
    client = signed_in(make_staff("vera", "view_user", "delete_user"))
    response = client.post(ask_about(alice), filled_in("alice"), follow=True)
    assert response.redirect_chain == [(LIST, 302)]
    assert "Deletion of alice requested." in words(response)


def test_without_permission_deletion_is_neither_offered_nor_allowed(alice: Any) -> None:
    client = signed_in(make_staff("vera", "view_user", "change_user"))
    assert "Request deletion of selected" not in words(client.get(LIST))
    assert "Request deletion" not in words(client.get(reverse("admin:accounts_user_change", args=[alice.pk])))
    assert client.get(ask_about(alice)).status_code == 403
    assert client.post(ask_about(alice), filled_in("alice")).status_code == 403
    assert not DeletionRequest.objects.exists()


@pytest.mark.parametrize("query", ["", "?id=abc", "?id=99999999", "?id=" + "9" * 40])
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_account_that_does_not_exist_leads_back_with_a_sentence(supporting: Client, query: str, method: str) -> None:
    response = getattr(supporting, method)(ASK + query, follow=True)
    assert "This account no longer exists. Choose again." in words(response)


def test_too_many_accounts_are_refused_with_a_sentence(
    supporting: Client, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "MOST_AT_ONCE", 1)
    data = {"action": "delete_accounts", "index": "0", "_selected_action": [alice.pk, bob.pk]}
    page = words(supporting.post(LIST, data, follow=True))
    assert "At most 1 account can be deleted at once. Select fewer." in page


def test_the_page_of_a_user_shows_request_and_hold(supporting: Client, sue: Any, alice: Any) -> None:
    address = reverse("admin:accounts_user_change", args=[alice.pk])
    page = words(supporting.get(address))
    assert "Place hold… Request deletion…" in page
    assert "to be deleted" not in page
    holds.place(alice, kind="legal", reason="The case of the blue bicycle", by=sue)
    asked = ask(alice, by=sue)
    response = supporting.get(address)
    page = words(response)
    assert "to be deleted" in page and "on hold" in page
    assert "The case of the blue bicycle Lift hold…" in page
    assert "Awaiting approval by a second person, and on hold until the hold is lifted. Open the request" in page
    assert "Place another hold…" in page and "Request deletion…" not in page
    assert reverse("admin:deletion_deletionrequest_change", args=[asked.pk]) in response.content.decode()


def test_names_and_reasons_are_escaped(supporting: Client, sue: Any) -> None:
    evil = make_user("<script>alert(1)</script>")
    assert "<script>alert(1)" not in supporting.get(ask_about(evil)).content.decode()
    asked = ask(evil, by=sue, reason="<img src=x>")
    page = supporting.get(reverse("admin:deletion_deletionrequest_change", args=[asked.pk])).content.decode()
    assert "<script>alert(1)" not in page and "<img src=x>" not in page


def test_an_account_awaiting_deletion_cannot_be_edited(supporting: Client, sue: Any, alice: Any) -> None:
    ask(alice, by=sue)
    address = reverse("admin:accounts_user_change", args=[alice.pk])
    assert not {"username", "email", "is_active"} & set(supporting.get(address).context["adminform"].form.fields)
    supporting.post(address, {"username": "alicia", "email": "a@example.org", "is_active": "on"})
    stored = User.objects.get(pk=alice.pk)
    assert (stored.username, stored.email, stored.is_active) == ("alice", "", False)


def test_a_data_export_is_offered_before_the_erasure(supporting: Client, sue: Any, rosa: Any, alice: Any) -> None:
    export = reverse("admin:exports_export_person", args=[alice.pk])
    root = signed_in(rosa)
    before = [ask_about(alice)]
    asked = ask(alice, by=sue)
    after = [reverse(f"admin:deletion_deletionrequest_{act}", args=[asked.pk]) for act in ("change", "approve")]
    for page in (*before, *after):
        assert f'<a href="{export}">Download this person’s data first</a>' in root.get(page).content.decode()
    for page in (before[0], after[0]):
        response = supporting.get(page)
        assert f'href="{export}"' not in response.content.decode()
        assert "Request this person’s data first" in words(response)
    assert root.get(export).status_code == 200


def test_the_form_of_a_hold_explains_its_effect(supporting: Client, alice: Any) -> None:
    page = words(supporting.get(reverse("admin:accounts_user_hold", args=[alice.pk])))
    assert "nothing of alice, and nothing that alice and others sent each other, can be deleted." in page
