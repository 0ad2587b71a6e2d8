"""No way of changing a text skips its history."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core import serializers
from django.db import connection
from django.db.models import Case, Count, F, Q, TextField, Value, When
from django.db.models.functions import Concat, Upper
from django.forms import modelform_factory
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from messaging.editors import editing_as
from messaging.models import Message, MessageHistory
from messaging.tests.conversations import answer, write
from messaging.tests.random_threads import property_test, rolled_back
from messaging.writing import BULK_UPDATE_SIZE

pytestmark = pytest.mark.django_db


def texts(message: Message) -> list[str]:
    """Return all texts that a message had, oldest first, followed by its current one."""
    stored = Message.objects.get(pk=message.pk)
    return [*stored.histories.values_list("old_content", flat=True), stored.content]


def is_edited(message: Message) -> bool:
    return Message.objects.get(pk=message.pk).edited


def test_a_new_message_has_no_history(alice: Any, bob: Any) -> None:
    message = write(alice, bob, "first")
    assert texts(message) == ["first"]
    assert not is_edited(message)


def test_saving_a_changed_text_keeps_the_old_one(alice: Any, bob: Any) -> None:
    message = write(alice, bob, "first")
    message.content = "second"
    message.save()
    assert texts(message) == ["first", "second"]
    assert message.edited
    assert is_edited(message)


def test_saving_without_changing_the_text_keeps_nothing(alice: Any, bob: Any) -> None:
    message = write(alice, bob, "first")
    message.read = True
    message.save()
    assert texts(message) == ["first"]
    assert not is_edited(message)


def test_saving_only_the_text_sets_edited_as_well(alice: Any, bob: Any) -> None:
    message = write(alice, bob, "first")
    message.content = "second"
    message.save(update_fields=["content"])
    assert texts(message) == ["first", "second"]
    assert is_edited(message)


def test_saving_other_fields_only_leaves_the_text_alone(alice: Any, bob: Any) -> None:
    message = write(alice, bob, "first")
    message.content = "never stored"
    message.save(update_fields=["read"])
    assert texts(message) == ["first"]
    assert not is_edited(message)


def test_a_deferred_text_is_not_a_change(alice: Any, bob: Any) -> None:
    message = Message.objects.defer("content").get(pk=write(alice, bob, "first").pk)
    message.read = True
    message.save()
    assert texts(message) == ["first"]


def test_assigning_a_deferred_text_is_a_change(alice: Any, bob: Any) -> None:
    message = Message.objects.defer("content").get(pk=write(alice, bob, "first").pk)
    message.content = "second"
    message.save()
    assert texts(message) == ["first", "second"]
    assert is_edited(message)


def test_saving_a_stale_instance_keeps_the_text_in_the_database_not_the_one_it_loaded(alice: Any, bob: Any) -> None:
    message = write(alice, bob, "first")
    stale = Message.objects.get(pk=message.pk)
    message.content = "second"
    message.save()
    stale.content = "third"
    stale.save()
    assert texts(message) == ["first", "second", "third"]


def test_a_form_keeps_the_old_text(alice: Any, bob: Any) -> None:
    message = write(alice, bob, "first")
    form = modelform_factory(Message, fields=["content"])({"content": "second"}, instance=message)
    form.save()
    assert texts(message) == ["first", "second"]


def test_update_or_create_keeps_the_old_text(alice: Any, bob: Any) -> None:
    message = write(alice, bob, "first", external_id="irc:1")
    Message.objects.update_or_create(external_id="irc:1", defaults={"content": "second"})
    assert texts(message) == ["first", "second"]
    assert is_edited(message)


def test_a_fixture_is_loaded_as_it_is(alice: Any, bob: Any) -> None:
    """Fixtures contain the histories themselves, so loading one adds none."""
    message = write(alice, bob, "first")
    rows = json.loads(serializers.serialize("json", [message]))
    rows[0]["fields"]["content"] = "second"
    for loaded in serializers.deserialize("json", json.dumps(rows)):
        loaded.save()
    assert texts(message) == ["second"]
    assert not is_edited(message)


def test_updating_a_set_keeps_only_the_texts_that_change(alice: Any, bob: Any) -> None:
    changed, same = write(alice, bob, "first"), write(alice, bob, "second")
    assert Message.objects.update(content="second") == 2
    assert (texts(changed), texts(same)) == (["first", "second"], ["second"])
    assert (is_edited(changed), is_edited(same)) == (True, False)


def test_an_edited_message_stays_edited_when_an_update_leaves_its_text(alice: Any, bob: Any) -> None:
    message = write(alice, bob, "first")
    Message.objects.update(content="second")
    Message.objects.update(content="second")
    assert texts(message) == ["first", "second"]
    assert is_edited(message)


def test_updating_with_an_expression_of_the_old_text_keeps_that(alice: Any, bob: Any) -> None:
    message, shouted = write(alice, bob, "first"), write(alice, bob, "LOUD")
    Message.objects.update(content=Upper("content"))
    Message.objects.filter(pk=message.pk).update(content=Concat(F("content"), Value("!")))
    assert texts(message) == ["first", "FIRST", "FIRST!"]
    assert texts(shouted) == ["LOUD"]


def test_updating_with_case_and_when_keeps_the_old_text(alice: Any, bob: Any) -> None:
    message, other = write(alice, bob, "first"), write(alice, bob, "other")
    Message.objects.update(content=Case(When(pk=message.pk, then=Value("second", TextField())), default=F("content")))
    assert (texts(message), texts(other)) == (["first", "second"], ["other"])


def test_updating_from_an_annotation_keeps_the_old_text(alice: Any, bob: Any) -> None:
    message = write(alice, bob, "first")
    Message.objects.annotate(louder=Concat("content", Value("!"))).update(content=F("louder"))
    assert texts(message) == ["first", "first!"]


def test_updating_a_queryset_with_joins_keeps_each_text_once(alice: Any, bob: Any) -> None:
    message = write(alice, bob, "first")
    answer(message, "yes")
    answer(message, "yes")
    assert Message.objects.filter(replies__content="yes").update(content="second") == 1
    assert texts(message) == ["first", "second"]


def test_updating_a_queryset_with_an_aggregate_keeps_the_old_text(alice: Any, bob: Any) -> None:
    message = write(alice, bob, "first")
    answered = answer(message, "yes")
    answer(message, "no")
    counted = Message.objects.annotate(answers=Count("replies"))
    assert counted.filter(answers__gte=2).update(content="second") == 1
    assert texts(message) == ["first", "second"]
    assert texts(answered) == ["yes"]


def test_updating_a_distinct_queryset_with_joins_keeps_the_old_text(alice: Any, bob: Any) -> None:
    message = write(alice, bob, "first")
    answer(message, "yes")
    found = Message.objects.filter(Q(replies__isnull=False) | Q(sender__username="alice")).distinct()
    assert found.select_related("sender").update(content="second") == 1
    assert texts(message) == ["first", "second"]


def test_updating_through_a_relation_keeps_the_old_text(alice: Any, bob: Any) -> None:
    message = write(alice, bob, "first")
    alice.sent_messages.update(content="second")
    message.conversation.messages.update(content="third")
    Message.unread.filter(receiver=bob).update(content="fourth")
    assert texts(message) == ["first", "second", "third", "fourth"]


def test_updating_nothing_changes_nothing(alice: Any, bob: Any) -> None:
    message = write(alice, bob, "first")
    assert Message.objects.none().update(content="second") == 0
    assert Message.objects.filter(pk__in=[]).update(content="second", read=True) == 0
    assert texts(message) == ["first"]


def test_updating_text_and_read_together_keeps_the_history_and_the_counts(alice: Any, bob: Any) -> None:
    message = write(alice, bob, "first")
    Message.objects.update(content="second", read=True)
    assert texts(message) == ["first", "second"]
    message.conversation.refresh_from_db()
    assert message.conversation.unread_count == 0


def test_a_slice_cannot_be_updated_as_everywhere_in_django(alice: Any, bob: Any) -> None:
    with pytest.raises(TypeError, match="slice"):
        Message.objects.all()[:1].update(content="second")


def test_bulk_update_keeps_the_old_text(alice: Any, bob: Any) -> None:
    changed, same = write(alice, bob, "first"), write(alice, bob, "same")
    changed.content = "second"
    assert Message.objects.bulk_update([changed, same], ["content"]) == 2
    assert (texts(changed), texts(same)) == (["first", "second"], ["same"])
    assert (is_edited(changed), is_edited(same)) == (True, False)


def test_bulk_update_of_many_keeps_every_text(alice: Any, bob: Any) -> None:
    """This holds for more rows than fit into one statement, whatever batch size is given."""
    place, many = write(alice, bob).conversation, BULK_UPDATE_SIZE + 100
    rows = [Message(sender=alice, receiver=bob, conversation=place, content=str(number)) for number in range(many)]
    messages = Message.objects.bulk_create(rows)
    for message in messages:
        message.content += "!"
    with CaptureQueriesContext(connection) as asked:
        assert Message.objects.bulk_update(messages, ["content"], batch_size=10_000) == many
    assert len([one for one in asked if one["sql"].startswith('UPDATE "messaging_message" SET')]) == 2
    kept = MessageHistory.objects.values_list("message_id", "old_content", "message__content")
    assert set(kept) == {(message.pk, str(number), f"{number}!") for number, message in enumerate(messages)}


@pytest.mark.parametrize("field", ["content", "conversation"])
def test_bulk_create_refuses_to_overwrite_texts_and_conversations(alice: Any, bob: Any, field: str) -> None:
    message = write(alice, bob, "first", external_id="irc:1")
    again = Message(
        sender=alice, receiver=bob, content="second", external_id="irc:1", conversation_id=message.conversation_id
    )
    expected = "bulk_create cannot overwrite texts or conversations, it keeps no history: use bulk_update()."
    with pytest.raises(ValueError, match="^" + expected.replace("(", r"\(").replace(")", r"\)") + "$"):
        Message.objects.bulk_create([again], None, False, True, [field], ["external_id"])
    assert texts(message) == ["first"]


def test_the_signed_in_user_is_the_editor_in_every_way_of_changing_a_text(alice: Any, bob: Any) -> None:
    message = write(alice, bob, "first")
    with editing_as(alice):
        message.content = "second"
        message.save()
        Message.objects.update(content="third")
        message.content = "fourth"
        Message.objects.bulk_update([message], ["content"])
    Message.objects.update(content="fifth")
    editors = message.histories.values_list("old_content", "edited_by")
    assert list(editors) == [("first", alice.pk), ("second", alice.pk), ("third", alice.pk), ("fourth", None)]


def save_all(message: Message, text: str) -> None:
    message.content = text
    message.save()


def save_text(message: Message, text: str) -> None:
    Message(pk=message.pk, content=text, conversation_id=message.conversation_id).save(update_fields=["content"])


def save_deferred(message: Message, text: str) -> None:
    loaded = Message.objects.only("read").get(pk=message.pk)
    loaded.content = text
    loaded.save()


def update(message: Message, text: str) -> None:
    Message.objects.filter(pk=message.pk).update(content=text)


def update_by_expression(message: Message, text: str) -> None:
    Message.objects.filter(sender__username="alice").update(content=Concat(Value(text), Value("")), read=True)


def update_in_bulk(message: Message, text: str) -> None:
    message.content = text
    Message.objects.bulk_update([message], ["content"])


def update_or_create(message: Message, text: str) -> None:
    Message.objects.update_or_create(pk=message.pk, defaults={"content": text})


ways = st.sampled_from(
    [save_all, save_text, save_deferred, update, update_by_expression, update_in_bulk, update_or_create]
)


@property_test
@given(edits=st.lists(st.tuples(ways, st.sampled_from(["a", "b", "c", "", "ä "])), max_size=8))
def test_histories_hold_every_text_in_whatever_way_it_was_changed(alice: Any, bob: Any, edits: list[Any]) -> None:
    with rolled_back():
        message = write(alice, bob, "a")
        story = ["a"]
        for change, text in edits:
            change(message, text)
            if text != story[-1]:
                story.append(text)
        assert texts(message) == story
        assert is_edited(message) == (len(story) > 1)
