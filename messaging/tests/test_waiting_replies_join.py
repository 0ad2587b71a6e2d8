"""A reply that is stored before its parent joins the parent when that is stored, on every code path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging import joining
from messaging.models import Conversation, Message
from messaging.tests.conversations import answer, write
from messaging.tests.examples import examples

pytestmark = pytest.mark.django_db
USING = "default"
with_people = settings(
    max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def saved(alice: Any, bob: Any) -> None:
    write(alice, bob, external_id="question", minute=-5)


def in_bulk(alice: Any, bob: Any) -> None:
    conversation = write(alice, bob, minute=-5).conversation
    Message.objects.bulk_create(
        [Message(sender=alice, receiver=bob, content="hello", external_id="question", conversation=conversation)]
    )


def named_later(alice: Any, bob: Any) -> None:
    message = write(alice, bob, minute=-5)
    message.external_id = "question"
    message.save(update_fields=["external_id"])


def updated(alice: Any, bob: Any) -> None:
    Message.objects.filter(pk=write(alice, bob).pk).update(external_id="question")


def updated_in_bulk(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    message.external_id = "question"
    Message.objects.bulk_update([message], ["external_id"])


ROADS = [saved, in_bulk, named_later, updated, updated_in_bulk]


def orphan(alice: Any, bob: Any, awaited: str = "question", **fields: Any) -> Message:
    return write(bob, alice, "an answer", awaited_parent_external_id=awaited, **fields)


def consistent() -> bool:
    """Return whether the counts agree with the messages and all replies are in the conversations of their parents."""
    before = list(Conversation.objects.order_by("pk").values_list())
    Conversation.objects.all().recount()
    apart = [
        message
        for message in Message.objects.select_related("parent_message")
        if message.parent_message and message.parent_message.conversation_id != message.conversation_id
    ]
    return before == list(Conversation.objects.order_by("pk").values_list()) and not apart


@pytest.mark.parametrize("arrive", ROADS)
def test_a_waiting_reply_joins_its_parent_whichever_way_it_arrives(
    alice: Any, bob: Any, arrive: Callable[..., None]
) -> None:
    first = orphan(alice, bob)
    below = answer(first)
    arrive(alice, bob)
    first.refresh_from_db()
    below.refresh_from_db()
    question = Message.objects.get(external_id="question")
    assert (first.parent_message, first.awaited_parent_external_id) == (question, None)
    assert first.conversation_id == below.conversation_id == question.conversation_id
    assert Conversation.objects.count() == 1
    assert consistent()


def test_a_reply_joins_a_stored_parent_at_once(alice: Any, bob: Any) -> None:
    question = write(alice, bob, external_id="question")
    first = orphan(alice, bob)
    assert (first.parent_message_id, first.awaited_parent_external_id) == (question.pk, None)
    assert Conversation.objects.count() == 1


def test_further_roots_of_the_conversation_move_along(alice: Any, bob: Any) -> None:
    first = orphan(alice, bob)
    other = write(alice, bob, conversation=first.conversation)
    saved(alice, bob)
    other.refresh_from_db()
    assert (other.parent_message, Conversation.objects.count()) == (None, 1)
    assert consistent()


def test_joining_makes_no_loop(alice: Any, bob: Any) -> None:
    """A reply whose awaited parent arrives as an answer to it keeps waiting."""
    first = orphan(alice, bob)
    answer(first, external_id="question")
    first.refresh_from_db()
    assert (first.parent_message, first.awaited_parent_external_id) == (None, "question")
    # Of two replies that would join each other's answers, only one does.
    one, other = orphan(alice, bob, "below other"), orphan(alice, bob, "below one")
    answer(one, external_id="below one")
    answer(other, external_id="below other")
    assert Message.objects.filter(pk__in=[one.pk, other.pk], parent_message=None).count() == 1
    assert consistent()


def test_a_reply_with_a_parent_cannot_await_another(alice: Any, bob: Any) -> None:
    reply = answer(write(alice, bob))
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(pk=reply.pk).update(awaited_parent_external_id="nowhere")


def everything() -> list[Any]:
    messages = Message.objects.order_by("pk").values_list("pk", "conversation_id", "parent_message_id", *NAMES)
    return [*messages, *Conversation.objects.order_by("pk").values_list()]


NAMES = ("external_id", "awaited_parent_external_id")


number = st.none() | st.integers(0, 11)


@with_people
@given(trees=st.lists(st.tuples(number, number), min_size=1, max_size=12))
def test_undoing_joins_restores_the_former_state(
    alice: Any, bob: Any, trees: list[tuple[int | None, int | None]]
) -> None:
    """Whichever messages of any trees await each other, joins make no loops, keep counts right and can be undone."""
    point = transaction.savepoint()
    try:
        ids: list[int] = []
        for parent, awaited in trees:
            below = ids[parent] if parent is not None and parent < len(ids) else None
            message = write(alice, bob, minute=len(ids), parent_message_id=below)
            waits = str(awaited) if below is None and awaited not in (None, len(ids)) else None
            # A plain update, because that of messages would join them.
            QuerySet.update(
                Message.objects.filter(pk=message.pk),
                external_id=str(len(ids)),
                awaited_parent_external_id=waits,
            )
            ids.append(message.pk)
        before = everything()
        waiting = Message.objects.exclude(awaited_parent_external_id=None).values_list("pk", NAMES[1])
        pairs = {one: ids[int(name)] for one, name in waiting if name is not None and int(name) < len(ids)}
        moves = joining.join(pairs, using=USING)
        assert consistent()
        assert_no_loops()
        left = dict(Message.objects.filter(pk__in=pairs, parent_message=None).values_list("pk", "conversation_id"))
        places = dict(Message.objects.values_list("pk", "conversation_id"))
        assert all(places[pairs[one]] == conversation for one, conversation in left.items())
        joining.undo_joins(moves, using=USING)
        assert everything() == before
    finally:
        transaction.savepoint_rollback(point)


def assert_no_loops() -> None:
    parents = dict(Message.objects.values_list("pk", "parent_message_id"))
    for start in parents:
        seen = {start}
        one = parents[start]
        while one is not None:
            assert one not in seen
            seen.add(one)
            one = parents[one]
