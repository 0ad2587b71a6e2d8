"""Threads are in reading order: parents before replies, replies by time, each message once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from hypothesis import given

from messaging import threads
from messaging.models import Message
from messaging.tests.conversations import answer, write
from messaging.tests.random_threads import (
    MessageSpec,
    chain,
    property_test,
    reading_order,
    rolled_back,
    store,
    thread_specs,
)

pytestmark = pytest.mark.django_db


def links_of(messages: list[Message]) -> list[threads.Link]:
    ordered = sorted(messages, key=lambda message: (message.timestamp, message.pk))
    return [(message.pk, message.parent_message_id) for message in ordered]


def set_parent_unchecked(message: Message, parent: Message) -> None:
    """Set a parent without any check, as in a damaged database."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE messaging_message SET parent_message_id = %s WHERE id = %s", [parent.pk, message.pk])


def test_siblings_are_read_in_the_order_of_time_and_replies_right_after_their_parent(alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    late = answer(first, minute=9)
    early = answer(first, minute=2)
    below_early = answer(early, minute=30)
    read = threads.load_conversation(first.conversation_id)
    assert [(one.id, one.depth) for one in read] == [(first.pk, 0), (early.pk, 1), (below_early.pk, 2), (late.pk, 1)]


def test_messages_of_the_same_moment_are_read_in_the_order_of_their_ids(alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    replies = [answer(first, minute=1) for _ in range(3)]
    read = threads.load_conversation(first.conversation_id)
    assert [one.id for one in read] == [first.pk, *(reply.pk for reply in replies)]


def test_a_reply_sent_before_its_parent_is_still_read_after_it(alice: Any, bob: Any) -> None:
    """The clocks of the systems that messages come from may differ."""
    first = write(alice, bob, minute=10)
    reply = answer(first, minute=5)
    assert [one.id for one in threads.load_conversation(first.conversation_id)] == [first.pk, reply.pk]


def test_a_conversation_is_read_in_one_query_with_everything_that_it_shows(
    alice: Any, bob: Any, django_assert_num_queries: Any
) -> None:
    first = write(alice, bob, "hello", read=True)
    answer(first, "hello back")
    with django_assert_num_queries(1):
        opening, reply = threads.load_conversation(first.conversation_id)
    assert (opening.sender, opening.receiver, opening.content, opening.read) == ("alice", "bob", "hello", True)
    assert (reply.sender_id, reply.receiver_id, reply.parent_id, reply.edited) == (bob.pk, alice.pk, first.pk, False)
    assert opening.timestamp == first.timestamp


def test_an_unknown_conversation_or_message_gives_an_empty_list(db: Any) -> None:
    assert threads.load_conversation(404) == []
    assert threads.conversation_links(404) == []
    assert threads.descendants(404) == []
    assert threads.ancestor_ids(404) == []


@property_test
@given(specs=thread_specs(people=2))
def test_any_conversation_is_loaded_in_the_order_of_the_plain_recursion(
    alice: Any, bob: Any, specs: list[MessageSpec]
) -> None:
    with rolled_back():
        messages = store(specs, [alice, bob])
        for conversation_id in {message.conversation_id for message in messages}:
            links = links_of([message for message in messages if message.conversation_id == conversation_id])
            read = threads.load_conversation(conversation_id)
            assert [(one.id, one.depth) for one in read] == reading_order(links)
            assert threads.conversation_links(conversation_id) == links


@property_test
@given(specs=thread_specs(people=2))
def test_descendants_and_ancestors_are_what_a_plain_walk_finds(alice: Any, bob: Any, specs: list[MessageSpec]) -> None:
    with rolled_back():
        messages = store(specs, [alice, bob])
        parents = {message.pk: message.parent_message_id for message in messages}
        for message in messages:
            line = []
            parent_id = parents[message.pk]
            while parent_id is not None:
                line.append(parent_id)
                parent_id = parents[parent_id]
            assert threads.ancestor_ids(message.pk) == line
            depth = len(line)
            whole = reading_order(links_of([m for m in messages if m.conversation_id == message.conversation_id]))
            start = whole.index((message.pk, depth))
            end = next((at for at in range(start + 1, len(whole)) if whole[at][1] <= depth), len(whole))
            assert threads.descendants(message.pk) == [(pk, deep - depth) for pk, deep in whole[start:end]]


def test_every_query_ends_on_a_loop_and_finds_each_message_once(alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    second = answer(first, minute=1)
    third = answer(second, minute=2)
    aside = answer(second, minute=3)
    set_parent_unchecked(first, third)
    read = threads.load_conversation(first.conversation_id)
    assert [(one.id, one.depth) for one in read] == [(first.pk, 0), (second.pk, 1), (third.pk, 2), (aside.pk, 2)]
    assert threads.descendants(second.pk) == [(second.pk, 0), (third.pk, 1), (first.pk, 2), (aside.pk, 1)]
    assert threads.ancestor_ids(aside.pk) == [second.pk, first.pk, third.pk]
    assert threads.ancestor_ids(second.pk) == [first.pk, third.pk, second.pk]


def test_a_chain_of_5000_replies_works_like_any_other(alice: Any, bob: Any) -> None:
    ids = chain(alice, bob, 5_000)
    read = threads.load_conversation(Message.objects.get(pk=ids[0]).conversation_id)
    assert [(one.id, one.depth) for one in read] == [(pk, depth) for depth, pk in enumerate(ids)]
    assert threads.descendants(ids[4_000])[-1] == (ids[-1], 999)
    assert threads.ancestor_ids(ids[-1]) == ids[-2::-1]
