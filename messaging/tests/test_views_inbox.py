"""The inbox: one row for each conversation of a participant, unread ones first, then the latest."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from messaging.models import Message
from messaging.participants import pages
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write

INBOX = reverse("messaging:inbox")
QUERIES = 7  # session, user, unread messages, number of conversations, their counts, their people, their previews


def rows(client: Any, **query: Any) -> list[str]:
    """The text of each row, without markup."""
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
    """An imported thread has more than two people."""
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
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html and "<script" not in html
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
    (row,) = pages.inbox_page(alice, 1).object_list
    assert row.preview == "x" * pages.PREVIEW_CHARACTERS
    assert Message.objects.get().content == "x" * 10_000
