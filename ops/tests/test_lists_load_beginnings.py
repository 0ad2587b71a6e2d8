"""Lists show the first words of texts, truncated by the database: a long text is never loaded."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messaging.models import Message, MessageHistory
from messaging.tests.conversations import write
from ops.conftest import make_staff
from ops.console.lists.words import LENGTH, beginning, first_words
from ops.moderation import flagging
from ops.moderation.models import Source
from ops.moderation.tests.desk import REVIEWING, spam

__all__ = ["spam"]

pytestmark = pytest.mark.django_db
LONG = "word " * 2_000_000  # 10 MB
MOST = 5_000_000  # bytes of memory for a page


@pytest.fixture
def reviewing(client: Client) -> Client:
    client.force_login(make_staff("rosa", *REVIEWING))
    return client


@pytest.fixture
def long(alice: Any, bob: Any) -> Message:
    """Store a message of 10 MB that replaced a text of 10 MB, with the notification of its receiver."""
    message = write(alice, bob, LONG, edited=True, revision=2)
    MessageHistory.objects.create(message=message, revision=1, old_content=LONG)
    return message


def peak_of(client: Client, address: str) -> tuple[str, int]:
    """Return the content of a page, and the peak of additional memory in bytes, measured on the second request."""
    client.get(address)
    tracemalloc.start()
    try:
        response = client.get(address)
        return response.content.decode(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


ADDRESSES = {
    "messages": lambda message: reverse("admin:messaging_message_changelist"),
    "conversations": lambda message: reverse("admin:messaging_conversation_changelist"),
    "edits": lambda message: reverse("admin:messaging_messagehistory_changelist"),
    "notifications": lambda message: reverse("admin:messaging_notification_changelist"),
    "messages of a person": lambda message: reverse("admin:accounts_user_messages", args=[message.sender_id]),
    "edits of a person": lambda message: reverse("admin:accounts_user_edits", args=[message.sender_id]),
    "queue": lambda message: reverse("admin:moderation_case_changelist"),
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_list_never_loads_a_long_text(reviewing: Client, long: Message, spam: Any, name: str) -> None:
    flagging.flag(long, label=spam, by=long.receiver, source=Source.PARTICIPANT)
    page, peak = peak_of(reviewing, ADDRESSES[name](long))
    assert "word word word" in page
    assert len(page) < 200_000
    assert peak < MOST


def test_first_words_do_not_split_a_combined_character(alice: Any, bob: Any) -> None:
    message = write(alice, bob, "q\u0301" * 300)
    assert first_words([message.pk])[message.pk].content == beginning("q\u0301" * 300) == "q\u0301" * (LENGTH - 1) + "…"
