"""Every code path that changes a text gives it a new revision, keeps the old text under its own, and announces it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core import serializers
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Upper
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from messaging.erasing.anonymising import AnonymisedCounts, anonymise_batch, anonymise_rest
from messaging.models import Message, MessageHistory
from messaging.tests.conversations import write
from messaging.tests.random_threads import property_test, rolled_back
from messaging.tests.test_history_is_kept import ways
from messaging.texts.changes import texts_changed


@contextmanager
def announced() -> Iterator[list[int]]:
    """Yield the ids announced within this block, and check each time that a receiver finds all it needs."""
    found: list[int] = []

    def receive(sender: Any, ids: list[int], using: str, **_: Any) -> None:
        assert (sender, using) == (Message, "default")
        assert connection.in_atomic_block
        # The new texts are stored already, each with the history of the previous revision, if any is kept.
        for message in Message.objects.filter(pk__in=ids):
            assert message.revision > 1
            assert not message.histories.filter(revision__gte=message.revision).exists()
        found.extend(ids)

    texts_changed.connect(receive, sender=Message)
    try:
        yield found
    finally:
        texts_changed.disconnect(receive, sender=Message)


def numbers(message: Message) -> tuple[int, list[tuple[int, str]]]:
    """Return the revision of a message, and its older texts with theirs."""
    stored = Message.objects.get(pk=message.pk)
    return stored.revision, list(stored.histories.order_by("revision").values_list("revision", "old_content"))


def save(message: Message, other: Message) -> None:
    message.content = "second"
    message.save()


def save_the_text(message: Message, other: Message) -> None:
    message.content = "second"
    message.save(update_fields=["content"])


def save_what_was_loaded(message: Message, other: Message) -> None:
    loaded = Message.objects.only("content").get(pk=message.pk)
    loaded.content = "second"
    loaded.save()


def save_a_stale_instance(message: Message, other: Message) -> None:
    stale = Message.objects.get(pk=message.pk)
    stale.content = "second"
    stale.save()


def update(message: Message, other: Message) -> None:
    other.content = "second"
    Message.objects.filter(pk__in=[message.pk, other.pk]).exclude(content="other").update(content="second")


def update_with_an_expression(message: Message, other: Message) -> None:
    """The other text stays unchanged, so only one text is announced."""
    Message.objects.filter(pk=other.pk).update(content=F("content"))
    Message.objects.filter(pk=message.pk).update(content=Concat(Value("sec"), Value("ond")))


def update_with_counts(message: Message, other: Message) -> None:
    Message.objects.filter(pk=message.pk).update(content="second", read=True)


def bulk_update(message: Message, other: Message) -> None:
    message.content = "second"
    Message.objects.bulk_update([message, other], ["content"])


def update_or_create(message: Message, other: Message) -> None:
    Message.objects.update_or_create(pk=message.pk, defaults={"content": "second"})


def edit_page(message: Message, other: Message) -> None:
    client = Client()
    client.force_login(message.sender)
    client.post(reverse("messaging:edit", args=[message.pk]), {"content": "second"})


ROADS: list[Callable[[Message, Message], None]] = [
    save,
    save_the_text,
    save_what_was_loaded,
    save_a_stale_instance,
    update,
    update_with_an_expression,
    update_with_counts,
    bulk_update,
    update_or_create,
    edit_page,
]
every_road = pytest.mark.parametrize("road", ROADS, ids=lambda road: road.__name__)


@pytest.mark.django_db
@every_road
@pytest.mark.parametrize("listening", [True, False])
def test_every_way_of_changing_a_text_numbers_and_announces_it(
    alice: Any, bob: Any, road: Any, listening: bool
) -> None:
    message, other = write(alice, bob, "first"), write(alice, bob, "other")
    if listening:
        with announced() as ids:
            road(message, other)
        assert ids == [message.pk]
    else:
        road(message, other)
    assert Message.objects.get(pk=message.pk).content == "second"
    assert numbers(message) == (2, [(1, "first")])
    assert numbers(other) == (1, [])


@pytest.mark.django_db
@every_road
def test_a_text_that_stays_is_not_announced(alice: Any, bob: Any, road: Any) -> None:
    message, other = write(alice, bob, "second"), write(alice, bob, "other")
    with announced() as ids:
        road(message, other)
    assert ids == []
    assert numbers(message) == (1, [])


@pytest.mark.django_db
def test_a_set_announces_each_text_that_changes(alice: Any, bob: Any) -> None:
    messages = [write(alice, bob, text) for text in ("a", "B", "c")]
    with announced() as ids:
        Message.objects.update(content=Upper("content"))
    assert sorted(ids) == [messages[0].pk, messages[2].pk]
    with announced() as ids:
        Message.objects.update(content="c", read=True)
    assert sorted(ids) == [message.pk for message in messages]
    assert [numbers(message)[0] for message in messages] == [3, 2, 3]


@pytest.mark.django_db
def test_an_error_in_a_receiver_prevents_the_change(alice: Any, bob: Any) -> None:
    def refuse(**_: Any) -> None:
        raise ZeroDivisionError

    message = write(alice, bob, "first")
    texts_changed.connect(refuse, sender=Message)
    try:
        for road in (save, update, bulk_update):
            with pytest.raises(ZeroDivisionError), transaction.atomic():
                road(message, write(bob, alice, "other"))
            assert numbers(message) == (1, [])
    finally:
        texts_changed.disconnect(refuse, sender=Message)


@pytest.mark.django_db
@pytest.mark.parametrize("blank", [True, False])
def test_blanking_is_a_change_that_keeps_no_history(alice: Any, bob: Any, blank: bool) -> None:
    """The revision of the removed text never becomes that of "[removed]"."""
    message, late, others = write(alice, bob, "first"), write(alice, bob, "late"), write(bob, alice, "theirs")
    Message.objects.filter(pk=message.pk).update(content="second")
    counts = AnonymisedCounts()
    with announced() as ids:
        anonymise_batch(alice.pk, counts, after=None, size=1, blank=blank)
        anonymise_rest(alice.pk, counts, size=5, blank=blank)
        anonymise_rest(alice.pk, counts, size=5, blank=blank)
    assert sorted(ids) == ([message.pk, late.pk] if blank else [])
    assert numbers(message) == (3 if blank else 2, [])
    assert (numbers(late)[0], numbers(others)[0]) == (2 if blank else 1, 1)


@pytest.mark.django_db
def test_a_fixture_brings_its_own_numbers(alice: Any, bob: Any) -> None:
    message = write(alice, bob, "first")
    message.revision = 7
    with announced() as ids:
        for loaded in serializers.deserialize("json", serializers.serialize("json", [message])):
            loaded.save()
    assert (numbers(message), ids) == ((7, []), [])


@pytest.mark.django_db
def test_the_database_refuses_a_number_twice_and_the_number_0(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    MessageHistory.objects.create(message=message, revision=1, old_content="a")
    for revision in (1, 0):
        with pytest.raises(IntegrityError), transaction.atomic():
            MessageHistory.objects.create(message=message, revision=revision, old_content="b")
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.update(revision=0)


@pytest.mark.django_db
@property_test
@given(edits=st.lists(st.tuples(ways, st.sampled_from(["a", "b", "c"])), max_size=8))
def test_the_number_is_one_more_than_the_histories(alice: Any, bob: Any, edits: list[Any]) -> None:
    with rolled_back():
        message = write(alice, bob, "a")
        for change, text in edits:
            change(message, text)
        revision, kept = numbers(message)
        assert [number for number, _ in kept] == list(range(1, revision))
        in_time = message.histories.order_by("edited_at", "id").values_list("revision", "old_content")
        assert list(in_time) == kept
