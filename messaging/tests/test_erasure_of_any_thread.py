"""For any person in any threads, erasure removes all of their messages and keeps all others, just as previewed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from hypothesis import given
from hypothesis import strategies as st

from messaging import threads
from messaging.editors import editing_as
from messaging.erasing import erasure
from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.tests.random_threads import (
    MessageSpec,
    property_test,
    rolled_back,
    store,
    stored_counts,
    thread_specs,
    true_counts,
)

pytestmark = pytest.mark.django_db


def rows(messages: Any) -> dict[int, dict[str, Any]]:
    """Return all fields of these messages except the parent, by id."""
    fields = [field.attname for field in Message._meta.concrete_fields if field.name != "parent_message"]
    return {row["id"]: row for row in messages.values(*fields)}


def by_time(conversation_ids: list[int]) -> list[list[int]]:
    """Return the ids of the messages of each conversation, oldest first."""
    return [[message_id for message_id, _ in threads.conversation_links(pk)] for pk in conversation_ids]


def surviving_parents(gone: set[int]) -> dict[int, int | None]:
    """Return the new parents of the kept messages by their ids: their nearest kept ancestors, found by a plain walk."""
    parents = dict(Message.objects.values_list("pk", "parent_message"))
    expected = {}
    for pk, parent_id in parents.items():
        while parent_id in gone:
            parent_id = parents[parent_id]
        if pk not in gone:
            expected[pk] = parent_id
    return expected


def check_erasure(user: Any) -> None:
    theirs = Message.objects.filter(Q(sender=user) | Q(receiver=user))
    others = Message.objects.exclude(sender=user).exclude(receiver=user)
    gone = set(theirs.values_list("pk", flat=True))
    conversation_ids = list(Conversation.objects.values_list("pk", flat=True))
    kept, parents = rows(others), surviving_parents(gone)
    order = [[pk for pk in conversation if pk not in gone] for conversation in by_time(conversation_ids)]
    histories = set(MessageHistory.objects.exclude(message__in=gone).values_list("pk", "message", "old_content"))
    notifications = set(Notification.objects.exclude(message__in=gone).exclude(user=user).values_list("pk", flat=True))
    planned = erasure.preview(user.pk)

    counts = erasure.erase_user_data(user.pk)

    connection.check_constraints()
    assert counts == planned
    assert rows(Message.objects) == kept
    assert dict(Message.objects.values_list("pk", "parent_message")) == parents
    assert set(MessageHistory.objects.values_list("pk", "message", "old_content")) == histories
    assert set(Notification.objects.values_list("pk", flat=True)) == notifications
    assert not MessageHistory.objects.filter(edited_by=user).exists()
    assert stored_counts() == true_counts()
    assert set(stored_counts()) == {row["conversation_id"] for row in kept.values()}
    assert by_time(conversation_ids) == order
    assert erasure.erase_user_data(user.pk) == erasure.ErasureCounts()


@property_test
@given(
    specs=thread_specs(),
    edits=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 2)), max_size=3),
    batch=st.sampled_from([1, 2, 3, 5_000]),
)
def test_erasing_anybody_from_any_thread(
    alice: Any, bob: Any, charlie: Any, specs: list[MessageSpec], edits: list[tuple[int, int]], batch: int
) -> None:
    people = [alice, bob, charlie]
    with rolled_back(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(erasure, "BATCH_SIZE", batch)
        messages = store(specs, people)
        for number, person in edits:
            with editing_as(people[person]):
                pk = messages[number % len(messages)].pk
                Message.objects.filter(pk=pk).update(content=f"edited by {person}")
        check_erasure(alice)
