"""The page between two people: everything they wrote to each other, by conversation and by message."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messaging.tests.conversations import answer, write
from ops.accounts.person import newest
from ops.audit.models import Entry
from ops.audit.readings import ids_of
from ops.conftest import make_staff


def between(one: Any, other: Any, query: str = "") -> str:
    return reverse("admin:accounts_user_between", args=[one.pk, other.pk]) + query


def test_the_page_lists_only_messages_between_both_people(
    reviewing: Client, alice: Any, bob: Any, charlie: Any
) -> None:
    first = write(alice, bob, minute=0)
    second = answer(first, minute=1)
    answer(second, minute=2, sender=charlie, receiver=alice)
    answer(second, minute=3, sender=alice, receiver=charlie)
    third = write(bob, alice, minute=4)
    for address in (between(alice, bob), between(bob, alice)):
        context = reviewing.get(address).context
        assert [row.pk for row in context["rows"]] == [third.pk, second.pk, first.pk]
        found = [(both.conversation.pk, both.messages, both.latest.key) for both in context["conversations"]]
        assert found == [(third.conversation_id, 1, third.pk), (first.conversation_id, 2, second.pk)]
        assert (context["total"], context["leaves_out"]) == (3, False)


def test_opening_the_page_records_a_reading_of_both_people(reviewing: Client, alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    reviewing.get(between(alice, bob))
    for person in (alice, bob):
        (entry,) = Entry.objects.about("accounts.user", person.pk).filter(event="person.read")
        assert set(ids_of(entry.details["messages"])) == {message.pk}


def test_conversations_are_shown_without_texts_to_readers_without_permission(
    client: Client, alice: Any, bob: Any
) -> None:
    write(alice, bob, "a secret")
    client.force_login(make_staff("cora", "view_conversation"))
    response = client.get(between(alice, bob))
    assert len(response.context["conversations"]) == 1
    assert "a secret" not in response.content.decode()


def test_the_page_is_empty_without_messages_and_missing_for_one_person_twice(
    reviewing: Client, alice: Any, bob: Any, charlie: Any
) -> None:
    write(alice, charlie)
    write(charlie, bob)
    assert "They sent each other no messages." in reviewing.get(between(alice, bob)).content.decode()
    assert reviewing.get(between(alice, alice)).status_code == 404


def test_the_person_with_fewer_messages_is_searched(
    reviewing: Client, alice: Any, bob: Any, charlie: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thus nothing is left out if only one of them wrote a lot."""
    monkeypatch.setattr(newest, "NEWEST", 3)
    old = write(alice, bob, minute=0)
    for minute in range(1, 6):
        write(alice, charlie, minute=minute)
    context = reviewing.get(between(alice, bob)).context
    assert ([row.pk for row in context["rows"]], context["leaves_out"]) == ([old.pk], False)
    for minute in range(6, 12):
        write(charlie, bob, minute=minute)
    response = reviewing.get(between(alice, bob))
    assert (response.context["total"], response.context["leaves_out"]) == (0, True)
    assert "Looks at only the newest 3 messages sent and 3 received." in response.content.decode()


def test_the_number_of_queries_does_not_grow_with_the_messages(
    reviewing: Client, alice: Any, bob: Any, django_assert_num_queries: Any
) -> None:
    def more(number: int) -> None:
        for minute in range(number, number + 10):
            answer(write(alice, bob, minute=minute), minute=minute)
        reviewing.get(between(alice, bob))

    more(0)
    with django_assert_num_queries(11):
        reviewing.get(between(alice, bob))
    more(10)
    with django_assert_num_queries(11):
        reviewing.get(between(alice, bob))


def test_a_conversation_of_two_people_links_to_the_page(reviewing: Client, alice: Any, bob: Any, charlie: Any) -> None:
    first = write(alice, bob)
    page = reverse("admin:messaging_conversation_change", args=[first.conversation_id])
    assert f'href="{between(alice, bob)}"' in reviewing.get(page).content.decode()
    answer(first, sender=charlie, receiver=bob)
    assert "between/" not in reviewing.get(page).content.decode()
