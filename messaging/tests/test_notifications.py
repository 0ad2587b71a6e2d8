"""The receiver of a message is notified once."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import serializers
from django.db import IntegrityError, transaction

from messaging.models import Message, Notification
from messaging.tests.conversations import answer, write

pytestmark = pytest.mark.django_db


def notified() -> list[tuple[Any, Any]]:
    return list(Notification.objects.order_by("pk").values_list("user", "message"))


def test_the_receiver_of_a_new_message_is_notified_and_the_sender_is_not(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    assert notified() == [(bob.pk, message.pk)]


def test_each_reply_notifies_its_own_receiver(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    reply = answer(message)
    assert notified() == [(bob.pk, message.pk), (alice.pk, reply.pk)]


def test_editing_or_reading_a_message_sends_no_further_notification(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    message.content, message.read = "changed", True
    message.save()
    Message.objects.update(content="again", read=False)
    assert notified() == [(bob.pk, message.pk)]


def test_notifying_twice_leaves_one_notification(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    message.notify_receiver(using="default")
    assert notified() == [(bob.pk, message.pk)]


def test_the_database_allows_one_notification_per_user_and_message(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    with pytest.raises(IntegrityError), transaction.atomic():
        Notification.objects.create(user=bob, message=message)
    Notification.objects.create(user=alice, message=message)


def test_messages_stored_in_bulk_or_from_a_fixture_send_no_notification(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    copy = serializers.serialize("json", [message])
    message.delete()
    message.conversation.save(force_insert=True)
    for loaded in serializers.deserialize("json", copy):
        loaded.save()
    place = message.conversation_id
    Message.objects.bulk_create([Message(sender=alice, receiver=bob, content="more", conversation_id=place)])
    assert Message.objects.count() == 2
    assert notified() == []
