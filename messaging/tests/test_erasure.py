"""Deleting an account in any way erases all of that person's messages and nothing that belongs to others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from messaging.editors import editing_as
from messaging.erasing import erasure
from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.tests.conversations import answer, write
from messaging.tests.other_apps import references_to
from messaging.tests.random_threads import chain, stored_counts, true_counts

pytestmark = pytest.mark.django_db


@pytest.fixture
def announced() -> Iterator[list[tuple[Any, erasure.ErasureCounts]]]:
    """The (user id, counts) pairs with which ``user_erased`` was sent."""
    received: list[tuple[Any, erasure.ErasureCounts]] = []

    def receive(user_id: Any, counts: erasure.ErasureCounts, **_: Any) -> None:
        received.append((user_id, counts))

    erasure.user_erased.connect(receive)
    yield received
    erasure.user_erased.disconnect(receive)


def delete_instance(user: Any) -> None:
    user.delete()


def delete_queryset(user: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).delete()


@pytest.mark.parametrize("delete", [delete_instance, delete_queryset])
def test_deleting_a_user_erases_their_messages(
    alice: Any, bob: Any, charlie: Any, announced: list[Any], delete: Any
) -> None:
    user_id = alice.pk
    first = write(alice, bob, "mine")
    with editing_as(alice):
        Message.objects.update(content="mine, edited")
    answer(first)
    kept = write(bob, charlie, "theirs")
    with editing_as(alice):
        Message.objects.filter(pk=kept.pk).update(content="theirs, edited")
    delete(alice)
    connection.check_constraints()
    assert list(Message.objects.all()) == [kept]
    assert list(MessageHistory.objects.values_list("old_content", "edited_by")) == [("theirs", None)]
    assert list(Notification.objects.values_list("user", "message")) == [(charlie.pk, kept.pk)]
    assert list(Conversation.objects.all()) == [kept.conversation]
    assert announced == [
        (
            user_id,
            erasure.ErasureCounts(
                messages_sent=1, messages_received=1, histories=1, notifications=2, conversations=1, editor_names=1
            ),
        )
    ]


def test_several_users_deleted_together_are_announced_one_by_one(
    alice: Any, bob: Any, charlie: Any, announced: list[Any]
) -> None:
    ids = [alice.pk, bob.pk]
    answer(write(alice, bob))
    write(bob, charlie)
    get_user_model().objects.filter(pk__in=ids).delete()
    assert sorted(user_id for user_id, _ in announced) == ids
    assert sum(counts.messages for _, counts in announced) == 3
    assert not Message.objects.exists()
    assert not Conversation.objects.exists()


def test_deleting_a_user_without_messages_is_announced(alice: Any, announced: list[Any]) -> None:
    user_id = alice.pk
    alice.delete()
    assert announced == [(user_id, erasure.ErasureCounts())]


def test_erasing_only_the_data_keeps_the_account_and_sends_no_signal(
    alice: Any, bob: Any, announced: list[Any]
) -> None:
    write(alice, bob)
    assert erasure.erase_user_data(alice.pk).messages == 1
    assert get_user_model().objects.filter(pk=alice.pk).exists()
    assert announced == []


def test_a_second_run_finds_nothing(alice: Any, bob: Any) -> None:
    answer(write(alice, bob))
    erasure.erase_user_data(alice.pk)
    assert erasure.erase_user_data(alice.pk) == erasure.ErasureCounts()


def test_a_key_given_as_text_means_the_same_person(alice: Any, bob: Any) -> None:
    """Records and forms hold keys as text."""
    answer(write(alice, bob))
    planned = erasure.preview(str(alice.pk))
    assert planned == erasure.erase_user_data(str(alice.pk))
    assert (planned.messages_sent, planned.messages_received) == (1, 1)


def test_a_message_to_oneself_counts_as_sent(alice: Any) -> None:
    write(alice, alice)
    planned = erasure.preview(alice.pk)
    assert (planned.messages_sent, planned.messages_received, planned.notifications) == (1, 0, 1)
    assert erasure.erase_user_data(alice.pk) == planned


def test_counts_can_be_read_as_a_dictionary() -> None:
    counts = erasure.ErasureCounts(messages_sent=2, messages_received=3)
    assert counts.messages == 5
    assert counts.as_dict() == {
        "messages_sent": 2, "messages_received": 3, "histories": 0, "notifications": 0, "conversations": 0,
        "replies_reattached": 0, "editor_names": 0,
    }  # fmt: skip


def test_the_outlook_counts_everything_only_for_few_messages(alice: Any, bob: Any) -> None:
    answer(write(alice, bob))
    few, many = erasure.outlook(str(alice.pk)), erasure.outlook(alice.pk, most=1)
    assert few == (erasure.preview(alice.pk), erasure.affected(alice.pk), True)
    assert few.counts.notifications == 2
    assert many == (erasure.ErasureCounts(messages_sent=1, messages_received=1), erasure.Affected(0, 0), False)


def test_a_preview_changes_nothing(alice: Any, bob: Any) -> None:
    answer(write(alice, bob))
    before = list(Message.objects.values())
    erasure.preview(alice.pk)
    assert list(Message.objects.values()) == before


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads small tables whole, whatever is asked")
def test_a_preview_reads_no_whole_table(alice: Any, bob: Any) -> None:
    with CaptureQueriesContext(connection) as asked:
        erasure.preview(alice.pk)
        erasure.affected(alice.pk)
    with connection.cursor() as cursor:
        for query in asked.captured_queries:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            ways = [way for *_, way in cursor.fetchall()]
            assert not [way for way in ways if way.startswith("SCAN messaging_")], query["sql"]


def test_an_erasure_that_is_rolled_back_changes_nothing(alice: Any, bob: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(erasure, "BATCH_SIZE", 2)
    chain(alice, bob, 5)
    before = (list(Message.objects.values()), stored_counts(), Notification.objects.count())
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        alice.delete()
        assert not Message.objects.exists()
        raise ZeroDivisionError
    assert (list(Message.objects.values()), stored_counts(), Notification.objects.count()) == before
    assert get_user_model().objects.filter(username="alice").exists()


def test_a_person_can_be_erased_from_a_chain_of_5000(alice: Any, bob: Any, charlie: Any, monkeypatch: Any) -> None:
    """Bob and Charlie wrote the other messages; those that Alice sent or received in between are erased in batches."""
    monkeypatch.setattr(erasure, "BATCH_SIZE", 700)
    ids = chain(bob, charlie, 5_000)
    theirs = [pk for pk in ids if pk % 3]
    Message.objects.filter(pk__in=theirs).update(receiver=alice)
    kept = [pk for pk in ids if not pk % 3]
    planned = erasure.preview(alice.pk)
    assert erasure.erase_user_data(alice.pk) == planned
    parents = dict(Message.objects.values_list("pk", "parent_message"))
    assert parents == dict(zip(kept, [None, *kept], strict=False))
    assert stored_counts() == true_counts()


def test_a_batch_takes_whole_conversations_up_to_its_size(alice: Any, bob: Any, charlie: Any) -> None:
    """Each reply is reattached only once. Only a conversation longer than a batch is erased in pieces, oldest first."""
    for _ in range(3):
        answer(write(alice, bob))
    long = Message.objects.get(pk=chain(alice, bob, 5)[0]).conversation_id
    counts = erasure.ErasureCounts()
    assert 4 <= erasure.erase_batch(alice.pk, counts, size=4) <= 2 * 4
    assert not Message.objects.exclude(conversation=long).count() % 2
    while erasure.erase_batch(alice.pk, counts, size=4):
        assert stored_counts() == true_counts()
    assert (counts.messages, Message.objects.count()) == (11, 0)


def test_the_queries_of_a_batch_do_not_grow_with_its_size(
    alice: Any, bob: Any, charlie: Any, django_assert_num_queries: Any
) -> None:
    """Reattaching replies by others takes two more."""
    for size in (2, 40):
        for _ in range(size):
            write(alice, bob)
        # lock of all conversations; a batch: savepoint, whether any are left, conversations of the oldest, their
        # lengths, their lock, messages with lock, replies, histories, notifications, messages, empty conversations,
        # recount, release; none left: savepoint, sent, received, release; own notifications, edits, blocks and drafts:
        # savepoint, four, release; references from other apps
        with django_assert_num_queries(24 + references_to(Message) + references_to(Conversation)):
            erasure.erase_user_data(alice.pk)
