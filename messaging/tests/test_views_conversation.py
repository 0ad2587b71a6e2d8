"""The page of a conversation shows only messages that its reader sent or received, in reading order."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from messaging.editors import editing_as
from messaging.models import Message
from messaging.participants import pages
from messaging.tests.cast import ABOUT_STANDING, make_user
from messaging.tests.conversations import answer, write

QUERIES = (
    9 + ABOUT_STANDING
)  # session, user, order, messages, numbers of their edits, these edits; two about blocks; draft


def page_of(client: Any, message: Message, **query: Any) -> str:
    response = client.get(reverse("messaging:conversation", args=[message.conversation_id]), query)
    assert response.status_code == 200
    return response.content.decode()


def shown(html: str) -> list[int]:
    """Return the ids of the messages on a page, in order."""
    return [int(pk) for pk in re.findall(r'<li id="m(\d+)"', html)]


def test_both_people_in_a_conversation_can_open_it(client: Any, alice: Any, bob: Any) -> None:
    first = write(alice, bob, "Is the shed open?")
    second = answer(first, "It is")
    for reader in (alice, bob):
        client.force_login(reader)
        assert shown(page_of(client, first)) == [first.pk, second.pk]


def test_other_people_cannot_open_a_conversation(client: Any, alice: Any, bob: Any, charlie: Any) -> None:
    message = write(alice, bob)
    charlie.is_staff = charlie.is_superuser = True  # not even staff: they have the console
    charlie.save()
    client.force_login(charlie)
    assert client.get(reverse("messaging:conversation", args=[message.conversation_id])).status_code == 404


@pytest.mark.parametrize("pk", [0, 999_999, 10**18 - 1, 10**18, 10**40])
def test_a_conversation_that_does_not_exist_is_not_found(client: Any, alice: Any, pk: int) -> None:
    client.force_login(alice)
    for name in ("conversation", "mark_read", "reply", "edit", "history"):
        address = reverse(f"messaging:{name}", args=[0]).replace("/0/", f"/{pk}/")
        assert client.post(address).status_code in (404, 405)
        assert client.get(address).status_code in (404, 405)


def test_messages_between_other_people_are_not_shown(client: Any, alice: Any, bob: Any, charlie: Any) -> None:
    """An imported thread has more than two people; Alice may reply to a message that she must not see."""
    first = write(charlie, bob, "between Charlie and Bob")
    hers = answer(first, "from Alice", sender=alice, receiver=bob)
    also_hers = answer(hers, "to Alice", minute=2)
    answer(also_hers, "from Charlie to Bob", minute=3, sender=charlie, receiver=bob)
    client.force_login(alice)
    html = page_of(client, first)
    assert shown(html) == [hers.pk, also_hers.pk]
    assert "between Charlie" not in html and "charlie" not in html


def test_replies_follow_what_they_answer(client: Any, alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    late = answer(first, minute=9)
    early = answer(first, minute=1)
    deeper = answer(early, minute=20)
    client.force_login(alice)
    html = page_of(client, first)
    assert shown(html) == [first.pk, early.pk, deeper.pk, late.pk]
    assert re.findall(r"depth-(\d)", html) == ["0", "0", "0", "1"]
    assert re.findall(r'<a href="#m(\d+)">reply to <bdi>(\w+)</bdi></a>', html) == [(str(first.pk), "alice")]


def test_an_exchange_without_branches_is_not_indented(client: Any, alice: Any, bob: Any) -> None:
    message = first = write(alice, bob)
    for minute in range(1, 10):
        message = answer(message, minute=minute)
    client.force_login(alice)
    html = page_of(client, first)
    assert re.findall(r"depth-(\d)", html) == ["0"] * 10
    assert "reply to <bdi>" not in html


def test_deep_branches_are_not_indented_further(client: Any, alice: Any, bob: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(pages, "MAX_LEVEL", 0)
    first = write(alice, bob)
    answer(answer(first, minute=1), minute=2)
    answer(first, minute=9)
    client.force_login(alice)
    assert re.findall(r"depth-(\d)", page_of(client, first)) == ["0"] * 4


def test_consecutive_messages_of_one_author_share_a_header(client: Any, alice: Any, bob: Any) -> None:
    first = write(alice, bob, read=True)
    reply = answer(first, minute=1, read=True)
    more = answer(first, minute=2, sender=bob, receiver=alice, read=True)
    client.force_login(alice)
    html = page_of(client, first)
    found = re.findall(r'<li id="m(\d+)" class="message depth-0([^"]*)"', html)
    assert found == [(str(first.pk), " is-own begins"), (str(reply.pk), " begins"), (str(more.pk), "")]
    assert html.count('<span class="avatar') == 1
    assert html.count('<span class="visually-hidden"><strong><bdi>bob</bdi></strong>') == 1


def test_days_are_separated_and_times_are_of_the_clock(client: Any, settings: Any, alice: Any, bob: Any) -> None:
    settings.TIME_ZONE = "UTC"
    first = write(alice, bob, timestamp=datetime(2007, 9, 7, 6, 58, 5, tzinfo=UTC), read=True)
    answer(first, timestamp=datetime(2007, 9, 7, 23, 30, tzinfo=UTC), read=True)
    answer(first, timestamp=datetime(2007, 9, 8, 0, 10, tzinfo=UTC), read=True)
    client.force_login(alice)
    html = page_of(client, first)
    assert re.findall(r'<li class="day"><h2>(.*?)</h2></li>', html) == [
        "Friday, 7 September 2007", "Saturday, 8 September 2007"]  # fmt: skip
    assert re.findall(r">(\d\d:\d\d)</time>", html) == ["06:58", "23:30", "00:10"]
    assert 'title="7 September 2007, 06:58:05 UTC"' in html


def test_days_and_times_are_those_of_the_reader(client: Any, settings: Any, alice: Any, bob: Any) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"
    message = write(alice, bob, timestamp=datetime(2007, 9, 7, 23, 30, tzinfo=UTC))
    client.force_login(alice)
    html = page_of(client, message)
    assert "<h2>Saturday, 8 September 2007</h2>" in html
    assert 'title="8 September 2007, 08:30:00 JST">08:30</time>' in html


def test_a_divider_stands_before_the_first_unread_message(client: Any, alice: Any, bob: Any) -> None:
    first = write(alice, bob, read=True)
    later = [answer(first, minute=minute, read=minute == 1) for minute in (1, 2, 3)]
    client.force_login(alice)
    html = page_of(client, first)
    assert html.count('<li class="new">') == 1
    below = html.partition('<li class="new"><p>New</p></li>')[2]
    assert shown(below) == [message.pk for message in later[1:]]
    assert f'<li id="m{later[1].pk}" class="message depth-0 begins is-unread">' in below
    client.force_login(bob)
    assert '<li class="new">' not in page_of(client, first)


def test_opening_a_conversation_marks_nothing_as_read(client: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    client.force_login(bob)
    assert "Mark 1 message as read" in page_of(client, message)
    message.refresh_from_db()
    assert not message.read


def test_the_sender_cannot_mark_as_read(client: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    client.force_login(alice)
    assert "as read" not in page_of(client, message)


def test_only_own_messages_have_a_link_to_edit(client: Any, alice: Any, bob: Any) -> None:
    mine = write(alice, bob)
    other = answer(mine)
    client.force_login(alice)
    html = page_of(client, mine)
    assert reverse("messaging:edit", args=[mine.pk]) in html
    assert reverse("messaging:edit", args=[other.pk]) not in html


def test_texts_and_names_are_shown_as_text(client: Any, alice: Any) -> None:
    mallory = make_user("<i>mallory</i>")
    message = write(mallory, alice, "<script>alert(1)</script>{{ 7|add:1 }}")
    message.content = "<b>bold</b>"
    message.save()
    client.force_login(alice)
    html = page_of(client, message)
    assert "<script>" not in html and "<b>" not in html and "<i>" not in html
    assert "&lt;b&gt;bold&lt;/b&gt;" in html and "{{" in html


def test_a_conversation_with_oneself_can_be_read(client: Any, alice: Any) -> None:
    message = write(alice, alice, "a note to myself")
    client.force_login(alice)
    html = page_of(client, message)
    assert "Conversation with yourself" in html
    assert "You cannot send a message to yourself" in html


def test_the_page_says_when_the_other_person_can_no_longer_receive(client: Any, alice: Any, bob: Any) -> None:
    message = write(bob, alice)
    bob.is_active = False
    bob.save()
    client.force_login(alice)
    html = page_of(client, message)
    assert "bob cannot receive messages: the account is not active." in html
    assert "<textarea" not in html


def test_long_conversations_come_in_parts(client: Any, alice: Any, bob: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(pages, "PART_SIZE", 3)
    chain = [write(alice, bob, read=True)]
    for minute in range(1, 5):
        chain.append(answer(chain[-1], minute=minute, read=minute != 4))
    ids = [message.pk for message in chain]
    client.force_login(alice if chain[-1].receiver == alice else bob)
    first, second = page_of(client, chain[0]), page_of(client, chain[0], part=2)
    assert shown(first) == ids[:3]
    assert shown(second) == ids[3:]
    assert "Later part →" in first and "← Earlier part" in second
    assert f'<a href="?part=2#m{ids[4]}">Go to the first unread message</a>' in first
    assert f'<a href="?part=1#m{ids[2]}">reply to <bdi>' in second
    assert f'<a href="?part=2#m{ids[4]}">latest message</a>' in first


@pytest.mark.parametrize("number", ["nonsense", "-1", "0", "999", "9" * 40])
def test_a_part_that_does_not_exist_shows_another_one(client: Any, alice: Any, bob: Any, number: str) -> None:
    message = write(bob, alice)
    client.force_login(alice)
    assert shown(page_of(client, message, part=number)) == [message.pk]


def test_the_number_of_queries_does_not_grow(
    settings: Any, client: Any, alice: Any, bob: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """It grows neither with the messages nor with their edits."""
    settings.MESSAGING_REPORTING = ""  # the app that keeps reports adds its own queries
    client.force_login(alice)
    message = write(alice, bob)
    for minute in range(1, 31):
        message = answer(message, minute=minute)
        if minute % 10 == 1:
            with editing_as(alice):
                Message.objects.filter(pk=message.pk).update(content=f"changed {minute}")
            with django_assert_num_queries(QUERIES):
                page_of(client, message)


def test_a_chain_of_five_thousand_replies_can_be_read(client: Any, alice: Any, bob: Any) -> None:
    first = write(alice, bob, read=True)
    ids = range(first.pk + 1, first.pk + 5_000)
    Message.objects.bulk_create(
        Message(
            pk=pk, sender=bob, receiver=alice, content="deep", parent_message_id=pk - 1,
            conversation_id=first.conversation_id, timestamp=first.timestamp, read=True,
        )
        for pk in ids
    )  # fmt: skip
    client.force_login(alice)
    assert shown(page_of(client, first, part=25)) == list(ids)[-200:]
