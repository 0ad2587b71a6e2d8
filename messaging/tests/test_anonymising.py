"""Anonymising removes a person's texts and their histories, and nothing that belongs to others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.erasing.anonymising import BLANKED, AnonymisedCounts, anonymise_batch, anonymise_rest
from messaging.models import Message, MessageHistory, Notification
from messaging.tests.conversations import write
from messaging.tests.random_threads import MessageSpec, property_test, rolled_back, store, stored_counts, thread_specs
from messaging.writing import ProtectedPerson

pytestmark = pytest.mark.django_db


def anonymise(user: Any, *, size: int, blank: bool) -> AnonymisedCounts:
    counts, after, more = AnonymisedCounts(), None, True
    while more:
        after = anonymise_batch(user.pk, counts, after=after, size=size, blank=blank)
        more = after is not None
    anonymise_rest(user.pk, counts, blank=blank, size=size)
    return counts


@property_test
@given(specs=thread_specs(), size=st.integers(1, 4), blank=st.booleans())
def test_anonymising_anybody_in_any_thread(
    alice: Any, bob: Any, charlie: Any, specs: list[MessageSpec], size: int, blank: bool
) -> None:
    with rolled_back():
        store(specs, [alice, bob, charlie])
        Message.objects.update(content="edited")
        hers = Message.objects.filter(sender=alice)
        others = list(Message.objects.exclude(sender=alice).order_by("pk").values())
        histories = set(MessageHistory.objects.exclude(message__sender=alice).values_list("pk", flat=True))
        places = list(hers.order_by("pk").values_list("pk", "parent_message", "timestamp", "read", "edited"))
        conversations = stored_counts()

        counts = anonymise(alice, size=size, blank=blank)

        assert set(hers.values_list("content", flat=True)) <= {BLANKED if blank else "edited"}
        assert list(hers.order_by("pk").values_list("pk", "parent_message", "timestamp", "read", "edited")) == places
        assert list(Message.objects.exclude(sender=alice).order_by("pk").values()) == others
        assert set(MessageHistory.objects.values_list("pk", flat=True)) == histories
        assert not Notification.objects.filter(user=alice).exists()
        assert stored_counts() == conversations
        assert (counts.texts_blanked, counts.histories) == (len(places) if blank else 0, len(places))
        again = anonymise(alice, size=size, blank=blank)
        assert (again.texts_blanked, again.histories, again.notifications) == (0, 0, 0)


def test_a_batch_with_a_message_to_a_protected_person_changes_nothing(alice: Any, bob: Any, charlie: Any) -> None:
    message, counts = write(alice, bob), AnonymisedCounts()
    write(alice, charlie)
    with pytest.raises(ProtectedPerson):
        anonymise_batch(alice.pk, counts, after=None, size=2, blank=True, protected={bob.pk})
    message.refresh_from_db()
    assert (message.content, counts) == ("hello", AnonymisedCounts())
