"""A hidden message's text is on no page of participants, only staff can read it, and the sender cannot edit it away."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from messaging.editors import editing_as
from messaging.models import HIDDEN_TEXT_STAYS, REMOVED, Conversation, Message, Notification
from messaging.tests.conversations import answer, write
from messaging.texts.hiding import hide, show

pytestmark = pytest.mark.django_db
SECRET, BEFORE = "secretword", "olderword"


@pytest.fixture
def message(alice: Any, bob: Any) -> Message:
    """A message from Alice to Bob that was edited once, with Bob's answer."""
    message = write(alice, bob, BEFORE)
    message.content = SECRET
    message.save()
    answer(message, "the reply stays")
    return message


def pages(user: Any, message: Message) -> dict[str, str]:
    """Return the content of a participant's pages that show this message, some of them from the cache."""
    client = Client()
    client.force_login(user)
    names = {"inbox": [], "conversation": [message.conversation_id], "history": [message.pk], "reply": [message.pk]}
    if user.pk == message.sender_id:
        names["edit"] = [message.pk]
    for name, args in names.items():
        client.get(reverse(f"messaging:{name}", args=args))
    return {name: client.get(reverse(f"messaging:{name}", args=args)).content.decode() for name, args in names.items()}


def test_no_page_of_either_participant_says_what_was_hidden(alice: Any, bob: Any, message: Message) -> None:
    for user in (alice, bob):
        assert any(SECRET in text for text in pages(user, message).values())
    assert hide([message.pk]) == [message.pk]
    for user in (alice, bob):
        shown = pages(user, message)
        for name, text in shown.items():
            assert SECRET not in text and BEFORE not in text, name
        for name in ("inbox", "conversation", "reply"):
            assert REMOVED in shown[name]
        assert "the reply stays" in shown["conversation"]
        assert "Moderators removed this message with all its texts." in shown["history"]


def test_a_cached_page_is_rendered_again(client: Client, bob: Any, message: Message) -> None:
    client.force_login(bob)
    address = reverse("messaging:conversation", args=[message.conversation_id])
    for expected, change in ((SECRET, None), (REMOVED, hide), (SECRET, show)):
        if change is not None:
            change([message.pk])
        for _ in range(2):
            assert expected in client.get(address).content.decode()


def test_counts_notifications_and_unread_messages_stay(bob: Any, message: Message) -> None:
    before = list(Conversation.objects.values()), list(Notification.objects.values())
    hide([message.pk])
    assert (list(Conversation.objects.values()), list(Notification.objects.values())) == before
    (found,) = Message.unread.unread_for_user(bob)
    assert found.shown_text == REMOVED


def test_hiding_returns_only_the_newly_hidden_messages(alice: Any, bob: Any, message: Message) -> None:
    other = write(alice, bob)
    assert hide([other.pk]) == [other.pk]
    assert hide([other.pk, message.pk, 0]) == [message.pk]
    assert hide([message.pk]) == []
    assert show([message.pk, other.pk]) == [message.pk, other.pk]
    assert not Message.objects.filter(hidden=True).exists()
    assert set(Message.objects.values_list("revision", flat=True)) == {1, 2}  # no text changed


def test_hiding_many_takes_as_many_queries_as_one(alice: Any, bob: Any, django_assert_num_queries: Any) -> None:
    few, many = ([write(alice, bob).pk for _ in range(number)] for number in (1, 20))
    for ids in (few, many):
        with django_assert_num_queries(4):
            # two for the savepoint, lock, update
            hide(ids)


def test_the_sender_cannot_edit_a_hidden_message(client: Client, alice: Any, message: Message) -> None:
    hide([message.pk])
    client.force_login(alice)
    address = reverse("messaging:edit", args=[message.pk])
    for page in (client.get(address), client.post(address, {"content": "something else"})):
        assert str(HIDDEN_TEXT_STAYS) in page.content.decode()
        assert "<textarea" not in page.content.decode()
    message.refresh_from_db()
    assert (message.content, message.revision) == (SECRET, 2)
    conversation = client.get(reverse("messaging:conversation", args=[message.conversation_id])).content.decode()
    assert address not in conversation


def test_an_edit_that_was_begun_before_is_refused_too(alice: Any, bob: Any, message: Message) -> None:
    """An edit is refused if the message is hidden between its loading and its saving."""
    stale = Message.objects.get(pk=message.pk)
    hide([message.pk])
    stale.content = "something else"
    with editing_as(alice), pytest.raises(ValidationError, match=str(HIDDEN_TEXT_STAYS)):
        stale.save(update_fields=["content"])
    message.refresh_from_db()
    assert message.content == SECRET
    with editing_as(bob):  # a correction by somebody else
        stale.save(update_fields=["content"])
    message.refresh_from_db()
    assert (message.content, message.hidden) == ("something else", True)


@pytest.mark.parametrize("deferred", [(), ("external_id",), ("content",)])
def test_saving_a_stale_instance_leaves_the_message_hidden(message: Message, deferred: tuple[str, ...]) -> None:
    stale = Message.objects.defer(*deferred).get(pk=message.pk)
    hide([message.pk])
    stale.read = True
    stale.save()
    message.refresh_from_db()
    assert (message.hidden, message.read) == (True, True)
