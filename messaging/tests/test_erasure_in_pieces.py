"""An erasure may be stopped between any two batches while other people go on writing: it ends like one in one go."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from messaging import erasure
from messaging.models import Conversation, Message, Notification
from messaging.tests.conversations import answer, write
from messaging.tests.forests import Seed, forests, forgotten, plant, properties, stored_counts, true_counts
from messaging.writing import ProtectedPerson

pytestmark = pytest.mark.django_db


def nearest(message_id: int | None, parents: dict[int, int | None], kept: set[int]) -> int | None:
    """The nearest of a message and its ancestors that stays, the obvious way."""
    while message_id is not None and message_id not in kept:
        message_id = parents[message_id]
    return message_id


def gone_again(user: Any) -> Any:
    """The person once more, for the next example: everything of this one is rolled back."""
    return get_user_model().objects.get(pk=user.pk)


@properties
@given(
    seeds=forests(),
    steps=st.lists(st.tuples(st.integers(1, 3), st.none() | st.integers(0, 20)), max_size=6),
)
def test_pieces_with_answers_in_between(
    alice: Any, bob: Any, charlie: Any, seeds: list[Seed], steps: list[tuple[int, int | None]]
) -> None:
    with forgotten():
        user = gone_again(alice)
        plant(seeds, [user, bob, charlie])
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


def test_a_batch_with_a_message_of_somebody_protected_removes_nothing(alice: Any, bob: Any, charlie: Any) -> None:
    """Sent to them or received from them; what others wrote in the same conversation does not count."""
    first = write(alice, charlie, minute=0)
    answer(first, sender=bob, receiver=charlie, minute=1)
    counts = erasure.ErasureCounts()
    assert erasure.erase_batch(alice.pk, counts, protected={bob.pk}) == 1
    for message in (write(alice, bob, minute=2), write(bob, alice, minute=3)):
        with pytest.raises(ProtectedPerson):
            erasure.erase_batch(alice.pk, counts, protected={bob.pk})
        assert Message.objects.filter(pk=message.pk).exists() and counts.messages == 1
        Message.objects.filter(pk=message.pk).delete()
