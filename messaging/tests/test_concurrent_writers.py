"""People who write, edit, read and delete simultaneously lose nothing and never deadlock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import connection, transaction  # noqa: F401 - the condition of needs_row_locks reads connection
from django.db.models import F, Value
from django.db.models.functions import Concat

from messaging.editors import editing_as
from messaging.erasing import erasure
from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.tests.cast import make_user
from messaging.tests.concurrency import needs_row_locks, run_concurrently, run_overlapping
from messaging.tests.conversations import answer, write
from messaging.tests.random_threads import stored_counts, true_counts

pytestmark = needs_row_locks

Edit = Callable[[int, str], None]


@pytest.fixture
def message() -> Message:
    return write(make_user("alice"), make_user("bob"), "first")


def save(pk: int, text: str) -> None:
    message = Message.objects.get(pk=pk)
    message.content = text
    message.save()


def save_text(pk: int, text: str) -> None:
    message = Message.objects.get(pk=pk)
    message.content = text
    message.save(update_fields=["content"])


def update(pk: int, text: str) -> None:
    Message.objects.filter(pk=pk).update(content=text)


def update_in_bulk(pk: int, text: str) -> None:
    Message.objects.bulk_update([Message(pk=pk, content=text)], ["content"])


def texts(message: Message) -> list[str]:
    stored = Message.objects.get(pk=message.pk)
    return [*stored.histories.values_list("old_content", flat=True), stored.content]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (save, save),
        (save_text, save_text),
        (save, update),
        (update, save_text),
        (update, update),
        (update_in_bulk, update_in_bulk),
    ],
)
def test_two_simultaneous_edits_leave_two_histories(message: Message, first: Edit, second: Edit) -> None:
    run_overlapping(lambda: first(message.pk, "second"), lambda: second(message.pk, "third"))
    assert texts(message) == ["first", "second", "third"]
    assert Message.objects.get(pk=message.pk).edited


@pytest.mark.parametrize("edit", [save, save_text, update, update_in_bulk])
def test_an_edit_waits_for_the_conversation_before_it_locks_the_message(message: Message, edit: Edit) -> None:
    """Receivers of the change can lock rows of the conversation without a deadlock."""

    def look() -> None:
        assert Message.objects.select_for_update(nowait=True).get(pk=message.pk).content == "first"

    conversation = Conversation.objects.filter(pk=message.conversation_id)
    run_overlapping(conversation.lock, lambda: edit(message.pk, "second"), then=look)
    assert texts(message) == ["first", "second"]


def test_an_expression_builds_on_the_text_that_the_other_editor_left(message: Message) -> None:
    louder = Concat(F("content"), Value("!"))
    run_overlapping(
        lambda: update(message.pk, "first!"), lambda: Message.objects.filter(pk=message.pk).update(content=louder)
    )
    assert texts(message) == ["first", "first!", "first!!"]


def test_an_update_by_the_text_skips_a_text_edited_since(message: Message) -> None:
    run_overlapping(
        lambda: update(message.pk, "second"), lambda: Message.objects.filter(content="first").update(content="third")
    )
    assert texts(message) == ["first", "second"]


def test_many_simultaneous_edits_leave_a_history_each(message: Message) -> None:
    edits = [(save, "a"), (update, "b"), (save_text, "c"), (update_in_bulk, "d"), (save, "e"), (update, "f")]
    failures = run_concurrently(*(lambda edit=edit, text=text: edit(message.pk, text) for edit, text in edits))
    assert failures == [None] * 6
    assert sorted(texts(message)) == ["a", "b", "c", "d", "e", "f", "first"]


def test_simultaneous_replies_are_all_counted(message: Message) -> None:
    failures = run_concurrently(*(lambda: answer(Message.objects.get(pk=message.pk), minute=3) for _ in range(6)))
    assert failures == [None] * 6
    assert stored_counts() == true_counts()
    assert stored_counts()[message.conversation_id][:2] == (7, 7)


def test_reading_and_replying_simultaneously_counts_both(message: Message) -> None:
    run_overlapping(lambda: answer(message), lambda: Message.objects.filter(receiver=message.receiver).mark_read())
    assert stored_counts() == true_counts()
    assert stored_counts()[message.conversation_id][:2] == (2, 1)


def test_two_people_moving_two_branches_below_each_other_make_no_loop(message: Message) -> None:
    left, right = answer(message), answer(message)

    def move_below(branch: Message, parent: Message) -> None:
        stored = Message.objects.get(pk=branch.pk)
        stored.parent_message_id = parent.pk
        stored.save()

    with pytest.raises(ValidationError, match="a loop"):
        run_overlapping(lambda: move_below(left, right), lambda: move_below(right, left))
    assert Message.objects.get(pk=left.pk).parent_message_id == right.pk
    assert Message.objects.get(pk=right.pk).parent_message_id == message.pk


@pytest.mark.parametrize("delete", [lambda one: one.delete(), lambda one: Message.objects.filter(pk=one.pk).delete()])
def test_a_reply_to_a_message_being_deleted_is_refused(message: Message, delete: Any) -> None:
    middle = answer(message)
    with pytest.raises(ValidationError, match="The message it answers does not exist any more"):
        run_overlapping(lambda: delete(Message.objects.get(pk=middle.pk)), lambda: answer(middle))
    assert stored_counts() == true_counts()


class TestAnswersThatJoinMeanwhile:
    """A query that waits for a join finds the messages in the conversation that they moved to, and locks that one."""

    @pytest.fixture
    def orphan(self) -> Message:
        return write(make_user("carla"), make_user("dora"), "early", awaited_parent_external_id="q")

    def arrive(self, message: Message) -> None:
        Message.objects.filter(pk=message.pk).update(external_id="q")

    def test_an_edit_locks_the_current_conversation_of_the_message(self, message: Message, orphan: Message) -> None:
        free = Conversation.objects.select_for_update(no_key=True, skip_locked=True)

        def look() -> list[int]:
            with transaction.atomic():
                return list(free.values_list("pk", flat=True))

        def edit() -> list[BaseException | None]:
            with transaction.atomic():
                Message.objects.filter(pk=orphan.pk).lock_conversations()
                return run_concurrently(lambda: seen.extend(look()))

        seen: list[int] = []
        assert run_overlapping(lambda: self.arrive(message), edit) == [None]
        orphan.refresh_from_db()
        assert orphan.conversation_id == message.conversation_id
        assert seen == []

    def test_reading_is_counted_in_the_current_conversation(self, message: Message, orphan: Message) -> None:
        chosen = Message.objects.filter(pk=orphan.pk)
        assert run_overlapping(lambda: self.arrive(message), lambda: chosen.update(read=True)) == 1
        assert stored_counts() == true_counts()

    def test_deleting_is_counted_in_the_current_conversation(self, message: Message, orphan: Message) -> None:
        chosen = Message.objects.filter(pk=orphan.pk)
        run_overlapping(lambda: self.arrive(message), chosen.delete)
        assert list(Message.objects.all()) == [message]
        assert stored_counts() == true_counts()


def test_a_reply_in_a_conversation_being_deleted_is_refused(message: Message) -> None:
    with pytest.raises(ValidationError, match="The conversation does not exist any more"):
        run_overlapping(lambda: message.conversation.delete(), lambda: answer(message))
    assert not Message.objects.exists()


@pytest.mark.parametrize("edit", [save, update])
def test_erasing_waits_for_an_edit_and_deletes_its_history(message: Message, edit: Edit) -> None:
    counts = run_overlapping(lambda: edit(message.pk, "second"), lambda: erasure.erase_user_data(message.sender_id))
    assert (counts.messages, counts.histories, counts.conversations) == (1, 1, 1)
    assert not Message.objects.exists()
    assert not MessageHistory.objects.exists()


def test_erasing_waits_for_a_reply_and_keeps_it_if_it_is_between_others(message: Message) -> None:
    charlie = make_user("charlie")
    counts = run_overlapping(
        lambda: answer(message, sender=message.receiver, receiver=charlie),
        lambda: erasure.erase_user_data(message.sender_id),
    )
    assert (counts.messages, counts.replies_reattached) == (1, 1)
    assert list(Message.objects.values_list("parent_message", "receiver")) == [(None, charlie.pk)]
    assert stored_counts() == true_counts()


def test_a_reply_to_a_message_being_erased_is_refused_and_the_erasure_continues(message: Message) -> None:
    answer(message, receiver=make_user("charlie"))
    with pytest.raises(ValidationError, match="The message it answers does not exist any more"):
        run_overlapping(
            lambda: erasure.erase_user_data(message.sender_id),
            lambda: answer(message, receiver=message.receiver),
        )
    assert Message.objects.count() == 1
    assert stored_counts() == true_counts()


def test_a_message_to_an_account_being_deleted_is_refused_and_the_deletion_continues(message: Message) -> None:
    """The writer locks the conversation only after waiting for the account, or the deletion would wait for it."""
    reply = answer(message)

    def delete_then_erase() -> None:
        with transaction.atomic():
            get_user_model().objects.filter(pk=message.sender_id).delete()

    with pytest.raises(ValidationError, match="The account of the receiver does not exist any more"):
        run_overlapping(delete_then_erase, lambda: write(reply.sender, reply.receiver, "too late"))
    assert not Message.objects.exists()
    assert not Notification.objects.exists()


def test_deleting_an_account_waits_for_a_message_and_erases_it(message: Message) -> None:
    run_overlapping(lambda: answer(message), lambda: get_user_model().objects.get(pk=message.sender_id).delete())
    assert not Message.objects.exists()
    assert not Conversation.objects.exists()


def test_simultaneous_writers_never_deadlock(message: Message) -> None:
    """Two accounts are deleted while others reply, edit, read, delete and recount in the same conversations."""
    people = [message.sender, message.receiver, make_user("charlie"), make_user("dora")]
    messages = [message]
    for number in range(24):
        who = {"sender": people[number % 4], "receiver": people[(number * 3 + 1) % 4]}
        messages.append(answer(messages[-1], **who) if number % 5 else write(**who))

    def attempt(step: Callable[[Message], Any]) -> Callable[[], None]:
        def work() -> None:
            with editing_as(people[2]):
                for one in messages:
                    stored = Message.objects.filter(pk=one.pk).first()
                    if stored is not None:
                        try:
                            step(stored)
                        except ValidationError:
                            continue  # deleted meanwhile, and refused with a reason

        return work

    def edit(one: Message) -> None:
        one.content += "!"
        one.save()

    failures = run_concurrently(
        lambda: get_user_model().objects.get(pk=people[0].pk).delete(),
        lambda: get_user_model().objects.get(pk=people[1].pk).delete(),
        attempt(lambda one: answer(one)),
        attempt(edit),
        attempt(lambda one: Message.objects.filter(pk__lte=one.pk).mark_read()),
        attempt(lambda one: Message.objects.filter(pk=one.pk).update(content="changed", read=False)),
        attempt(lambda one: one.delete() if one.pk % 6 == 0 else None),
        lambda: [Conversation.objects.recount() for _ in range(20)],
    )
    assert failures == [None] * 8
    assert stored_counts() == true_counts()
    assert not Message.objects.of(people[0]).exists()
    assert not Message.objects.of(people[1]).exists()
