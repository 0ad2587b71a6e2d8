"""Deleting messages deletes nothing else: replies move up, and conversations are recounted or, if empty, removed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, models
from hypothesis import given
from hypothesis import strategies as st

from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.tests.conversations import answer, write
from messaging.tests.other_apps import looks_again, references_to
from messaging.tests.random_threads import (
    MessageSpec,
    chain,
    property_test,
    rolled_back,
    store,
    stored_counts,
    thread_specs,
    true_counts,
)

pytestmark = pytest.mark.django_db


def parents() -> dict[int, int | None]:
    return dict(Message.objects.values_list("pk", "parent_message"))


def surviving(message_id: int | None, before: dict[int, int | None], gone: set[int]) -> int | None:
    """Return the nearest of a message and its ancestors that is not deleted, found by a plain walk."""
    while message_id in gone:
        message_id = before[message_id]
    return message_id


def test_the_replies_of_a_deleted_message_become_replies_to_its_parent(alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    middle = answer(first)
    replies = [answer(middle), answer(middle)]
    middle.delete()
    assert parents() == {first.pk: None, replies[0].pk: first.pk, replies[1].pk: first.pk}
    assert stored_counts() == true_counts()


def test_the_replies_of_a_deleted_root_are_roots_of_the_same_conversation(alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    replies = [answer(first), answer(first)]
    first.delete()
    assert parents() == {replies[0].pk: None, replies[1].pk: None}
    assert {reply.conversation_id for reply in Message.objects.all()} == {replies[0].conversation_id}


def test_the_replies_of_a_chain_deleted_together_are_reattached_above_the_chain(alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    run = [answer(first)]
    for _ in range(3):
        run.append(answer(run[-1]))
    replies = [answer(run[0]), answer(run[2]), answer(run[3])]
    Message.objects.filter(pk__in=[message.pk for message in run]).delete()
    assert parents() == {first.pk: None, **{reply.pk: first.pk for reply in replies}}
    connection.check_constraints()


def test_histories_and_notifications_are_deleted_with_their_message(alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    Message.objects.update(content="changed")
    assert (MessageHistory.objects.count(), Notification.objects.count()) == (1, 1)
    first.delete()
    assert (MessageHistory.objects.count(), Notification.objects.count()) == (0, 0)


def test_the_conversation_is_deleted_with_its_last_message(alice: Any, bob: Any) -> None:
    write(alice, bob).delete()
    assert not Conversation.objects.exists()


def test_deleting_a_set_returns_what_was_deleted(alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    answer(first)
    write(alice, bob)
    number, by_model = Message.objects.filter(sender=alice).delete()
    assert (number, by_model) == (4, {"messaging.Message": 2, "messaging.Notification": 2})
    assert stored_counts() == true_counts()
    assert Conversation.objects.count() == 1


def test_a_slice_cannot_be_deleted_as_everywhere_in_django(alice: Any, bob: Any) -> None:
    write(alice, bob)
    with pytest.raises(TypeError):
        Message.objects.all()[:1].delete()
    with pytest.raises(TypeError):
        Message.objects.values("pk").delete()
    with pytest.raises(TypeError):
        Conversation.objects.all()[:1].delete()
    assert Message.objects.count() == 1


@pytest.mark.parametrize("model", [Message, Conversation])
def test_the_manager_has_no_delete(model: type[models.Model]) -> None:
    assert not hasattr(model._default_manager, "delete")


@pytest.mark.parametrize("by_set", [False, True])
def test_a_conversation_is_deleted_with_all_its_messages(alice: Any, bob: Any, by_set: bool) -> None:
    kept = write(alice, bob)
    gone = answer(answer(write(alice, bob)))
    Message.objects.filter(pk=gone.pk).update(content="changed")
    if by_set:
        _, by_model = Conversation.objects.filter(pk=gone.conversation_id).delete()
    else:
        _, by_model = gone.conversation.delete()
    assert by_model["messaging.Message"] == 3
    assert by_model["messaging.Conversation"] == 1
    assert list(Message.objects.values_list("pk", flat=True)) == [kept.pk]
    assert Notification.objects.count() == 1
    connection.check_constraints()


@property_test
@given(specs=thread_specs(), choice=st.sets(st.integers(0, 11)), one_by_one=st.booleans())
def test_replies_are_reattached_to_their_nearest_surviving_ancestor(
    alice: Any, bob: Any, charlie: Any, specs: list[MessageSpec], choice: set[int], one_by_one: bool
) -> None:
    with rolled_back():
        messages = store(specs, [alice, bob, charlie])
        before = parents()
        gone = {message.pk for number, message in enumerate(messages) if number in choice}
        if one_by_one:
            for message_id in gone:
                Message.objects.get(pk=message_id).delete()
        else:
            Message.objects.filter(pk__in=gone).delete()
        expected = {pk: surviving(parent_id, before, gone) for pk, parent_id in before.items() if pk not in gone}
        assert parents() == expected
        assert stored_counts() == true_counts()
        assert set(stored_counts()) == set(Message.objects.values_list("conversation_id", flat=True))
        connection.check_constraints()


def test_one_message_in_the_middle_of_a_chain_of_5000_can_be_deleted(alice: Any, bob: Any) -> None:
    ids = chain(alice, bob, 5_000)
    Message.objects.get(pk=ids[2_500]).delete()
    assert Message.objects.get(pk=ids[2_501]).parent_message_id == ids[2_499]
    assert stored_counts() == true_counts()


def test_every_second_message_of_a_chain_of_5000_can_be_deleted_at_once(alice: Any, bob: Any) -> None:
    ids = chain(alice, bob, 5_000)
    Message.objects.filter(pk__in=ids[1::2]).delete()
    kept = ids[::2]
    assert parents() == dict(zip(kept, [None, *kept], strict=False))
    assert stored_counts() == true_counts()


def test_a_chain_of_5000_is_deleted_with_its_conversation(alice: Any, bob: Any) -> None:
    chain(alice, bob, 5_000)
    Conversation.objects.get().delete()
    assert not Message.objects.exists()
    assert not Conversation.objects.exists()


def test_deleting_more_messages_takes_no_more_queries(alice: Any, bob: Any, django_assert_max_num_queries: Any) -> None:
    for number in (1, 30):
        first = write(alice, bob)
        for _ in range(number):
            answer(answer(first))
        with django_assert_max_num_queries(16 + looks_again() + references_to(Message) + references_to(Conversation)):
            Message.objects.filter(conversation=first.conversation_id, sender=bob).delete()
