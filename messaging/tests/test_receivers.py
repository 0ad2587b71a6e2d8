"""Each receiver of this app is called once, and connecting them again after they were disconnected restores all."""

from __future__ import annotations

from typing import Any

import pytest

from messaging import signals
from messaging.models import Conversation, MessageHistory, Notification
from messaging.tests.conversations import write
from messaging.tests.receivers import disconnected

pytestmark = pytest.mark.django_db


def listeners() -> list[int]:
    return [len(signal.receivers) for signal in {signal for signal, *_ in signals.RECEIVERS}]


def test_connecting_again_connects_nothing_twice(alice: Any, bob: Any) -> None:
    before = listeners()
    signals.connect()
    assert listeners() == before
    write(alice, bob)
    assert Notification.objects.count() == 1


def test_nothing_answers_while_disconnected(alice: Any, bob: Any) -> None:
    with disconnected():
        message = write(alice, bob, "first")
        message.content = "second"
        message.save()
    assert not Notification.objects.exists()
    assert not MessageHistory.objects.exists()
    assert Conversation.objects.get().message_count == 0


def test_everything_answers_again_afterwards(alice: Any, bob: Any) -> None:
    before = listeners()
    with disconnected():
        assert sum(listeners()) == sum(before) - len(signals.RECEIVERS)
    assert listeners() == before
    write(alice, bob)
    assert Conversation.objects.get().message_count == 1


def test_everything_answers_again_whatever_happens_inside(alice: Any, bob: Any) -> None:
    before = listeners()
    with pytest.raises(ZeroDivisionError), disconnected():
        raise ZeroDivisionError
    assert listeners() == before
    message = write(alice, bob, "first")
    message.content = "second"
    message.save()
    assert (Notification.objects.count(), MessageHistory.objects.count()) == (1, 1)


def test_everything_answers_again_after_one_block_within_another() -> None:
    before = listeners()
    with disconnected(), disconnected():
        pass
    assert listeners() == before
