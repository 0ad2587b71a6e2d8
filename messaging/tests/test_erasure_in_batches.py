"""An erasure in batches ends like one without interruption, even if others keep writing in between."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from messaging.erasing import erasure
from messaging.models import Conversation, Message, Notification
from messaging.tests.conversations import answer, write
from messaging.tests.random_threads import (
    MessageSpec,
    property_test,
    rolled_back,
    store,
    stored_counts,
    thread_specs,
    true_counts,
)
from messaging.writing import ProtectedPerson

pytestmark = pytest.mark.django_db


def nearest(message_id: int | None, parents: dict[int, int | None], kept: set[int]) -> int | None:
    """Return the nearest of a message and its ancestors that is kept, found by a plain walk."""
    while message_id is not None and message_id not in kept:
        message_id = parents[message_id]
    return message_id


def reload(user: Any) -> Any:
    """Load the user again: the previous example deleted this instance and was rolled back."""
    return get_user_model().objects.get(pk=user.pk)


@property_test
@given(
    specs=thread_specs(),
    steps=st.lists(st.tuples(st.integers(1, 3), st.none() | st.integers(0, 20)), max_size=6),
)
def test_batches_with_replies_in_between(
    alice: Any, bob: Any, charlie: Any, specs: list[MessageSpec], steps: list[tuple[int, int | None]]
) -> None:
    with rolled_back():
        user = reload(alice)
        store(specs, [user, bob, charlie])
        everybody = dict(Message.objects.values_list("pk", "parent_message"))
        theirs = set(Message.objects.of(user).values_list("pk", flat=True))
        counts = erasure.ErasureCounts()
        for size, answered in steps:
            erasure.erase_batch(user.pk, counts, size=size)
            connection.check_constraints()
            assert stored_counts() == true_counts()
            left = list(Message.objects.order_by("pk"))
            if answered is not None and left:
                reply = answer(left[answered % len(left)], sender=charlie, receiver=bob, conversation=None)
                everybody[reply.pk] = reply.parent_message_id
        erasure.delete_user(user, counts=counts)
        connection.check_constraints()
        kept = everybody.keys() - theirs
        expected = {pk: nearest(everybody[pk], everybody, kept) for pk in kept}
        assert dict(Message.objects.values_list("pk", "parent_message")) == expected
        assert counts.messages == len(theirs)
        assert stored_counts() == true_counts()
        assert not Conversation.objects.filter(message_count=0).exists()
        assert not Notification.objects.filter(user_id=alice.pk).exists()


def test_a_batch_with_a_message_of_a_protected_person_erases_nothing(alice: Any, bob: Any, charlie: Any) -> None:
    """Messages between the erased and a protected person stop the batch; others in their conversation do not."""
    first = write(alice, charlie, minute=0)
    answer(first, sender=bob, receiver=charlie, minute=1)
    counts = erasure.ErasureCounts()
    assert erasure.erase_batch(alice.pk, counts, protected={bob.pk}) == 1
    for message in (write(alice, bob, minute=2), write(bob, alice, minute=3)):
        with pytest.raises(ProtectedPerson):
            erasure.erase_batch(alice.pk, counts, protected={bob.pk})
        assert Message.objects.filter(pk=message.pk).exists() and counts.messages == 1
        Message.objects.filter(pk=message.pk).delete()
