"""The counts of a conversation always agree with its messages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from hypothesis import given
from hypothesis import strategies as st

from messaging.models import Conversation, Message
from messaging.tests.conversations import START, answer, write
from messaging.tests.random_threads import property_test, rolled_back, stored_counts, true_counts

pytestmark = pytest.mark.django_db


def counts_of(message: Message) -> tuple[int, int, Any]:
    conversation = Conversation.objects.get(pk=message.conversation_id)
    return conversation.message_count, conversation.unread_count, conversation.last_message_at


def test_a_first_message_starts_a_conversation_at_its_time(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    assert message.conversation.started_at == START
    assert counts_of(message) == (1, 1, START)


def test_each_reply_is_counted_and_is_the_last_activity(alice: Any, bob: Any) -> None:
    message = write(alice, bob, read=True)
    answer(message, minute=7)
    assert counts_of(message) == (2, 1, START + timedelta(minutes=7))


def test_reading_a_message_is_counted(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    message.read = True
    message.save(update_fields=["read"])
    assert counts_of(message)[:2] == (1, 0)


def test_marking_a_set_as_read_is_counted_and_returns_how_many_were_unread(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    answer(message, read=True)
    other = write(bob, alice)
    assert Message.objects.all().mark_read() == 2
    assert Message.objects.all().mark_read() == 0
    assert counts_of(message)[:2] == (2, 0)
    assert counts_of(other)[:2] == (1, 0)


def test_marking_as_read_does_not_change_messages_to_others(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    reply = answer(message)
    assert Message.objects.filter(receiver=bob).mark_read() == 1
    assert not Message.objects.get(pk=reply.pk).read
    assert counts_of(message)[:2] == (2, 1)


def test_moving_messages_recounts_both_conversations(alice: Any, bob: Any) -> None:
    message, target = write(alice, bob), write(alice, bob)
    Message.objects.filter(pk=message.pk).update(conversation=target.conversation)
    assert counts_of(target)[:2] == (2, 2)
    assert counts_of(message)[:2] == (0, 0)


def test_moving_messages_in_bulk_recounts_both_conversations(alice: Any, bob: Any) -> None:
    first, second, target = write(alice, bob), write(alice, bob), write(alice, bob)
    for message in (first, second):
        message.conversation_id = target.conversation_id
    Message.objects.bulk_update([first, second], ["conversation"])
    assert sorted(stored[0] for stored in stored_counts().values()) == [0, 0, 3]


def test_a_repeated_recount_changes_nothing(alice: Any, bob: Any) -> None:
    answer(write(alice, bob), minute=3)
    before = stored_counts()
    assert Conversation.objects.recount() == 1
    assert stored_counts() == before


def test_recounting_takes_two_queries_for_any_number_of_conversations(
    alice: Any, bob: Any, django_assert_num_queries: Any
) -> None:
    for number in (1, 2, 3):
        answer(write(alice, bob))
        with django_assert_num_queries(2):
            assert Conversation.objects.recount() == number


def test_unread_conversations_are_those_with_an_unread_message(alice: Any, bob: Any) -> None:
    write(alice, bob, read=True)
    unread = write(alice, bob)
    assert [conversation.pk for conversation in Conversation.objects.unread()] == [unread.conversation_id]


def test_a_conversation_is_found_by_each_participant_and_not_by_an_outsider(alice: Any, bob: Any, charlie: Any) -> None:
    message = write(alice, bob)
    for person, found in ((alice, [message.conversation_id]), (bob, [message.conversation_id]), (charlie, [])):
        conversations = Conversation.objects.of(person)
        assert [conversation.pk for conversation in conversations] == found


def test_edited_conversations_are_those_with_an_edited_message(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    write(alice, bob)
    message.content = "changed"
    message.save()
    assert [conversation.pk for conversation in Conversation.objects.edited()] == [message.conversation_id]


def test_an_empty_conversation_is_removed_only_when_asked(alice: Any, bob: Any) -> None:
    kept = write(alice, bob)
    Conversation.objects.create()
    assert Conversation.objects.remove_empty() == 1
    assert [conversation.pk for conversation in Conversation.objects.all()] == [kept.conversation_id]


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[str, int, int]]:
    """Draw steps: a verb, the number of the message it is about, and another number that it may need."""
    verbs = (
        "write", "answer", "answer", "read", "read_all", "retime", "shift", "edit", "move", "move_bulk", "create_bulk",
        "delete", "delete_some", "delete_conversation",
    )  # fmt: skip
    step = st.tuples(st.sampled_from(verbs), st.integers(0, 20), st.integers(0, 20))
    return draw(st.lists(step, min_size=3, max_size=12))


def do(verb: str, message: Message, number: int, people: list[Any]) -> None:
    """Do one step as a screen or a command does it."""
    others = Message.objects.order_by("pk")
    other = others[number % others.count()]
    match verb:
        case "write":
            write(people[0], people[1], minute=number)
        case "answer":
            answer(message, minute=number)
        case "read":
            message.read = not message.read
            message.save(update_fields=["read"])
        case "read_all":
            Message.objects.filter(conversation=message.conversation_id).mark_read()
        case "retime":
            message.timestamp = START + timedelta(minutes=number)
            message.save()
        case "shift":
            Message.objects.filter(pk__lte=message.pk).update(timestamp=F("timestamp"), read=bool(number % 2))
        case "edit":
            Message.objects.filter(pk__gte=message.pk).update(content=str(number))
        case "move":
            Message.objects.filter(conversation=message.conversation_id).update(conversation=other.conversation_id)
        case "move_bulk":
            thread = list(Message.objects.filter(conversation=message.conversation_id))
            for moved in thread:
                moved.conversation_id = other.conversation_id
            Message.objects.bulk_update(thread, ["conversation", "content"])
        case "create_bulk":
            fields = {"sender": people[0], "receiver": people[1], "conversation_id": message.conversation_id}
            Message.objects.bulk_create(Message(**fields, content=str(more)) for more in range(number % 3))
        case "delete":
            message.delete()
        case "delete_some":
            Message.objects.filter(pk__in=[message.pk, other.pk]).delete()
        case "delete_conversation":
            message.conversation.delete()


@property_test
@given(what=steps())
def test_counts_are_right_after_any_steps(alice: Any, bob: Any, what: list[tuple[str, int, int]]) -> None:
    with rolled_back():
        for verb, which, number in what:
            if not Message.objects.exists():
                write(alice, bob)
            message = Message.objects.order_by("pk")[which % Message.objects.count()]
            do(verb, message, number, [alice, bob])
            stored, true = stored_counts(), true_counts()
            assert {pk: counts[:2] for pk, counts in stored.items()} == {pk: counts[:2] for pk, counts in true.items()}
            for pk, (number_of_messages, _, newest) in true.items():
                assert not number_of_messages or stored[pk][2] == newest
