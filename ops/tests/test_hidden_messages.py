"""Staff can still read messages that are hidden from participants: in threads, on their pages and in lists, with a
chip."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messaging.models import Message
from messaging.tests.conversations import answer, write
from messaging.texts.hiding import hide

pytestmark = pytest.mark.django_db
LIST = reverse("admin:messaging_message_changelist")


@pytest.fixture
def hidden(alice: Any, bob: Any) -> Message:
    """Store a hidden message and a visible reply."""
    message = write(alice, bob, "what was removed")
    answer(message, "what stays")
    hide([message.pk])
    return message


def test_a_thread_and_the_page_of_a_message_show_the_text_with_a_chip(reviewing: Client, hidden: Message) -> None:
    for address in (
        reverse("admin:messaging_conversation_change", args=[hidden.conversation_id]),
        reverse("admin:messaging_message_change", args=[hidden.pk]),
    ):
        page = reviewing.get(address).content.decode()
        assert "what was removed" in page
        assert page.count("chip hidden-text") == 1


def test_the_list_shows_a_chip_and_filters(reviewing: Client, hidden: Message) -> None:
    page = reviewing.get(LIST).content.decode()
    assert "what was removed" in page
    assert page.count("chip hidden-text") == 1
    for chosen, text in (("yes", "what was removed"), ("no", "what stays")):
        found = reviewing.get(f"{LIST}?hidden={chosen}").context["cl"].result_list
        assert [row.content for row in found] == [text]
