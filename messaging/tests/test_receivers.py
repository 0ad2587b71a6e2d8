"""Each receiver of this app is called once, and reconnecting disconnected receivers restores all of them."""

from __future__ import annotations

from typing import Any

import pytest

from messaging import signals
from messaging.models import Conversation, MessageHistory, Notification
from messaging.tests.conversations import write
from messaging.tests.receivers import disconnected

pytestmark = pytest.mark.django_db


def receiver_counts() -> list[int]:
    return [len(signal.receivers) for signal in {signal for signal, *_ in signals.RECEIVERS}]


def test_connecting_again_connects_nothing_twice(alice: Any, bob: Any) -> None:
    before = receiver_counts()
    signals.connect()
    assert receiver_counts() == before
    write(alice, bob)
    assert Notification.objects.count() == 1


def test_nothing_is_received_while_disconnected(alice: Any, bob: Any) -> None:
    with disconnected():
        message = write(alice, bob, "first")
        message.content = "second"
        message.save()
    assert not Notification.objects.exists()
    assert not MessageHistory.objects.exists()
    assert Conversation.objects.get().message_count == 0


def test_everything_is_received_after_connecting_again(alice: Any, bob: Any) -> None:
    before = receiver_counts()
    with disconnected():
        assert sum(receiver_counts()) == sum(before) - len(signals.RECEIVERS)
    assert receiver_counts() == before
    write(alice, bob)
    assert Conversation.objects.get().message_count == 1


def test_everything_is_received_after_an_error_while_disconnected(alice: Any, bob: Any) -> None:
    before = receiver_counts()
    with pytest.raises(ZeroDivisionError), disconnected():
        raise ZeroDivisionError
    assert receiver_counts() == before
    message = write(alice, bob, "first")
    message.content = "second"
    message.save()
    assert (Notification.objects.count(), MessageHistory.objects.count()) == (1, 1)


def test_everything_is_received_after_disconnecting_twice() -> None:
    before = receiver_counts()
    with disconnected(), disconnected():
        pass
    assert receiver_counts() == before
