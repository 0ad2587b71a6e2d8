"""Messages with nearly the same text are found from one of them, by sender; those shown are recorded as read."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.audit.models import Entry
from ops.tests.test_least_reading import give_reason, question

SPAM = "Win a free holiday at the old harbour today, write to {} for your prize"


@pytest.fixture
def spam(alice: Any, bob: Any, charlie: Any) -> list[Message]:
    """Store the same text from two senders, and a different text."""
    found = [write(sender, bob, SPAM.format(name)) for sender, name in ((alice, "a"), (charlie, "b"), (charlie, "c"))]
    write(alice, bob, "Shall we meet at the old harbour?")
    return found


def address(message: Message) -> str:
    return reverse("admin:messaging_message_similar", args=[message.pk])


def test_near_duplicates_are_grouped_by_sender_and_recorded(client: Client, rita: Any, spam: list[Message]) -> None:
    client.force_login(rita)
    link = f'href="{address(spam[0])}"'
    assert link in client.get(reverse("admin:messaging_message_change", args=[spam[0].pk])).content.decode()
    answered = client.get(address(spam[0]))
    groups = [(sender, [one.message.pk for one in some]) for sender, some in answered.context["groups"]]
    assert [(sender, sorted(some)) for sender, some in groups] == [("charlie", [spam[1].pk, spam[2].pk])]
    page = answered.content.decode()
    assert "2 messages like it" in page and "Shall we meet" not in page
    entry = Entry.objects.filter(event="message.read", target_id=str(spam[0].pk)).latest("pk")
    assert entry.details["messages"] == [[spam[0].pk, spam[0].pk]]
    entry = Entry.objects.filter(event="search.made").latest("pk")
    assert entry.details["messages"] == [[spam[1].pk, spam[2].pk]]
    assert (entry.details["filters"], entry.details["results"]) == ({"near_duplicates_of": spam[0].pk}, 2)
    client.force_login(make_user("rosa", is_staff=True, is_superuser=True))
    assert client.get(reverse("admin:audit_entry_change", args=[entry.pk])).status_code == 200


def test_a_message_without_near_duplicates_says_so(client: Client, rita: Any, alice: Any, bob: Any) -> None:
    client.force_login(rita)
    page = client.get(address(write(alice, bob, "<b>nothing</b> like it anywhere"))).content.decode()
    assert "No other message says nearly the same." in page
    assert "&lt;b&gt;nothing" in page


def test_near_duplicates_need_a_reason_for_all_messages(
    client: Client, rita: Any, spam: list[Message], settings: Any
) -> None:
    """A reason given for one message opens no others."""
    settings.READING = "reason"
    client.force_login(rita)
    own, every = reverse("admin:messaging_message_change", args=[spam[0].pk]), address(spam[0])
    assert give_reason(client, own).status_code == 302
    assert "Win a free" in client.get(own).content.decode()
    assert question(client.get(every))
    give_reason(client, every)
    assert "2 messages like it" in client.get(every).content.decode()


@pytest.mark.parametrize("key", ["0", "007", "x", "987654321"])
def test_a_missing_message_is_not_found(client: Client, rita: Any, spam: list[Message], key: str) -> None:
    client.force_login(rita)
    assert client.get(address(spam[0]).replace(f"/{spam[0].pk}/", f"/{key}/")).status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_messages(client: Client, rita: Any, spam: list[Message]) -> None:
    client.force_login(rita)
    numbers = []
    for number in range(3):
        client.get(address(spam[0]))  # records what is new
        with CaptureQueriesContext(connection) as queries:
            client.get(address(spam[0]))
        numbers.append(len(queries))
        for other in range(4):
            write(spam[0].sender, spam[0].receiver, SPAM.format(f"{number} {other}"))
    assert numbers[0] == numbers[1] == numbers[2]
