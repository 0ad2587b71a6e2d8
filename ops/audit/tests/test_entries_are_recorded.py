"""An entry records who did what, to what, when, from where and why; an act that cannot be recorded fails."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.db import connection, transaction

from messaging.models import Conversation, Message
from messaging.tests.conversations import write
from messaging.tests.pseudo import ACCENTED, pseudo, speaking
from ops.accounts.events import AccountEvent
from ops.audit import context, recording
from ops.audit.details import Key, chosen
from ops.audit.events import Event
from ops.audit.models import Entry
from ops.audit.readings import record_reading, record_search
from ops.events import ConsoleEvent
from ops.imports.events import ImportEvent


def break_the_trail() -> None:
    """Make storing in the audit trail fail until the transaction is rolled back."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE audit_unsealed")


@pytest.fixture
def message(alice: Any, bob: Any) -> Message:
    return write(alice, bob, "a secret")


def test_an_entry_names_the_actor_their_role_and_the_target(rita: Any, message: Message) -> None:
    rita.groups.add(Group.objects.create(name="Reviewer"), Group.objects.create(name="Data operator"))
    entry = recording.record(
        ConsoleEvent.MESSAGE_READ, actor=rita, target=message, details={"part": 2}, reason="a report came in"
    )
    entry.refresh_from_db()
    assert (entry.actor, entry.actor_name, entry.actor_role) == (rita, "rita", "Data operator, Reviewer")
    assert (entry.target_type, entry.target_id) == ("messaging.message", str(message.pk))
    assert (entry.event, entry.details, entry.reason) == ("message.read", {"part": 2}, "a report came in")


def test_a_superuser_is_recorded_as_one(rosa: Any) -> None:
    entry = recording.record(Event.AUDIT_READ, actor=rosa)
    assert entry.actor_role == entry.role_in_words == "superuser"
    with speaking(ACCENTED):
        assert entry.role_in_words == pseudo("superuser")


@pytest.mark.parametrize("nobody", [None, AnonymousUser()])
@pytest.mark.django_db
def test_an_entry_without_a_person_has_no_actor(nobody: Any) -> None:
    entry = recording.record(ImportEvent.IMPORT_MADE, actor=nobody)
    assert (entry.actor_id, entry.actor_name, entry.actor_role) == (None, "", "")


def test_the_text_of_a_message_is_not_in_its_label(rita: Any, message: Message) -> None:
    assert (
        recording.record(ConsoleEvent.MESSAGE_READ, actor=rita, target=message).target_label == f"Message {message.pk}"
    )


def test_people_are_labelled_by_name_and_searches_by_their_terms(rita: Any, alice: Any) -> None:
    assert recording.record(AccountEvent.PERSON_READ, actor=rita, target=alice).target_label == "alice"
    entry = record_search(Message, actor=rita, terms="holiday", filters=chosen({"unread": "1"}), results=12)
    assert (entry.target_type, entry.target_id, entry.target_label) == ("messaging.message", "", "holiday")
    assert entry.details == {"filters": {"unread": "1"}, "results": 12}


def test_a_target_can_be_a_type_and_a_number(rita: Any) -> None:
    entry = recording.record(Event.RECORD_DELETED, actor=rita, target=("messaging.conversation", 12), label="Old one")
    assert (entry.target_type, entry.target_id, entry.target_label) == ("messaging.conversation", "12", "Old one")


def test_an_event_outside_the_vocabulary_is_refused(rita: Any) -> None:
    with pytest.raises(ValueError, match=r"No room declares the event tea\.made"):
        recording.record("tea.made", actor=rita)


def test_entries_of_one_action_share_its_id(rita: Any) -> None:
    with context.one_action():
        first, second = (recording.record(Event.RECORD_CHANGED, actor=rita) for _ in range(2))
    other = recording.record(Event.RECORD_CHANGED, actor=rita)
    assert first.action == second.action != other.action


def test_one_act_on_many_targets_records_an_entry_for_each(
    rita: Any, alice: Any, bob: Any, django_assert_num_queries: Any
) -> None:
    texts = [write(alice, bob) for _ in range(5)]
    with transaction.atomic(), django_assert_num_queries(2):
        about = [(one, {"part": place}) for place, one in enumerate(texts)]
        recording.record_each(ConsoleEvent.MESSAGE_READ, about, actor=rita)
    alone = recording.record(ConsoleEvent.MESSAGE_READ, actor=rita, target=texts[0], details={"part": 0})
    read = Entry.objects.filter(event=ConsoleEvent.MESSAGE_READ).order_by("pk")
    entries = list(read)
    assert [(one.target_id, one.details) for one in entries[:5]] == [
        (str(text.pk), {"part": place}) for place, text in enumerate(texts)
    ]
    names = ("event", "actor_id", "actor_name", "actor_role", "target_type", "target_id", "target_label", "details")
    assert {name: getattr(entries[0], name) for name in names} == {name: getattr(alone, name) for name in names}
    recording.record_each(ConsoleEvent.MESSAGE_READ, [], actor=rita)
    assert read.count() == 6


def test_invalid_characters_are_replaced_and_long_texts_truncated(rita: Any) -> None:
    entry = recording.record(
        Event.SEARCH_MADE, actor=rita, label="a\x00b" + "c" * 300, details={"words": [Key("\ud800"), Key("d" * 2_000)]}
    )
    entry.refresh_from_db()
    assert entry.target_label == "a�b" + "c" * 251 + "…"
    assert entry.details == {"words": ["�", "d" * 999 + "…"]}


def test_an_act_whose_entry_cannot_be_stored_is_rolled_back(rita: Any, message: Message) -> None:
    with pytest.raises(recording.NotRecorded, match="could not be recorded in the audit trail"), transaction.atomic():
        break_the_trail()
        Message.objects.filter(pk=message.pk).update(content="corrected")
        recording.record(ConsoleEvent.MESSAGE_EDITED, actor=rita, target=message)
    message.refresh_from_db()
    assert message.content == "a secret"
    assert not Entry.objects.filter(event=ConsoleEvent.MESSAGE_EDITED).exists()


def test_an_entry_is_rolled_back_with_its_act(rita: Any) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        recording.record(Event.RECORD_CHANGED, actor=rita)
        raise ZeroDivisionError
    assert not Entry.objects.filter(actor=rita).exists()


def test_a_reading_that_cannot_be_recorded_is_refused(rita: Any, message: Message) -> None:
    conversation = Conversation.objects.get()
    with pytest.raises(recording.NotRecorded), transaction.atomic():
        break_the_trail()
        record_reading(conversation, actor=rita)


def test_entries_of_deleted_staff_stay(rita: Any, rosa: Any, message: Message) -> None:
    key = rita.pk
    for event in (Event.SIGNED_IN, ConsoleEvent.MESSAGE_READ, Event.SIGNED_OUT):
        recording.record(event, actor=rita, target=message)
    before = Entry.objects.filter(actor_id=key).count()
    rita.delete()
    assert Entry.objects.filter(actor_id=key, actor_name="rita").count() == before == 3


def test_recording_takes_two_queries(rita: Any, message: Message, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        recording.record(ConsoleEvent.MESSAGE_READ, actor=rita, target=message)
