"""The list of conversations: its rows, its filters, and a number of queries that is the same for every page."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from messaging.models import Conversation, Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from messaging.tests.examples import examples
from ops.audit.models import Entry
from ops.audit.readings import ids_of
from ops.console.declared_lists import UNKNOWN_FILTER
from ops.console.keyset import MAX_COUNTED, KeysetChangeList

LIST = reverse("admin:messaging_conversation_changelist")


def shown(client: Client, address: str = LIST) -> list[int]:
    """Return the ids of the conversations on a page of the list, in order."""
    return [row.pk for row in client.get(address).context["cl"].result_list]


def test_a_row_shows_people_first_words_counts_and_chips(reviewing: Client, alice: Any, bob: Any, charlie: Any) -> None:
    first = write(alice, bob, "Is the bicycle still there?")
    second = answer(first, "It is.")
    answer(second, "I want it too", sender=charlie)
    second.content = "It is!"
    second.save()
    Message.objects.filter(pk=first.pk).mark_read()

    page = reviewing.get(LIST).content.decode()

    assert "<bdi>alice</bdi>" in page
    assert "<bdi>bob</bdi>" in page
    assert "<bdi>charlie</bdi>" in page
    assert "Latest" in page and "I want it too" in page
    assert "Is the bicycle still there?" in page
    assert "2<span" in page  # two unread
    assert "1<span" in page  # one edited


def test_many_participants_are_folded_and_all_of_them_named(reviewing: Client, alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    for name in ("charlie", "dora", "Emil10", "emil9"):
        answer(first, sender=make_user(name), receiver=alice)
    page = reviewing.get(LIST).content.decode()
    assert "and 4 others" in page
    everybody = page[page.index("<summary>All participants</summary>") :].partition("</details>")[0]
    assert re.findall("<bdi>(.*?)</bdi>", everybody) == ["alice", "bob", "charlie", "dora", "emil9", "Emil10"]


def test_the_latest_words_stand_beside_the_first_and_both_are_recorded(reviewing: Client, alice: Any, bob: Any) -> None:
    first = write(alice, bob, "Is it there?")
    between, last = answer(first, "Perhaps", minute=1), answer(first, "It is.", minute=2)
    page = reviewing.get(LIST).content.decode()
    assert "Is it there?" in page and "It is." in page and "Perhaps" not in page
    (entry,) = Entry.objects.filter(event="list.read")
    assert set(ids_of(entry.details["messages"])) == {first.pk, last.pk} != {between.pk}


def test_a_text_is_shown_as_it_is_and_never_as_html(reviewing: Client, alice: Any, bob: Any) -> None:
    write(alice, bob, "<script>alert(1)</script>")
    page = reviewing.get(LIST).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


def test_an_empty_list_says_what_to_do_next(reviewing: Client) -> None:
    assert "import_messages" in reviewing.get(LIST).content.decode()


@pytest.mark.parametrize("value", ["yes", "no"])
def test_the_unread_filter_agrees_with_the_unread_manager(reviewing: Client, alice: Any, bob: Any, value: str) -> None:
    unread = write(alice, bob).conversation_id
    read = write(alice, bob, read=True).conversation_id
    assert list(Message.unread.values_list("conversation_id", flat=True)) == [unread]
    assert shown(reviewing, f"{LIST}?unread={value}") == [unread if value == "yes" else read]


def test_edited_conversations_are_those_with_an_edited_message(reviewing: Client, alice: Any, bob: Any) -> None:
    untouched, edited = write(alice, bob), write(alice, bob)
    Message.objects.filter(pk=edited.pk).update(content="other words")
    assert shown(reviewing, f"{LIST}?edited=yes") == [edited.conversation_id]
    assert shown(reviewing, f"{LIST}?edited=no") == [untouched.conversation_id]


def test_length_narrows_to_how_many_messages_there_are(reviewing: Client, alice: Any, bob: Any) -> None:
    single, pair = write(alice, bob), write(alice, bob)
    answer(pair)
    assert shown(reviewing, f"{LIST}?length=1") == [single.conversation_id]
    assert shown(reviewing, f"{LIST}?length=2-9") == [pair.conversation_id]
    assert shown(reviewing, f"{LIST}?length=50-") == []


def test_last_activity_today_begins_at_midnight(reviewing: Client, alice: Any, bob: Any) -> None:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    today = write(alice, bob, timestamp=midnight).conversation_id
    write(alice, bob, timestamp=midnight - timedelta(seconds=1))
    assert shown(reviewing, f"{LIST}?since=today") == [today]


def test_one_person_narrows_to_what_they_sent_or_received(
    reviewing: Client, alice: Any, bob: Any, charlie: Any
) -> None:
    sent, received = write(alice, bob), write(bob, alice)
    write(bob, charlie)
    assert set(shown(reviewing, f"{LIST}?participant={alice.pk}")) == {sent.conversation_id, received.conversation_id}
    assert "Participant: <bdi>alice</bdi>" in reviewing.get(f"{LIST}?participant={alice.pk}").content.decode()


@pytest.mark.parametrize("words", ["lighthouse", "LightHouse me", '"the lighthouse"', "light*", "from:charlie"])
def test_a_search_finds_texts_of_any_age(reviewing: Client, alice: Any, bob: Any, charlie: Any, words: str) -> None:
    wanted = write(charlie, bob, "meet me at the lighthouse", minute=-10_000_000)
    write(alice, bob, "nothing of the kind: slight house")
    assert shown(reviewing, f"{LIST}?{urlencode({'q': words})}") == [wanted.conversation_id]


def test_a_name_or_an_id_is_offered_as_a_filter(reviewing: Client, bob: Any, charlie: Any) -> None:
    write(charlie, bob, "nothing of the kind", external_id="old 77")
    assert 'href="?q=with%3Acharlie"' in reviewing.get(f"{LIST}?q=Charlie").content.decode()
    assert 'href="?q=id%3A%22old%2077%22"' in reviewing.get(LIST, {"q": '"old 77"'}).content.decode()
    for words in ("charlie x", "-charlie", "charl", "from:charlie"):
        assert 'class="instead"' not in reviewing.get(LIST, {"q": words}).content.decode()


def test_filters_that_are_on_are_named_and_cleared_in_one_click(reviewing: Client, alice: Any, bob: Any) -> None:
    write(alice, bob)
    page = reviewing.get(f"{LIST}?unread=yes&length=1&q=alice").content.decode()
    assert "Read status: <bdi>Unread</bdi>" in page
    assert "Length: <bdi>1 message</bdi>" in page
    assert 'href="?length=1&amp;q=alice"' in page  # without the unread filter alone
    assert '<a href="?">Clear filters</a>' in page


def test_a_search_without_result_offers_everything(reviewing: Client, alice: Any, bob: Any) -> None:
    write(alice, bob)
    page = reviewing.get(f"{LIST}?q=unheard-of").content.decode()
    assert "No match for “<bdi>unheard-of</bdi>”" in page
    assert '<a class="button" href="?">Clear filters</a>' in page


@pytest.mark.parametrize(
    "place", ["after=nonsense", "before=~", "after=2026-01-01~7", "after=2026-01-01T00:00:00+00:00~x", "before=~~~"]
)
def test_an_invalid_cursor_gives_the_first_page_and_says_so(
    reviewing: Client, alice: Any, bob: Any, place: str
) -> None:
    conversation = write(alice, bob).conversation_id
    response = reviewing.get(f"{LIST}?{place}")
    assert [row.pk for row in response.context["cl"].result_list] == [conversation]
    assert "That place in the list is no longer known" in response.content.decode()


@pytest.mark.parametrize(
    "query", ["unread=maybe", "length=many", "since=ever", "participant=alice", "participant=" + "9" * 40]
)
def test_a_filter_value_that_makes_no_sense_gives_the_whole_list_and_says_so(
    reviewing: Client, alice: Any, bob: Any, query: str
) -> None:
    conversation = write(alice, bob).conversation_id
    page = reviewing.get(f"{LIST}?{query}", follow=True)
    assert [row.pk for row in page.context["cl"].result_list] == [conversation]
    assert str(UNKNOWN_FILTER) in page.content.decode()


def test_a_search_for_what_cannot_be_stored_gives_the_whole_list(reviewing: Client, alice: Any, bob: Any) -> None:
    conversation = write(alice, bob).conversation_id
    assert shown(reviewing, f"{LIST}?q=%00") == [conversation]


def test_an_unknown_filter_gives_the_whole_list_and_says_so(reviewing: Client, alice: Any, bob: Any) -> None:
    write(alice, bob)
    response = reviewing.get(f"{LIST}?colour=red", follow=True)
    assert "1 conversation" in response.content.decode()
    assert "not understood" in response.content.decode()


def test_the_number_is_counted_up_to_a_limit(reviewing: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    Conversation.objects.bulk_create(Conversation() for _ in range(MAX_COUNTED + 1))
    assert "<strong>1,001 conversations</strong>" in reviewing.get(LIST).content.decode()
    assert "<strong>More than 1,000 conversations</strong>" in reviewing.get(f"{LIST}?unread=no").content.decode()
    monkeypatch.setattr("ops.console.keyset.MAX_COUNTED_WHOLE", 1_000)
    assert "<strong>More than 1,000 conversations</strong>" in reviewing.get(LIST).content.decode()


def test_a_page_costs_the_same_queries_however_many_rows(
    reviewing: Client, alice: Any, bob: Any, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    reviewing.get(LIST)  # the theme is read once per process
    for number in range(5):
        answer(write(alice, bob, minute=number))
    reviewing.get(LIST)  # records what is shown
    with django_assert_max_num_queries(11) as queries:
        reviewing.get(LIST)
    few = len(queries)
    for number in range(60):
        answer(write(make_user(f"person {number}"), bob, minute=number))
    reviewing.get(LIST)
    with django_assert_num_queries(few):
        page = reviewing.get(LIST)
    assert len(page.context["cl"].result_list) == 50
    # Another filter adds an entry: a second look-up in a transaction (locked where needed), roles, entry, its messages.
    with django_assert_num_queries(few + (7 if connection.vendor == "postgresql" else 6)):
        reviewing.get(f"{LIST}?unread=yes")


class EveryRowOnce(TestCase):
    """The pages, forwards or backwards, hold each conversation once and in order."""

    @settings(max_examples=examples(25), deadline=None)
    @given(minutes=st.lists(st.integers(0, 5), min_size=0, max_size=23), size=st.integers(1, 7))
    def test_walking_the_pages(self, minutes: list[int], size: int) -> None:
        start = timezone.now()
        for minute in minutes:
            Conversation.objects.create(last_message_at=start + timedelta(minutes=minute))
        expected = list(Conversation.objects.order_by("-last_message_at", "-id").values_list("pk", flat=True))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ops.admin.conversations.ConversationAdmin.list_per_page", size)
            self.client.force_login(make_user("rosa", is_staff=True, is_superuser=True))
            assert self.walk("first", "next") == expected
            assert self.walk("last", "previous") == expected

    def walk(self, begin: str, step: str) -> list[int]:
        address = LIST if begin == "first" else f"{LIST}?page=last"
        found: list[int] = []
        while True:
            changes: KeysetChangeList = self.client.get(address).context["cl"]
            page = [row.pk for row in changes.result_list]
            found = [*found, *page] if step == "next" else [*page, *found]
            following = changes.pages[step]
            if following is None:
                return found
            address = f"{LIST}{following}"
