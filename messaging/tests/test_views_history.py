"""The sender and the receiver of a message, and nobody else, can see what its edits changed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from messaging import edits
from messaging.editors import editing_as
from messaging.models import Message
from messaging.tests.cast import ABOUT_STANDING
from messaging.tests.conversations import write


def change(message: Message, *texts: str, by: Any = None) -> None:
    with editing_as(by):
        for text in texts:
            message.content = text
            message.save()


def conversation_of(client: Any, message: Message) -> str:
    return client.get(reverse("messaging:conversation", args=[message.conversation_id])).content.decode()


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


def test_the_receiver_sees_that_a_message_was_edited_and_what_changed(client: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob, "See you on Friday, Bob")
    change(message, "See you on Saturday, Bob", by=alice)
    client.force_login(bob)
    html = conversation_of(client, message)
    details = words(html[html.index("<details") : html.index("</details>")])
    assert re.search(r"edited What changed Edited just now \(.*\) by alice", details)
    assert "See you on removed: Friday added: Saturday, Bob" in details
    assert re.search(r"<del>.*?Friday</del><ins>.*?Saturday</ins>", html)


def test_several_edits_are_counted_and_shown_oldest_first(client: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob, "one")
    change(message, "two", "three")
    client.force_login(bob)
    text = words(conversation_of(client, message))
    assert "edited 2×" in text
    assert text.index("removed: one added: two") < text.index("removed: two added: three")


def test_an_edit_by_somebody_else_is_shown_as_by_staff_without_a_name(
    client: Any, alice: Any, bob: Any, charlie: Any
) -> None:
    message = write(alice, bob, "one")
    change(message, "two", by=charlie)
    client.force_login(alice)
    text = words(conversation_of(client, message))
    assert "by staff" in text and "charlie" not in text


def test_a_message_edited_elsewhere_has_no_history_to_open(client: Any, alice: Any, bob: Any) -> None:
    """An imported message may be marked as edited without any history."""
    message = write(alice, bob, edited=True)
    client.force_login(bob)
    html = conversation_of(client, message)
    assert "edited" in words(html) and "<details" not in html
    html = client.get(reverse("messaging:history", args=[message.pk])).content.decode()
    assert "No earlier text of this message is kept." in html


@pytest.mark.parametrize("limit", ["EDITS_PER_PAGE", "INLINE_CHARACTERS"])
def test_edits_that_are_too_many_or_too_long_are_only_linked(
    client: Any, alice: Any, bob: Any, monkeypatch: Any, limit: str
) -> None:
    monkeypatch.setattr(edits, limit, 2)
    message = write(alice, bob, "one")
    change(message, "two", "three", "four", "five")
    client.force_login(bob)
    html = conversation_of(client, message)
    assert "edited 4×" in words(html) and "<details" not in html and "removed:" not in html
    assert reverse("messaging:history", args=[message.pk]) in html


def test_the_pages_of_edits_hold_all_of_them(client: Any, alice: Any, bob: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(edits, "EDITS_PER_PAGE", 2)
    message = write(alice, bob, "one")
    change(message, "two", "three", "four")
    client.force_login(bob)
    address = reverse("messaging:history", args=[message.pk])
    first, second = (words(client.get(address, {"page": page}).content.decode()) for page in (1, 2))
    assert "removed: one added: two" in first and "removed: two added: three" in first and "four" not in first
    assert "removed: three added: four" in second and "two" not in second


def test_texts_are_shown_as_text(client: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob, "<script>one</script>")
    change(message, "<script>two</script>")
    client.force_login(bob)
    for html in (
        conversation_of(client, message),
        client.get(reverse("messaging:history", args=[message.pk])).content.decode(),
    ):
        assert "<script>" not in html and "&lt;" in html


def test_other_people_cannot_read_a_history(client: Any, alice: Any, bob: Any, charlie: Any) -> None:
    message = write(alice, bob, "one")
    change(message, "two")
    client.force_login(charlie)
    assert client.get(reverse("messaging:history", args=[message.pk])).status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_edits(
    client: Any, alice: Any, bob: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(bob)
    message = write(alice, bob, "text 0")
    for many in (2, 6):
        change(message, *(f"text {many}.{number}" for number in range(many)), by=alice)
        # Session, user, message, number of its edits, one page of them, its place in the conversation.
        with django_assert_num_queries(6 + ABOUT_STANDING):
            client.get(reverse("messaging:history", args=[message.pk]))
