"""A match of a search is marked in its context, opens the thread there, and is recorded."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from messaging.models import Message
from messaging.search.engine import spans
from messaging.search.terms import All, Words
from messaging.tests.conversations import answer, write
from ops.audit.models import Entry
from ops.conftest import make_staff
from ops.console.lists.excerpts import BEFORE, LENGTH, SOON, excerpt
from ops.console.thread.texts import Piece

LIST = reverse("admin:messaging_conversation_changelist")
MESSAGES = reverse("admin:messaging_message_changelist")


def around(text: str, *words: str) -> list[Piece]:
    return excerpt(text, partial(spans, All(tuple(map(Words, words)))))


def found(text: str, *words: str) -> list[str]:
    return [piece.text for piece in around(text, *words) if piece.kind == "found"]


def test_an_excerpt_begins_a_few_words_before_the_match() -> None:
    text = f"{'once upon a time ' * 20}there was a Lighthouse by the sea{' and so on' * 50}"
    pieces = around(text, "lighthouse")
    assert [piece.text for piece in pieces if piece.kind] == ["Lighthouse"]
    assert pieces[0].text == "… " and pieces[-1].text == "…"
    shown = "".join(piece.text for piece in pieces)
    assert shown.startswith("… ") and "a time there was a Lighthouse by the sea and so on" in shown
    assert len(shown) <= LENGTH + len("… …")


def test_every_match_within_it_is_marked_and_a_short_text_stays_whole() -> None:
    assert found("A bike. My BIKE! bikes", "bike") == ["bike", "BIKE"]
    assert found("My old bike is an old one", "bike", "old") == ["old", "bike", "old"]
    assert "".join(piece.text for piece in around("A bike. My BIKE!", "bike")) == "A bike. My BIKE!"
    assert "".join(piece.text for piece in around("no such word", "bike")) == "no such word"


@given(st.text("ab é日", min_size=1), st.integers(0, 3_000), st.integers(0, 3_000))
def test_reading_only_the_beginning_of_a_long_text_marks_the_same(between: str, before: int, after: int) -> None:
    text = f"{between * (before // len(between))} bike {between * (after // len(between))} old"
    words = All((Words("bike"), Words("a"), Words("a b"), Words("日")))
    read: list[int] = []

    def find(part: str) -> list[tuple[int, int]]:
        read.append(len(part))
        return spans(words, text)  # as if the whole text had been read

    assert excerpt(text, partial(spans, words)) == excerpt(text, find)
    assert len(read) == 1 or len(text) > SOON


def test_a_page_of_long_texts_reads_their_beginnings() -> None:
    read: list[int] = []

    def find(part: str) -> list[tuple[int, int]]:
        read.append(len(part))
        return spans(Words("bike"), part)

    assert [piece.text for piece in excerpt(f"a bike{' and so on' * 1_000}", find) if piece.kind] == ["bike"]
    assert read == [min(read)] and read[0] <= SOON


@given(st.text(), st.text("abc", min_size=1, max_size=20), st.text())
def test_an_excerpt_contains_its_match_wherever_it_stands(before: str, word: str, after: str) -> None:
    text = f"{before} {word} {after}"
    assert word in found(text, word) or word in text.partition(f" {word} ")[0]
    assert all(len(piece.text) <= max(LENGTH, BEFORE + len(word)) for piece in around(text, word))


@pytest.fixture
def match(alice: Any, bob: Any) -> Message:
    """Alice asks, Bob answers with the word after a long start, and Alice repeats it."""
    first = write(alice, bob, "Where do we meet?", minute=1)
    reply = answer(first, f"{'Let me see. ' * 20}At the lighthouse <b>", minute=2)
    answer(reply, "By the lighthouse, then", minute=3)
    return reply


def test_a_conversation_shows_its_first_match_and_opens_there(reviewing: Client, match: Message) -> None:
    page = reviewing.get(f"{LIST}?q=LightHouse&unread=yes").content.decode()
    assert "At the <mark>lighthouse</mark> &lt;b&gt;" in page
    assert "2 messages match" in page
    assert "Where do we meet?" not in page
    at = reverse("admin:messaging_conversation_change", args=[match.conversation_id])
    kept = "_changelist_filters=q%3DLightHouse%26unread%3Dyes"
    link = f"{at}?message={match.pk}&amp;find=LightHouse&amp;{kept}#m{match.pk}"
    assert f'href="{link}"' in page
    thread = reviewing.get(link.replace("&amp;", "&").partition("#")[0]).content.decode()
    assert thread.count("<mark>lighthouse</mark>") == 2
    assert 'aria-current="true"' in thread


def test_exactly_the_shown_matches_are_recorded(reviewing: Client, match: Message) -> None:
    reviewing.get(f"{LIST}?q=lighthouse")
    (entry,) = Entry.objects.filter(event="search.made")
    assert entry.details["messages"] == [[match.pk, match.pk]]


def test_a_message_shows_its_match_and_opens_the_thread_there(reviewing: Client, match: Message) -> None:
    page = reviewing.get(f"{MESSAGES}?q=lighthouse").content.decode()
    at = reverse("admin:messaging_conversation_change", args=[match.conversation_id])
    assert f'href="{at}?message={match.pk}&amp;find=lighthouse&amp;hits=q%3Dlighthouse#m{match.pk}"' in page
    assert "At the <mark>lighthouse</mark> &lt;b&gt;" in page


def test_a_message_opens_its_own_page_for_those_who_see_no_conversations(client: Client, match: Message) -> None:
    client.force_login(make_staff("mel", "view_message"))
    page = client.get(f"{MESSAGES}?q=lighthouse").content.decode()
    assert f'href="{reverse("admin:messaging_message_change", args=[match.pk])}"' in page


@pytest.mark.parametrize("at", [LIST, MESSAGES])
def test_a_search_costs_the_same_queries_however_many_rows(reviewing: Client, alice: Any, bob: Any, at: str) -> None:
    counts = []
    for _ in range(2):
        for number in range(4):
            answer(write(alice, bob, "lighthouse", minute=number), "the lighthouse")
        reviewing.get(f"{at}?q=lighthouse")  # records what is shown
        with CaptureQueriesContext(connection) as queries:
            reviewing.get(f"{at}?q=lighthouse")
        counts.append(len(queries))
    assert counts[0] == counts[1]
