"""A reading is recorded before the page is shown: once per hour for each person and object."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection  # noqa: F401 - the condition of needs_row_locks reads it
from django.utils import timezone

from messaging.models import Conversation
from messaging.tests.concurrency import needs_row_locks, run_concurrently
from messaging.tests.conversations import write
from ops.audit.models import Entry
from ops.audit.readings import record_reading
from ops.conftest import make_staff


@pytest.fixture
def conversation(alice: Any, bob: Any) -> Conversation:
    return write(alice, bob).conversation


def readings() -> int:
    return Entry.objects.filter(event__endswith=".read").count()


def later(monkeypatch: pytest.MonkeyPatch, minutes: int) -> None:
    then = timezone.now() + timedelta(minutes=minutes)
    monkeypatch.setattr(timezone, "now", lambda: then)


def test_the_second_reading_within_an_hour_is_not_recorded(
    rita: Any, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert record_reading(conversation, actor=rita) is not None
    later(monkeypatch, 59)
    assert record_reading(conversation, actor=rita) is None
    assert readings() == 1


def test_the_next_reading_after_an_hour_is_recorded(
    rita: Any, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_reading(conversation, actor=rita)
    later(monkeypatch, 61)
    assert record_reading(conversation, actor=rita) is not None
    assert readings() == 2


def test_readings_of_two_people_are_recorded_separately(rita: Any, nils: Any, conversation: Conversation) -> None:
    assert record_reading(conversation, actor=rita)
    assert record_reading(conversation, actor=nils)


def test_a_message_is_recorded_separately_from_its_conversation(rita: Any, conversation: Conversation) -> None:
    record_reading(conversation, actor=rita)
    entry = record_reading(conversation.messages.get(), actor=rita)
    assert entry is not None
    assert entry.event == "message.read"


def test_opening_again_takes_one_query(rita: Any, conversation: Conversation, django_assert_num_queries: Any) -> None:
    record_reading(conversation, actor=rita)
    with django_assert_num_queries(1):
        record_reading(conversation, actor=rita)


class TestTwoTabs:
    pytestmark = needs_row_locks

    def test_concurrent_readings_are_recorded_once(self, transactional_db: Any) -> None:
        rita = make_staff("rita")
        conversation = write(rita, make_staff("bob")).conversation
        faults = run_concurrently(*[lambda: record_reading(conversation, actor=rita)] * 5)
        assert faults == [None] * 5
        assert readings() == 1
