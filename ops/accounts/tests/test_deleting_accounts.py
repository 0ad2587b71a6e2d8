"""Deleting accounts: exact counts first, then all or none, and the other people's words stay."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messaging.erasure import ErasureCounts
from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.accounts import deletion
from ops.accounts.models import AccountDeletion, User
from ops.conftest import make_staff

LIST = reverse("admin:accounts_user_changelist")
ASK = reverse("admin:accounts_user_delete_many")


@pytest.fixture
def sue(db: Any) -> Any:
    """Sue supports users: she may delete accounts."""
    return make_staff("sue", "view_user", "delete_user")


@pytest.fixture
def supporting(client: Client, sue: Any) -> Client:
    """Sue is signed in, and has just confirmed that it is she."""
    client.force_login(sue)
    client.post(reverse("confirm"), {"password": "sue's password"})
    return client


def ask_about(*users: Any) -> str:
    return f"{ASK}?" + "&".join(f"id={user.pk}" for user in users)


def test_the_action_leads_to_a_page_that_says_exactly_what_goes(
    supporting: Client, alice: Any, bob: Any, charlie: Any
) -> None:
    first = write(alice, bob)
    reply = answer(first, sender=charlie, receiver=charlie)
    answer(reply, sender=bob, receiver=alice)
    Message.objects.filter(pk=first.pk).update(content="changed")

    data = {"action": "delete_accounts", "index": "0", "_selected_action": [alice.pk]}
    response = supporting.post(LIST, data, follow=True)

    assert response.redirect_chain == [(ask_about(alice), 302)]
    page = response.content.decode()
    assert "1 message sent and 1 received" in page
    assert "1 older text of those messages" in page
    assert "1 reply by other people" in page
    assert "Delete 1 account and 2 messages" in page
    assert User.objects.filter(pk=alice.pk).exists()


def test_confirming_deletes_and_keeps_what_other_people_wrote(
    supporting: Client, sue: Any, alice: Any, bob: Any, charlie: Any
) -> None:
    first = write(alice, bob)
    kept = answer(first, "mine", sender=charlie, receiver=charlie)

    response = supporting.post(ask_about(alice), follow=True)

    assert "The account of alice was deleted" in response.content.decode()
    assert not User.objects.filter(username="alice").exists()
    kept.refresh_from_db()
    assert (kept.content, kept.parent_message, Message.objects.count()) == ("mine", None, 1)
    assert not Notification.objects.filter(user=bob).exists()
    record = AccountDeletion.objects.get()
    assert (record.deleted_by, record.messages) == (sue, 1)


def test_the_record_holds_nothing_about_whose_account_it_was(supporting: Client, bob: Any) -> None:
    gone = make_user("very-rare-name", email="rare@example.org")
    write(gone, bob, "rare words")
    supporting.post(ask_about(gone))
    record = AccountDeletion.objects.values_list().get()
    assert "rare" not in str(record)


def test_a_message_between_two_of_them_counts_once(supporting: Client, alice: Any, bob: Any) -> None:
    write(alice, bob)
    page = supporting.get(ask_about(alice, bob)).content.decode()
    assert "Delete 2 accounts and 1 message" in page
    supporting.post(ask_about(alice, bob))
    assert set(User.objects.values_list("username", flat=True)) == {"sue"}
    assert not Conversation.objects.exists()


def test_djangos_own_way_of_deleting_leads_to_the_same_page(supporting: Client, alice: Any) -> None:
    own = reverse("admin:accounts_user_delete", args=[alice.pk])
    for response in (supporting.get(own), supporting.post(own, {"post": "yes"})):
        assert response["Location"] == ask_about(alice)
    assert User.objects.filter(pk=alice.pk).exists()


def test_asking_is_no_deleting(supporting: Client, alice: Any) -> None:
    supporting.get(ask_about(alice))
    assert User.objects.filter(pk=alice.pk).exists()


def test_what_stands_against_one_of_them_keeps_all(supporting: Client, sue: Any, alice: Any, rosa: Any) -> None:
    page = supporting.get(ask_about(alice, sue)).content.decode()
    assert "This is your own account: ask a colleague to delete it." in page
    assert "Delete 2 accounts and" not in page
    response = supporting.post(ask_about(alice, sue), follow=True)
    assert "The account of sue was not deleted, nor was any other." in response.content.decode()
    assert User.objects.filter(username__in=["alice", "sue"]).count() == 2
    assert "only a superuser can delete it" in supporting.get(ask_about(rosa)).content.decode()


def test_the_last_active_superuser_stays(client: Client, rosa: Any) -> None:
    other = make_user("rob", is_staff=True, is_superuser=True, is_active=False)
    assert deletion.obstacle(rosa, by=other) == "This is the last active superuser: make somebody else one first."
    assert deletion.obstacle(other, by=rosa) is None


def test_who_may_not_delete_is_neither_offered_it_nor_let_through(client: Client, alice: Any) -> None:
    client.force_login(make_staff("vera", "view_user", "change_user"))
    assert "Delete the chosen accounts" not in client.get(LIST).content.decode()
    assert client.get(ask_about(alice)).status_code == 403
    assert client.post(ask_about(alice)).status_code == 403
    assert User.objects.filter(pk=alice.pk).exists()


@pytest.mark.parametrize("query", ["", "?id=abc", "?id=99999999", "?id=" + "9" * 40])
def test_an_account_that_does_not_exist_leads_back_with_a_sentence(supporting: Client, query: str) -> None:
    response = supporting.get(ASK + query, follow=True)
    assert "There is no such account" in response.content.decode()


def test_too_many_at_once_are_refused_with_a_sentence(
    supporting: Client, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "MOST_AT_ONCE", 1)
    data = {"action": "delete_accounts", "index": "0", "_selected_action": [alice.pk, bob.pk]}
    page = supporting.post(LIST, data, follow=True).content.decode()
    assert "At most 1 accounts are deleted at once: choose fewer." in page


def test_a_failure_half_way_deletes_nobody(sue: Any, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    write(alice, bob)
    original = User.delete

    def failing(user: User, *args: Any, **kwargs: Any) -> Any:
        if user.pk == bob.pk:
            raise OSError("the disk is full")
        return original(user, *args, **kwargs)

    monkeypatch.setattr(User, "delete", failing)
    with pytest.raises(OSError, match="the disk is full"):
        deletion.delete_accounts([alice, bob], by=sue)
    assert User.objects.filter(pk=alice.pk).exists()
    assert (Message.objects.count(), AccountDeletion.objects.count()) == (1, 0)


def test_a_plan_is_what_happens(sue: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    message.content = "changed"
    message.save()
    planned = deletion.plan([alice], by=sue)[0]
    assert planned.counts == ErasureCounts(messages_sent=1, histories=1, notifications=1, conversations=1)
    deletion.delete_accounts([alice], by=sue)
    assert AccountDeletion.objects.get().counts == planned.counts.as_dict()
    assert not MessageHistory.objects.exists()
