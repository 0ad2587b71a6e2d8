"""Lists have named orders; each page costs the same in any of them, and a cursor of one order is invalid in another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from messaging.models import Conversation
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from messaging.tests.examples import examples
from ops.console.declared_lists import UNKNOWN_FILTER
from ops.console.keyset import UNKNOWN_CURSOR, KeysetAdmin
from ops.exports.selections import read_list
from ops.exports.tests.exporting import make_exporter

LIST = reverse("admin:messaging_conversation_changelist")
MESSAGES = reverse("admin:messaging_message_changelist")
LISTS = [model_admin for model_admin in admin.site._registry.values() if isinstance(model_admin, KeysetAdmin)]
ORDERED = [model_admin for model_admin in admin.site._registry.values() if getattr(model_admin, "orders", ())]


def shown(client: Client, address: str) -> list[int]:
    return [row.pk for row in client.get(address).context["cl"].result_list]


def test_conversations_have_three_orders_and_messages_two(reviewing: Client, alice: Any, bob: Any) -> None:
    long = write(alice, bob, minute=1)
    answer(long, minute=2)
    first, last = long.conversation_id, write(alice, bob, minute=3).conversation_id
    assert shown(reviewing, LIST) == shown(reviewing, f"{LIST}?o=latest") == [last, first]
    assert shown(reviewing, f"{LIST}?o=oldest") == [first, last]
    assert shown(reviewing, f"{LIST}?o=longest") == [first, last]
    assert shown(reviewing, f"{MESSAGES}?o=oldest") == shown(reviewing, MESSAGES)[::-1]


def test_the_page_offers_orders_and_keeps_search_and_filters(reviewing: Client, alice: Any, bob: Any) -> None:
    write(alice, bob)
    page = reviewing.get(f"{LIST}?unread=yes&o=oldest").content.decode()
    assert '<a href="?unread=yes">Latest first</a>' in page
    assert '<a href="?o=oldest&amp;unread=yes" aria-current="true">Oldest first</a>' in page
    assert '<a href="?o=longest&amp;unread=yes">Most messages</a>' in page
    assert '<input type="hidden" name="o" value="oldest">' in page
    assert '<a href="?o=oldest">Clear filters</a>' in page


def test_an_unknown_order_gives_the_whole_list_and_says_so(reviewing: Client, alice: Any, bob: Any) -> None:
    write(alice, bob)
    for at in (LIST, MESSAGES, reverse("admin:messaging_messagehistory_changelist")):
        assert str(UNKNOWN_FILTER) in reviewing.get(f"{at}?o=1.-2", follow=True).content.decode()


def test_a_cursor_of_one_order_is_unknown_in_another(
    reviewing: Client, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.admin.conversations.ConversationAdmin.list_per_page", 1)
    for minute in range(3):
        write(alice, bob, minute=minute)
    places = {order: reviewing.get(f"{LIST}?o={order}").context["cl"].pages["next"] for order in ("latest", "oldest")}
    for order, place in places.items():
        after = place.partition("after=")[2].partition("&")[0]
        for other in {"latest", "oldest", "longest"} - {order}:
            assert str(UNKNOWN_CURSOR) in reviewing.get(f"{LIST}?o={other}&after={after}").content.decode()
        assert str(UNKNOWN_CURSOR) not in reviewing.get(f"{LIST}{place}").content.decode()


def test_the_neighbours_of_a_conversation_are_those_of_its_list(reviewing: Client, alice: Any, bob: Any) -> None:
    first, second = (write(alice, bob, minute=minute).conversation_id for minute in range(2))
    at = reverse("admin:messaging_conversation_change", args=[first])
    response = reviewing.get(f"{at}?go=next&_changelist_filters=o%3Doldest")
    assert response["Location"].startswith(reverse("admin:messaging_conversation_change", args=[second]))


def test_an_export_of_an_ordered_list_holds_the_same_rows(alice: Any, bob: Any) -> None:
    write(alice, bob)
    found = read_list("conversations", "o=longest&unread=yes", by=make_exporter("dora"), as_of=timezone.now())
    assert found.rows.count() == 1


@pytest.mark.parametrize("model_admin", ORDERED, ids=lambda one: one.opts.label_lower)
def test_an_index_serves_each_order(model_admin: KeysetAdmin, db: Any) -> None:
    """The rows of each order are read from an index, without sorting."""
    rows: Any = model_admin.model._default_manager
    for order in model_admin.orders:
        fields = [name.lstrip("-") for name in order.keyset]
        ordering = [f"-{name}" if order.keyset[0].startswith("-") else name for name in fields]
        if connection.vendor == "sqlite":
            plan = rows.order_by(*ordering).values("pk")[:51].explain()
            assert "USE TEMP B-TREE" not in plan, (order, plan)
        indexed = [list(index.fields) for index in model_admin.model._meta.indexes if index.condition is None]
        assert fields in indexed, order


class EveryRowOnce(TestCase):
    """The pages ordered by length, forwards or backwards, hold each conversation once and in order."""

    @settings(max_examples=examples(10), deadline=None)
    @given(counts=st.lists(st.integers(0, 3), max_size=15), size=st.integers(1, 7))
    def test_walking_the_pages(self, counts: list[int], size: int) -> None:
        start = timezone.now()
        for place, count in enumerate(counts):
            Conversation.objects.create(message_count=count, last_message_at=start + timedelta(minutes=place % 4))
        expected = list(Conversation.objects.order_by("-message_count", "-id").values_list("pk", flat=True))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ops.admin.conversations.ConversationAdmin.list_per_page", size)
            self.client.force_login(make_user("rosa", is_staff=True, is_superuser=True))
            assert self.walk(f"{LIST}?o=longest", "next") == expected
            assert self.walk(f"{LIST}?o=longest&page=last", "previous") == expected

    def walk(self, address: str, step: str) -> list[int]:
        found: list[int] = []
        while True:
            changes = self.client.get(address).context["cl"]
            page = [row.pk for row in changes.result_list]
            found = [*found, *page] if step == "next" else [*page, *found]
            if changes.pages[step] is None:
                return found
            address = f"{LIST}{changes.pages[step]}"


@pytest.mark.parametrize("model_admin", LISTS, ids=lambda one: one.opts.label_lower)
def test_each_list_has_its_own_translatable_row_count(model_admin: KeysetAdmin) -> None:
    """Other languages have more than two plural forms, so the names of the model do not suffice."""
    names = model_admin.opts
    assert model_admin.how_many % {"n": 1, "number": "1"} == f"1 {names.verbose_name}"
    assert model_admin.how_many % {"n": 2, "number": "2"} == f"2 {names.verbose_name_plural}"
    assert model_admin.more_than % {"number": "1,000"} == f"More than 1,000 {names.verbose_name_plural}"
