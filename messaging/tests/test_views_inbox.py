"""The inbox: one row for each conversation of a participant, unread ones first, then the latest."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from messaging.models import Message
from messaging.participants import inbox
from messaging.tests.cast import ABOUT_STANDING, make_user
from messaging.tests.conversations import answer, write

INBOX = reverse("messaging:inbox")
# session, user, unread messages, newest sent and received, number of conversations, their counts, people and previews
QUERIES = 9 + ABOUT_STANDING


def rows(client: Any, **query: Any) -> list[str]:
    """Return the text of each row, without markup."""
    html = client.get(INBOX, query).content.decode()
    found = re.findall(r'<li class="row.*?</li>', html, re.DOTALL)
    return [" ".join(re.sub(r"<span[^>]*aria-hidden.*?</span>|<[^>]+>", " ", row).split()) for row in found]


def test_a_stranger_is_asked_to_sign_in(client: Any, db: Any) -> None:
    response = client.get(INBOX)
    assert response.status_code == 302
    assert response["Location"] == f"{reverse('login')}?next={INBOX}"


def test_an_empty_inbox_says_what_to_do(client: Any, alice: Any) -> None:
    client.force_login(alice)
    html = client.get(INBOX).content.decode()
    assert "Nobody has written to you yet." in html
    assert reverse("messaging:compose") in html


def test_a_row_shows_the_other_person_the_first_words_and_the_figures(client: Any, alice: Any, bob: Any) -> None:
    answer(write(alice, bob, "Is the shed\nopen today?", read=True), "It is", minute=5)
    client.force_login(alice)
    (row,) = rows(client)
    assert row.startswith("bob ")
    assert "Is the shed open today? 1 unread 2 messages" in row


def test_unread_conversations_come_first_then_the_latest(client: Any, alice: Any, bob: Any, charlie: Any) -> None:
    write(bob, alice, "old and unread", minute=1)
    write(bob, alice, "older, read", minute=2, read=True)
    write(charlie, alice, "newer, read", minute=3, read=True)
    write(alice, bob, "sent, not read by Bob", minute=4)
    client.force_login(alice)
    found = [next(words for words in ("old and", "older", "newer", "sent") if words in row) for row in rows(client)]
    assert found == ["old and", "sent", "newer", "older"]


def test_messages_between_other_people_are_neither_counted_nor_named(
    client: Any, alice: Any, bob: Any, charlie: Any
) -> None:
    """Not even in an imported thread, which may have more than two people."""
    first = write(charlie, bob, "Charlie's beginning")
    answer(first, "Bob's answer to Charlie", minute=1)
    answer(first, "Alice joins in", minute=2, sender=alice, receiver=bob)
    client.force_login(alice)
    (row,) = rows(client)
    assert "Alice joins in 1 message" in row
    assert "charlie" not in row and "beginning" not in row


def test_texts_and_names_are_shown_as_text(client: Any, alice: Any) -> None:
    mallory = make_user("<i>mallory</i>")
    write(mallory, alice, "<script>alert(1)</script>")
    client.force_login(alice)
    html = client.get(INBOX).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html and "<script>" not in html
    assert "&lt;i&gt;mallory&lt;/i&gt;" in html


def test_long_texts_are_shortened_to_their_first_words(client: Any, alice: Any, bob: Any) -> None:
    write(bob, alice, "word " * 4_000)
    client.force_login(alice)
    (row,) = rows(client)
    assert "word…" in row or "wor…" in row or "word …" in row
    assert len(row) < 250


def test_more_than_fifty_conversations_come_in_pages(client: Any, alice: Any, bob: Any) -> None:
    for number in range(51):
        write(bob, alice, f"message number {number}", minute=number, read=True)
    client.force_login(alice)
    assert len(rows(client)) == 50
    assert [row for row in rows(client, page=2) if "message number 0 " in row]
    assert "Older →" in client.get(INBOX).content.decode()


@pytest.mark.parametrize("number", ["nonsense", "-1", "0", "999", "9" * 40])
def test_a_page_that_does_not_exist_shows_another_one(client: Any, alice: Any, bob: Any, number: str) -> None:
    write(bob, alice)
    client.force_login(alice)
    assert len(rows(client, page=number)) == 1


def test_the_number_of_queries_does_not_grow(
    client: Any, alice: Any, bob: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(alice)
    write(bob, alice)
    for many in (1, 40):
        for number in range(many):
            answer(write(make_user(f"person {many}.{number}"), alice, minute=number))
        with django_assert_num_queries(QUERIES):
            client.get(INBOX)


def test_the_preview_is_cut_by_the_database(
    alice: Any, bob: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    write(bob, alice, "x" * 10_000)
    (row,) = inbox.inbox(alice, 1).page.object_list
    assert row.preview == "x" * inbox.PREVIEW_CHARACTERS
    assert Message.objects.get().content == "x" * 10_000


# --- People with very many messages -------------------------------------------------------------------------------


def shown(client: Any, query: str = "") -> tuple[list[str], str]:
    """Return the numbers of the messages whose conversations an inbox part lists, and the next part's query."""
    html = client.get(f"{INBOX}{query}").content.decode()
    older = re.search(r'href="(\?before=[^"]+)">Show older conversations', html)
    return re.findall(r"number (\d+)", html), older[1] if older else ""


def test_every_conversation_is_in_one_part_of_a_long_inbox(
    client: Any, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "NEWEST", 3)
    for number in range(8):
        message = write(bob, alice, f"number {number}", minute=10 * number, read=number != 2)
        if number in (1, 4):  # answered again later
            answer(message, "an answer", minute=71 + number)
    client.force_login(alice)
    first, query = shown(client)
    assert first[:2] == ["4", "1"] and query
    seen = list(first)
    while query:
        part, query = shown(client, query)
        seen += part
    assert sorted(seen) == [str(number) for number in range(8)]


def test_a_row_of_a_part_counts_all_messages_of_its_conversation(
    client: Any, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "NEWEST", 2)
    message = write(bob, alice, "the beginning", minute=0)
    for minute in range(1, 6):
        answer(message, sender=bob, receiver=alice, minute=minute)
    client.force_login(alice)
    (row,) = rows(client)
    assert "the beginning 6 unread 6 messages" in row


@pytest.mark.parametrize("before", ["nonsense", "2026-01-01", "", "9999-12-31T23:59:59.999999-12:00", "\x00"])
def test_an_invalid_moment_lists_the_newest(client: Any, alice: Any, bob: Any, before: str) -> None:
    write(bob, alice, "number 1")
    client.force_login(alice)
    assert len(rows(client, before=before)) == 1


def test_a_part_with_nothing_older_says_so(client: Any, alice: Any, bob: Any) -> None:
    write(bob, alice)
    client.force_login(alice)
    html = client.get(INBOX, {"before": "2001-01-01T00:00:00+00:00"}).content.decode()
    assert "There are no older conversations." in html and "Newest conversations" in html
