"""``Message.unread`` finds what the receivers have not read, with only the fields that the screens show."""

from __future__ import annotations

from typing import Any

import pytest

from messaging.models import Message
from messaging.tests.conversations import answer, write

pytestmark = pytest.mark.django_db


def test_a_user_sees_what_they_received_and_have_not_read_the_newest_first(alice: Any, bob: Any, charlie: Any) -> None:
    old = write(alice, bob, minute=1)
    new = write(charlie, bob, minute=5)
    write(alice, bob, read=True)
    write(bob, alice)
    assert list(Message.unread.unread_for_user(bob)) == [new, old]


def test_messages_of_the_same_moment_come_the_latest_first(alice: Any, bob: Any) -> None:
    messages = [write(alice, bob) for _ in range(3)]
    assert list(Message.unread.unread_for_user(bob)) == messages[::-1]


def test_an_outsider_sees_nothing(alice: Any, bob: Any, charlie: Any) -> None:
    write(alice, bob)
    assert not Message.unread.unread_for_user(charlie).exists()


@pytest.mark.parametrize("messages", [2, 20])
def test_an_inbox_row_costs_no_query_of_its_own(
    alice: Any, bob: Any, django_assert_num_queries: Any, messages: int
) -> None:
    for _ in range(messages):
        write(alice, bob, "hello")
    with django_assert_num_queries(1):
        rows = [
            (message.pk, message.conversation_id, message.sender.username, message.content, message.timestamp)
            for message in Message.unread.unread_for_user(bob)
        ]
    assert len(rows) == messages


def test_only_what_an_inbox_shows_is_loaded(alice: Any, bob: Any) -> None:
    write(alice, bob)
    message = Message.unread.unread_for_user(bob).get()
    fields = {field.attname for field in message._meta.concrete_fields}
    shown = {"id", "conversation_id", "sender_id", "content", "hidden", "timestamp"}
    assert fields - message.get_deferred_fields() == shown
    sender_fields = {field.attname for field in alice._meta.concrete_fields}
    assert sender_fields - message.sender.get_deferred_fields() == {"id", "username"}


def test_the_unread_messages_of_several_people_come_in_one_query(
    alice: Any, bob: Any, charlie: Any, django_assert_num_queries: Any
) -> None:
    to_bob, to_charlie = write(alice, bob, minute=1), write(alice, charlie, minute=2)
    write(bob, alice)
    with django_assert_num_queries(1):
        rows = [(m.pk, m.sender.username, m.receiver.username) for m in Message.unread.for_users([bob, charlie])]
    assert rows == [(to_charlie.pk, "alice", "charlie"), (to_bob.pk, "alice", "bob")]


def test_unread_messages_are_counted_per_person(alice: Any, bob: Any, charlie: Any) -> None:
    write(alice, bob)
    write(charlie, bob)
    write(alice, bob, read=True)
    write(bob, alice)
    assert Message.unread.count_for_users([bob, charlie]) == {bob.pk: 2}


def test_conversations_with_an_unread_message_are_found(alice: Any, bob: Any) -> None:
    unread = write(alice, bob, read=True)
    answer(unread)
    write(alice, bob, read=True)
    assert [conversation.pk for conversation in Message.unread.conversations()] == [unread.conversation_id]


def test_the_manager_has_the_methods_of_the_queryset(alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    answer(first)
    assert Message.unread.of(alice).count() == 2
    assert list(Message.unread.with_replies()) == [first]
    assert Message.unread.unread_for_user(bob).mark_read() == 1
    assert Message.unread.count() == 1
