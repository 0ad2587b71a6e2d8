"""Saving puts a message into its conversation, and refuses a parent that would break the thread."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from messaging.models import Conversation, Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from messaging.tests.other_apps import looks_again, receivers_of_changed_texts

pytestmark = pytest.mark.django_db


def refused(message: Message) -> dict[str, list[str]]:
    """Save the message, check that it is refused and nothing is stored, and return the reasons."""
    before = list(Message.objects.order_by("pk").values())
    with pytest.raises(ValidationError) as caught:
        message.save()
    assert list(Message.objects.order_by("pk").values()) == before
    return caught.value.message_dict


def test_a_message_without_a_parent_starts_a_conversation(alice: Any, bob: Any) -> None:
    assert write(alice, bob).conversation_id != write(alice, bob).conversation_id


def test_a_message_without_a_parent_can_be_a_further_root_of_a_conversation(alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    assert write(alice, bob, conversation=first.conversation).conversation_id == first.conversation_id
    assert Conversation.objects.count() == 1


def test_a_reply_joins_the_conversation_of_its_parent(alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    assert answer(answer(first)).conversation_id == first.conversation_id


def test_a_reply_given_only_its_parents_id_joins_too(alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    reply = Message.objects.create(sender=bob, receiver=alice, content="yes", parent_message_id=first.pk)
    assert reply.conversation_id == first.conversation_id


def test_a_parent_in_another_conversation_is_refused(alice: Any, bob: Any) -> None:
    first, elsewhere = write(alice, bob), write(alice, bob)
    first.parent_message = elsewhere
    assert refused(first) == {"parent_message": ["The message it answers is in another conversation."]}


def test_a_parent_that_does_not_exist_any_more_is_refused(alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    second = answer(first)
    third = Message(sender=alice, receiver=bob, content="late", parent_message=Message.objects.get(pk=second.pk))
    second.delete()
    assert refused(third) == {"parent_message": ["The message it answers does not exist any more."]}
    in_place = Message(
        sender=alice, receiver=bob, content="late", parent_message_id=second.pk or 404, conversation=first.conversation
    )
    assert refused(in_place) == {"parent_message": ["The message it answers does not exist any more."]}


def test_a_conversation_that_does_not_exist_any_more_is_refused(alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    late = Message(sender=alice, receiver=bob, content="late", conversation_id=first.conversation_id)
    first.delete()
    assert refused(late) == {"conversation": ["The conversation does not exist any more."]}


def test_saving_an_instance_of_a_deleted_message_does_not_bring_it_back(alice: Any, bob: Any) -> None:
    message = answer(write(alice, bob))
    still_open = Message.objects.get(pk=message.pk)
    message.delete()
    still_open.content = "changed"
    assert refused(still_open) == {"__all__": ["The message does not exist any more."]}


@pytest.mark.parametrize("role", ["sender", "receiver"])
def test_a_person_who_does_not_exist_any_more_is_refused(alice: Any, bob: Any, role: str) -> None:
    first = write(alice, bob)
    gone = make_user("dora")
    late = Message(**{"sender": alice, "receiver": bob, "content": "late", "parent_message": first, role: gone})
    type(gone).objects.filter(pk=gone.pk).delete()
    assert refused(late) == {role: [f"The account of the {role} does not exist any more."]}


def test_a_message_cannot_be_a_reply_to_itself(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    message.parent_message = message
    assert refused(message) == {"parent_message": ["The message it answers is an answer to this one: a loop."]}


def test_a_message_cannot_be_a_reply_to_one_below_it(alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    last = answer(answer(answer(first)))
    first.parent_message = last
    assert refused(first) == {"parent_message": ["The message it answers is an answer to this one: a loop."]}


def test_a_branch_can_be_moved_within_its_conversation(alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    branch, other = answer(first), answer(first)
    leaf = answer(branch)
    branch.parent_message = other
    branch.save()
    assert Message.objects.get(pk=leaf.pk, parent_message__parent_message=other).parent_message == branch


def test_a_message_does_not_move_to_another_conversation_by_saving(alice: Any, bob: Any) -> None:
    message, elsewhere = write(alice, bob), write(alice, bob)
    message.conversation = elsewhere.conversation
    assert refused(message) == {"conversation": ["A message stays in its conversation."]}


def test_a_text_with_a_character_that_cannot_be_stored_is_refused_by_validation(alice: Any, bob: Any) -> None:
    message = Message(sender=alice, receiver=bob, content="nul \x00 inside")
    with pytest.raises(ValidationError) as caught:
        message.clean()
    expected = "The text holds a character that cannot be stored (U+0000): remove it."
    assert caught.value.message_dict == {"content": [expected]}


def test_a_refused_first_message_leaves_no_empty_conversation(alice: Any, bob: Any) -> None:
    gone = make_user("dora")
    late = Message(sender=alice, receiver=gone, content="late")
    gone.delete()
    refused(late)
    assert not Conversation.objects.exists()


def test_a_message_refused_by_the_database_can_be_corrected_and_stored(alice: Any, bob: Any) -> None:
    write(alice, bob, external_id="irc:1")
    message = Message(sender=alice, receiver=bob, content="again", external_id="irc:1")
    with pytest.raises(IntegrityError), transaction.atomic():
        message.save()
    message.external_id = "irc:2"
    message.save()
    assert Conversation.objects.count() == 2


def test_the_number_of_queries_of_saving_does_not_depend_on_the_conversation(
    alice: Any, bob: Any, django_assert_num_queries: Any
) -> None:
    """Two of the queries are for the savepoint, which exists only within a test's transaction."""
    first = write(alice, bob)
    locks = looks_again()
    locked = locks and locks + 2  # conversations, lock
    for parent in (first, answer(answer(first))):
        with django_assert_num_queries(9):
            # people, the parent's place, lock, places, insert, notification, recount
            reply = Message.objects.create(sender=bob, receiver=alice, content="yes", parent_message_id=parent.pk)
        reply.content = "no"
        with django_assert_num_queries(10 + receivers_of_changed_texts()):
            # people, lock, places, ancestors, text, history, update, recount
            reply.save()
        reply.content = "perhaps"
        with django_assert_num_queries(6 + locked + receivers_of_changed_texts()):
            # people, text, history, update
            reply.save(update_fields=["content"])
        reply.read = True
        with django_assert_num_queries(6):
            # people, lock, update, recount
            reply.save(update_fields=["read"])


def test_marking_as_read_takes_the_same_queries_for_one_or_many(
    alice: Any, bob: Any, django_assert_num_queries: Any
) -> None:
    first = write(alice, bob)
    for _ in range(2):
        with django_assert_num_queries(4 + looks_again()):
            # conversations, lock, update, recount
            Message.objects.filter(receiver=bob).mark_read()
        for _ in range(3):
            write(alice, bob)
            answer(answer(first))


def test_constraints_hold_after_all_this(alice: Any, bob: Any) -> None:
    answer(write(alice, bob))
    connection.check_constraints()
