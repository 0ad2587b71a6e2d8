"""The constraints of the database, and the indexes that the screens rely on."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.tests.conversations import answer, write

pytestmark = pytest.mark.django_db


def test_no_message_is_its_own_parent_even_by_an_update(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(parent_message=message)


def test_an_external_id_is_unique_and_may_be_missing(alice: Any, bob: Any) -> None:
    write(alice, bob)
    write(alice, bob)
    write(alice, bob, external_id="irc:1")
    with pytest.raises(IntegrityError), transaction.atomic():
        write(alice, bob, external_id="irc:1")


def test_external_ids_may_have_255_characters(alice: Any, bob: Any) -> None:
    assert Message.objects.get(pk=write(alice, bob, external_id="x" * 255).pk).external_id == "x" * 255


def test_no_user_can_be_deleted_while_a_message_refers_to_them(alice: Any, bob: Any) -> None:
    write(alice, bob)
    with pytest.raises(IntegrityError), transaction.atomic():
        type(alice).objects.filter(pk=alice.pk)._raw_delete("default")
        connection.check_constraints()


def test_no_message_can_be_deleted_while_a_reply_refers_to_it(alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    answer(first)
    Notification.objects.all().delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(pk=first.pk)._raw_delete("default")
        connection.check_constraints()


def test_any_text_is_stored_as_it_is(alice: Any, bob: Any) -> None:
    text = "  <b>ä\u0301 👩‍👩‍👧 \u202e\r\n\ttab =1+1 '; DROP TABLE messaging_message; --  "
    message = write(alice, bob, text)
    Message.objects.update(content="%s {} %(content)s")
    assert message.histories.get().old_content == text
    assert Message.objects.get().content == "%s {} %(content)s"


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (lambda: Message.objects.filter(conversation=1).order_by("timestamp", "id"), "message_thread"),
        (lambda: Message.objects.order_by("-timestamp", "-id")[:50], "message_latest"),
        (lambda: Message.objects.filter(sender=1).order_by("-timestamp", "-id")[:50], "message_sent"),
        (lambda: Message.objects.filter(receiver=1).order_by("-timestamp", "-id")[:50], "message_received"),
        (lambda: Message.unread.unread_for_user(1)[:50], "message_unread_by"),
        (lambda: Message.unread.order_by("-timestamp", "-id")[:50], "message_unread"),
        (lambda: Message.objects.filter(edited=True).order_by("-timestamp", "-id")[:50], "message_edited"),
        (lambda: Conversation.objects.edited().order_by(), "message_edited_in"),
        (lambda: MessageHistory.objects.filter(message=1), "history_of_message"),
        (lambda: Notification.objects.all()[:50], "notification_latest"),
        (lambda: Conversation.objects.all()[:50], "conversation_latest"),
        (lambda: Conversation.objects.unread()[:50], "conversation_unread"),
    ],
)
def test_each_screen_has_an_index(rows: Any, index: str) -> None:
    """Uses the index even for an empty table, with sequential scans disabled on PostgreSQL."""
    queryset: QuerySet = rows().select_related(None)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off"
            )
    assert re.search(rf"\b{index}\b", queryset.explain())
