"""Lists of a person's messages hold the same rows whichever query finds them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from messaging import managers
from messaging.models import Conversation, Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write

pytestmark = pytest.mark.django_db


def frequent_from(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FREQUENT", "FREQUENT_IN_CONVERSATIONS"):
        monkeypatch.setattr(managers, name, number)


@pytest.fixture
def stored(alice: Any, bob: Any, charlie: Any) -> None:
    """Store conversations with and without Alice, in some of which others write as well."""
    first = write(alice, bob, minute=1)
    answer(answer(first, minute=2), sender=bob, receiver=charlie, minute=3)
    write(bob, charlie, "about alice", minute=4)
    write(charlie, bob, external_id="alice", minute=5)
    write(charlie, alice, minute=6)
    write(charlie, make_user("alice.b"), minute=7)
    write(bob, charlie, "about nobody", minute=8)


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("model", [Message, Conversation])
def test_the_list_of_a_person_is_the_same_whether_they_wrote_much_or_little(
    model: Any, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = set(model.objects.listed_of(alice))
    assert few == set(model.objects.of(alice))
    frequent_from(0, monkeypatch)
    assert set(model.objects.listed_of(alice.pk)) == few == set(model.objects.listed_of(str(alice.pk)))


def conditions(alice: Any, bob: Any) -> list[Q]:
    """Return conditions of searches on the people of a message: one person, either side, two, some, and others."""
    by_alice, with_alice = Q(sender=alice.pk), Q(sender=alice.pk) | Q(receiver=alice.pk)
    with_bob = Q(sender=bob.pk) | Q(receiver=bob.pk)
    between = Q(sender=alice.pk, receiver=bob.pk) | Q(sender=bob.pk, receiver=alice.pk)
    return [
        *(by_alice, with_alice, with_alice | with_bob, with_alice & with_bob, by_alice & Q(receiver=bob.pk), between),
        *(~by_alice, ~with_alice, with_alice & ~by_alice, with_alice & Q(read=False), with_alice | Q(read=False), Q()),
    ]


@pytest.mark.usefixtures("stored")
def test_a_search_for_people_finds_the_same_whether_they_wrote_much_or_little(
    alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    Message.objects.filter(sender=bob).update(read=True)
    frequent_from(0, monkeypatch)
    every = list(Conversation.objects.values_list("pk", flat=True))
    for condition in conditions(alice, bob):
        messages = set(Message.objects.filter(condition))
        assert set(Message.objects.listed_with(condition)) == messages, condition
        found = {message.conversation for message in messages}
        assert set(Conversation.objects.with_message(condition)) == found, condition
        assert set(Conversation.objects.listed_with_message(condition)) == found, condition
        assert set(Message.objects.first_in(every, condition)) == {one.pk for one in found}, condition


def looks_row_by_row(rows: Any) -> bool:
    with CaptureQueriesContext(connection) as asked:
        list(rows)
    return "CASE WHEN" in asked[-1]["sql"]


@pytest.mark.usefixtures("stored")
def test_only_frequent_people_are_looked_for_row_by_row(alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with_alice = Q(sender=alice.pk) | Q(receiver=alice.pk)
    for number, expected in ((0, True), (100, False)):
        frequent_from(number, monkeypatch)
        assert looks_row_by_row(Message.objects.listed_with(with_alice)) is expected
        assert looks_row_by_row(Message.objects.listed_with(with_alice & Q(read=False))) is expected
        assert looks_row_by_row(Conversation.objects.listed_with_message(with_alice)) is expected
        # One side's messages have an index in the order of the list; a pair may be rare however much both have written.
        assert not looks_row_by_row(Message.objects.listed_with(Q(sender=alice.pk)))
        pair = Q(sender=alice.pk, receiver=bob.pk)
        assert not looks_row_by_row(Conversation.objects.listed_with_message(pair))


@pytest.mark.usefixtures("stored")
def test_a_common_condition_is_checked_in_the_order_of_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the start of the list has enough matches for a page, rows are checked in its order instead; both find the
    same. PostgreSQL chooses by itself."""
    listed = Conversation.objects.order_by("-last_message_at", "id")
    for condition in (~Q(content__regex="[0-9]"), Q(content__regex="about")):
        found = list(listed.with_message(condition))
        for page, looked_through in ((len(found), 1_000), (len(found) + 1, 1_000), (len(found), 1)):
            monkeypatch.setattr(managers, "PAGE", page)
            monkeypatch.setattr(managers, "LOOKED_THROUGH", looked_through)
            rows = listed.listed_with_message(condition)
            is_soon = page == len(found) and looked_through > 1
            assert looks_row_by_row(rows) is (is_soon and connection.vendor == "sqlite")
            assert list(rows) == found
