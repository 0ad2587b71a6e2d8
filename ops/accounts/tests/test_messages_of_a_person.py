"""The messages and edits of a person: sent, received, or not read by them; newest first, in pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from messaging.models import MessageHistory
from messaging.tests.conversations import START, answer, write
from ops.conftest import make_staff


def messages(person: Any, query: str = "") -> str:
    return reverse("admin:accounts_user_messages", args=[person.pk]) + query


def edits(person: Any, query: str = "") -> str:
    return reverse("admin:accounts_user_edits", args=[person.pk]) + query


def shown(client: Client, address: str) -> list[int]:
    return [row.pk for row in client.get(address).context["rows"]]


def walk(client: Client, address: str, way: str) -> list[list[int]]:
    """Return the pages from ``address`` on, following the links to ``newer`` or ``older`` rows."""
    pages, query = [], ""
    path, _, filters = address.partition("?")
    while True:
        context = client.get(f"{path}?{'&'.join(filter(None, [filters, query]))}").context
        pages.append([row.pk for row in context["rows"]])
        key = getattr(context["place"], way)
        if not key:
            return pages
        query = f"{'after' if way == 'older' else 'before'}={quote(key)}"


def test_messages_are_filtered_by_direction_and_unread(reviewing: Client, alice: Any, bob: Any, charlie: Any) -> None:
    sent = write(alice, bob, minute=0)
    received = answer(sent, minute=1)
    read = answer(sent, minute=2, read=True)
    write(bob, charlie, minute=3)
    assert shown(reviewing, messages(alice)) == [read.pk, received.pk, sent.pk]
    assert shown(reviewing, messages(alice, "?show=from")) == [sent.pk]
    assert shown(reviewing, messages(alice, "?show=to")) == [read.pk, received.pk]
    assert shown(reviewing, messages(alice, "?show=unread")) == [received.pk]


def test_the_counts_in_the_heading_link_to_their_messages(
    client: Client, reviewing: Client, alice: Any, bob: Any
) -> None:
    write(alice, bob)
    conversations = reverse("admin:accounts_user_conversations", args=[alice.pk])
    page = reviewing.get(conversations).content.decode()
    for show, label in (("from", "1 sent"), ("to", "0 received"), ("unread", "0 not read by them")):
        assert f'<a href="{messages(alice)}?show={show}">{label}</a>' in page
    client.force_login(make_staff("cora", "view_conversation"))
    assert messages(alice) not in client.get(conversations).content.decode()


def test_a_message_to_oneself_is_listed_once(reviewing: Client, alice: Any) -> None:
    message = write(alice, alice)
    assert shown(reviewing, messages(alice)) == [message.pk]


@pytest.mark.parametrize("query", ["", "show=from"])
def test_paging_forward_and_back_shows_every_message_once(reviewing: Client, alice: Any, bob: Any, query: str) -> None:
    """Even if many were sent at the same time."""
    wanted = [write(alice, bob, minute=number // 40).pk for number in range(120)]
    if not query:
        wanted += [write(bob, alice, minute=number // 10).pk for number in range(10, 20)]
    there = walk(reviewing, messages(alice, f"?{query}"), "older")
    everything = [pk for page in there for pk in page]
    assert (len(everything), set(everything)) == (len(wanted), set(wanted))
    last = reviewing.get(messages(alice, f"?{query}&after={quote(START.isoformat())}~0")).context["place"]
    assert last.keys == []
    place = reviewing.get(messages(alice, f"?{query}&before={quote(START.isoformat())}~0")).context["place"]
    assert place.keys == everything[-50:]
    assert place.newer and place.older
    back = walk(reviewing, messages(alice, f"?{query}&before={quote(START.isoformat())}~0"), "newer")
    assert [pk for page in reversed(back) for pk in page] == everything


@pytest.mark.parametrize(
    "query",
    ["show=nothing", "after=x", "before=~", "after=9999-12-31T23:59:59Z~1", "after=2026-01-05~1", "before=%00~1"],
)
def test_an_invalid_query_shows_the_first_page(reviewing: Client, alice: Any, bob: Any, query: str) -> None:
    message = write(alice, bob)
    assert shown(reviewing, messages(alice, f"?{query}")) == [message.pk]


def test_edits_of_sent_messages_are_listed_latest_first(reviewing: Client, alice: Any, bob: Any) -> None:
    first, second, others = write(alice, bob, "one"), write(alice, bob, "two"), write(bob, alice, "three")
    for message in (first, second, others, first):
        message.content += ", edited"
        message.save()
    texts = [row.old_content for row in reviewing.get(edits(alice)).context["rows"]]
    assert texts == ["one, edited", "two", "one"]


def test_edits_continue_on_the_next_page(reviewing: Client, alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    rows = [
        MessageHistory(message=message, revision=number + 1, old_content=str(number), edited_at=START)
        for number in range(60)
    ]
    MessageHistory.objects.bulk_create(rows)
    type(message).objects.filter(pk=message.pk).update(edited=True)
    pages = walk(reviewing, edits(alice), "older")
    assert [len(page) for page in pages] == [50, 10]
    assert len({pk for page in pages for pk in page}) == 60
