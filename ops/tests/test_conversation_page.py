"""The page of a conversation: a thread in reading order, in parts, with the same number of queries at any length."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import START, answer, write
from ops.console.thread.parts import PART_SIZE as PART
from ops.console.thread.rows import Row


def address(message: Message, query: str = "") -> str:
    return reverse("admin:messaging_conversation_change", args=[message.conversation_id]) + query


def rows(response: Any) -> list[Row]:
    """Return the rows of the thread in a response."""
    return response.context["thread"].rows


def long_thread(alice: Any, bob: Any, replies: int) -> Message:
    """Store a first message and this many direct replies, all sent an hour later; return the first message."""
    first = write(alice, bob, "the first")
    Message.objects.bulk_create(
        Message(
            conversation=first.conversation, sender=bob, receiver=alice, content=f"reply {number}",
            timestamp=START.replace(hour=11), parent_message=first,
        )
        for number in range(replies)
    )  # fmt: skip
    return first


def test_the_thread_is_in_reading_order_with_depths_and_numbers(reviewing: Client, alice: Any, bob: Any) -> None:
    first = write(alice, bob, "first", minute=0)
    late = answer(first, "a late reply", minute=9)
    early = answer(first, "an early reply", minute=1)
    deeper = answer(early, "to the early one", minute=10)

    shown = rows(reviewing.get(address(first)))

    assert [(row.message, row.position, row.depth, row.level) for row in shown] == [
        (first, 1, 0, 0),
        (early, 2, 1, 0),
        (deeper, 3, 2, 0),
        (late, 4, 1, 1),
    ]
    assert [row.answered and row.answered.position for row in shown] == [None, None, None, 1]


def test_each_message_says_who_to_whom_when_and_what_state(reviewing: Client, alice: Any, bob: Any) -> None:
    first = write(alice, bob, "hello\nthere")
    second = answer(first, read=True)
    second.content = "hello yourself"
    second.save()
    histories = second.histories.all()
    histories.update(edited_at=START.replace(hour=10, minute=30))

    page = reviewing.get(address(first)).content.decode()

    assert f'<li id="m{first.pk}"' in page
    assert 'aria-label="Message 1, alice to bob"' in page
    assert f'href="/console/accounts/user/{alice.pk}/conversations/"' in page
    assert 'title="5 January 2026, 10:00:00 UTC"' in page
    assert '<time datetime="2026-01-05T10:01:00+00:00" title="5 January 2026, 10:01:00 UTC">10:01</time>' in page
    assert "Not yet read by <bdi>bob</bdi> from here" in page
    assert "edited once, 10:30 · Show edit" in page
    assert "replying to" not in page
    assert f'href="?message={second.pk}#m{second.pk}"' in page
    assert f'href="{reverse("admin:messaging_message_change", args=[second.pk])}"' in page


def test_a_divider_counts_more_people_than_it_names(reviewing: Client, alice: Any, bob: Any) -> None:
    first = write(alice, bob, read=True)
    for number in range(4):
        answer(first, minute=1 + number, sender=alice, receiver=make_user(f"reader{number}"))
    assert "Not yet read by 4 people from here" in reviewing.get(address(first)).content.decode()
    Message.objects.update(read=False)
    assert "Not yet read by anyone from here" in reviewing.get(address(first)).content.decode()


def test_a_message_says_how_often_it_was_edited_and_when_last(reviewing: Client, alice: Any, bob: Any) -> None:
    message = write(alice, bob, "one")
    for text, said in (("two", "edited once, "), ("three", "edited twice, last "), ("four", "edited 3 times, last ")):
        message.content = text
        message.save()
        assert said in reviewing.get(address(message)).content.decode()


def test_an_edited_message_opens_its_differences_word_by_word(reviewing: Client, alice: Any, bob: Any) -> None:
    message = write(alice, bob, "I sell it for 40")
    message.content = "I sell it for 60"
    message.save()
    page = reviewing.get(address(message)).content.decode()
    assert "· Show edit</summary>" in page
    assert '<del><span class="visually-hidden">[removed: </span>40' in page
    assert '<ins><span class="visually-hidden">[added: </span>60' in page


def test_reading_changes_no_read_flag(reviewing: Client, alice: Any, bob: Any, rita: Any) -> None:
    message = write(alice, bob)
    to_staff = write(alice, rita)
    for one in (message, to_staff):
        reviewing.get(address(one))
        reviewing.get(reverse("admin:messaging_message_change", args=[one.pk]))
    assert Message.unread.count() == 2


def test_a_text_is_never_html(reviewing: Client, alice: Any, bob: Any) -> None:
    message = write(alice, bob, "<img src=x onerror=alert(1)>")
    message.content = "<b>bold</b> {{ 7*7 }}"
    message.save()
    page = reviewing.get(address(message)).content.decode()
    assert "<img src=x" not in page
    assert "<b>bold" not in page
    assert "{{ 7*7 }}" in page


def test_a_straight_exchange_is_not_indented(reviewing: Client, alice: Any, bob: Any) -> None:
    message = first = write(alice, bob)
    for minute in range(1, 10):
        message = answer(message, minute=minute)
    response = reviewing.get(address(first))
    assert {row.level for row in rows(response)} == {0}
    assert "replying to" not in response.content.decode()


def test_a_long_thread_comes_in_parts(reviewing: Client, alice: Any, bob: Any) -> None:
    first = long_thread(alice, bob, PART + 30)
    response = reviewing.get(address(first))
    assert len(rows(response)) == PART
    assert f"Messages 1–{PART} of {PART + 31}" in response.content.decode()

    second = reviewing.get(address(first, "?part=2"))
    assert [row.position for row in rows(second)] == list(range(PART + 1, PART + 32))
    # The parent lies in the first part.
    assert f'href="?message={first.pk}#m{first.pk}">replying to <bdi>alice</bdi>' in second.content.decode()


@pytest.mark.parametrize(("asked", "given"), [("0", 1), ("-3", 1), ("99", 2), ("two", 1), ("٣", 1), ("9" * 40, 1)])
def test_a_part_beyond_either_end_gives_the_nearest(
    reviewing: Client, alice: Any, bob: Any, asked: str, given: int
) -> None:
    first = long_thread(alice, bob, PART + 5)
    shown = rows(reviewing.get(address(first, f"?part={asked}")))
    assert shown[0].position == (given - 1) * PART + 1


def test_a_number_jumps_to_its_message(reviewing: Client, alice: Any, bob: Any) -> None:
    first = long_thread(alice, bob, PART + 5)
    response = reviewing.get(address(first, f"?position={PART + 3}"), follow=True)
    wanted = next(row.message for row in rows(response) if row.position == PART + 3)
    assert response.redirect_chain == [(address(first, f"?message={wanted.pk}#m{wanted.pk}"), 302)]
    assert 'aria-current="true"' in response.content.decode()


@pytest.mark.parametrize("number", ["0", "8", "x", "-1", "1.5", "9" * 30])
def test_jumping_to_a_number_that_is_not_there_says_which_are(
    reviewing: Client, alice: Any, bob: Any, number: str
) -> None:
    first = long_thread(alice, bob, 6)
    response = reviewing.get(address(first, f"?position={number}"), follow=True)
    assert f"There is no message {number}: this thread has messages 1 to 7." in response.content.decode()


@pytest.mark.parametrize("replies", [3, PART * 2])
def test_the_page_costs_fifteen_queries_at_any_length(
    reviewing: Client, alice: Any, bob: Any, replies: int, django_assert_num_queries: Any
) -> None:
    first = long_thread(alice, bob, replies)
    Message.objects.filter(conversation=first.conversation).update(content="edited")
    reviewing.get(address(first))  # the theme is read once per process
    with django_assert_num_queries(15):
        reviewing.get(address(first))


def test_a_chain_of_five_thousand_replies_can_be_read_to_its_end(reviewing: Client, alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    chain = [
        Message(pk=first.pk + number, conversation=first.conversation, sender=alice, receiver=bob, content="on",
                timestamp=START.replace(hour=12), parent_message_id=first.pk + number - 1)
        for number in range(1, 5_000)
    ]  # fmt: skip
    Message.objects.bulk_create(chain)
    response = reviewing.get(address(first, "?part=25"))
    assert [row.position for row in rows(response)] == list(range(4_801, 5_001))


@pytest.mark.parametrize("key", ["0", "999", "abc", "1e3", "9" * 30])
def test_a_conversation_that_does_not_exist_leads_away_with_a_sentence(reviewing: Client, key: str) -> None:
    response = reviewing.get(f"/console/messaging/conversation/{key}/change/", follow=True)
    assert response.status_code == 200
    assert "doesn’t exist" in response.content.decode()


def test_nothing_can_be_changed_here(client: Client, rosa: Any, alice: Any, bob: Any) -> None:
    """This holds even for a superuser."""
    message = write(alice, bob)
    client.force_login(rosa)
    assert client.post(address(message), {"started_at_0": "2020-01-01"}).status_code == 403
    key = message.conversation_id
    assert client.post(reverse("admin:messaging_conversation_delete", args=[key]), {"post": "yes"}).status_code == 403
    assert client.get(reverse("admin:messaging_conversation_add")).status_code == 403
