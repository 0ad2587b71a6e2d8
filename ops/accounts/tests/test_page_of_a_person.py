"""The page of a person: the same for all staff, with the tabs and details that the viewer's role allows."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messaging.tests.cast import make_user
from messaging.tests.conversations import START, answer, write
from ops.accounts.events import AccountEvent
from ops.accounts.person import newest
from ops.audit.models import Entry
from ops.audit.readings import ids_of
from ops.audit.recording import record
from ops.conftest import make_staff

TABS = {
    "view_conversation": "conversations", "view_message": "messages", "view_messagehistory": "edits",
    "view_user": "change", "view_entry": "log",
}  # fmt: skip


def tab(person: Any, name: str, query: str = "") -> str:
    return reverse(f"admin:accounts_user_{name}", args=[person.pk]) + query


def tabs(response: Any) -> list[str]:
    return [one.address.split("/")[-2] for one in response.context["page"].tabs]


def recorded(person: Any, name: str) -> set[int]:
    """Return the keys that readings of a person record under ``name``."""
    entries = Entry.objects.about("accounts.user", person.pk).filter(event="person.read")
    return {pk for details in entries.values_list("details", flat=True) for pk in ids_of(details.get(name, ()))}


# --- Tabs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("permission", TABS)
def test_a_reader_of_one_tab_is_redirected_to_it_and_sees_no_other(
    client: Client, alice: Any, bob: Any, permission: str
) -> None:
    write(alice, bob)
    record(AccountEvent.PERSON_READ, actor=None, target=alice)
    client.force_login(make_staff("nora", permission))
    response = client.get(f"/console/accounts/user/{alice.pk}/", follow=True)
    assert response.redirect_chain == [(tab(alice, TABS[permission]), 302)]
    assert tabs(response) == [TABS[permission]]
    assert response.context["title"] == "alice"


def test_a_superuser_sees_all_tabs_in_order(client: Client, rosa: Any, alice: Any) -> None:
    client.force_login(rosa)
    for name in TABS.values():
        response = client.get(tab(alice, name))
        assert tabs(response) == ["conversations", "messages", "edits", "change", "log", "notes"]
        assert [one.address for one in response.context["page"].tabs if one.here] == [tab(alice, name)]


@pytest.mark.parametrize("path", ["", "conversations/", "messages/", "edits/", "between/2/"])
def test_an_unknown_person_is_not_found(reviewing: Client, path: str) -> None:
    assert reviewing.get(f"/console/accounts/user/987654321/{path}").status_code == 404


# --- The head ----------------------------------------------------------------------------------------------------


def test_the_heading_shows_status_look_alikes_and_the_last_message(reviewing: Client, alice: Any, bob: Any) -> None:
    make_user("Alice")
    answer(write(alice, bob), minute=2, read=True)
    page = reviewing.get(tab(alice, "conversations"))
    chips = page.context["page"].about.chips
    assert [chip.words for chip in chips] == ["active", "reads like <bdi>Alice</bdi>"]
    text = page.content.decode()
    for phrase in ("1 sent", "1 received", "0 not read by them", START.strftime("%Y-%m-%d")):
        assert phrase in text
    dora = make_user("dora")
    write(alice, dora)
    assert "no messages sent" in reviewing.get(tab(dora, "conversations")).content.decode()


def test_the_heading_marks_closed_and_staff_accounts(reviewing: Client, alice: Any) -> None:
    for fields, words in (({"is_active": False}, ["not active"]), ({"is_staff": True}, ["active", "staff"])):
        person = make_user("-".join(words), **fields)
        write(person, alice)
        chips = reviewing.get(tab(person, "conversations")).context["page"].about.chips
        assert [chip.words for chip in chips] == words


def test_names_and_texts_are_escaped(reviewing: Client, alice: Any) -> None:
    evil = make_user("<script>alert(1)</script>")
    write(alice, evil, "<img src=x>")
    for address in (tab(evil, "conversations"), tab(evil, "messages"), tab(alice, "conversations")):
        page = reviewing.get(address).content.decode()
        assert "<script>alert(1)" not in page and "<img src=x>" not in page


# --- Conversations -----------------------------------------------------------------------------------------------


def test_conversations_are_grouped_by_the_person_on_the_other_side(
    reviewing: Client, alice: Any, bob: Any, charlie: Any
) -> None:
    """Unread counts the messages that Alice has not read, not hers that others have not read."""
    first = write(alice, bob, minute=0)
    answer(first, minute=1)
    answer(first, minute=2, read=True)
    write(charlie, alice, minute=5)
    write(alice, alice, minute=3)
    rows = reviewing.get(tab(alice, "conversations")).context["rows"]
    found = [(row.person.username, row.sent, row.received, row.unread, row.messages) for row in rows]
    assert found == [("charlie", 0, 1, 1, 1), ("alice", 1, 0, 0, 1), ("bob", 1, 2, 1, 3)]
    assert [row.last.minute for row in rows] == [5, 3, 2]


def test_a_row_links_to_the_other_person_and_their_shared_messages(reviewing: Client, alice: Any, bob: Any) -> None:
    write(alice, bob)
    page = reviewing.get(tab(alice, "conversations")).content.decode()
    assert f'href="{tab(bob, "conversations")}"' in page
    assert f'href="{reverse("admin:accounts_user_between", args=[alice.pk, bob.pk])}"' in page


def test_the_next_people_are_on_the_next_page(reviewing: Client, alice: Any) -> None:
    for number in range(53):
        write(alice, make_user(f"person {number:02}"), minute=number)
    first, second = (reviewing.get(tab(alice, "conversations", query)).context["rows"] for query in ("", "?page=2"))
    names = [row.person.username for row in (*first, *second)]
    assert (len(first), names) == (50, [f"person {number:02}" for number in reversed(range(53))])


def test_the_page_counts_only_the_newest_messages_and_says_so(
    reviewing: Client, alice: Any, bob: Any, charlie: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newest, "NEWEST", 2)
    for minute, receiver in enumerate((charlie, bob, bob)):
        write(alice, receiver, minute=minute)
    response = reviewing.get(tab(alice, "conversations"))
    assert [(row.person.username, row.sent) for row in response.context["rows"]] == [("bob", 2)]
    assert "Counts only the newest 2 messages sent and 2 received." in response.content.decode()


# --- What is recorded --------------------------------------------------------------------------------------------


def test_opening_a_tab_records_a_reading_with_the_texts_shown(reviewing: Client, alice: Any, bob: Any) -> None:
    sent, received = write(alice, bob, "one"), write(bob, alice, "two")
    sent.content = "one, edited"
    sent.save()
    reviewing.get(tab(alice, "conversations"))
    assert Entry.objects.about("accounts.user", alice.pk).filter(event="person.read").count() == 1
    assert (recorded(alice, "messages"), recorded(alice, "histories")) == (set(), set())
    reviewing.get(tab(alice, "messages"))
    assert recorded(alice, "messages") == {sent.pk, received.pk}
    reviewing.get(tab(alice, "edits"))
    assert recorded(alice, "histories") == {sent.pk}
    sent.refresh_from_db()
    received.refresh_from_db()
    assert (sent.read, received.read) == (False, False)


def test_the_access_log_shows_readers_and_records_its_own_reading(
    client: Client, rita: Any, alice: Any, bob: Any
) -> None:
    write(alice, bob)
    client.force_login(rita)
    client.get(tab(alice, "conversations"))
    client.force_login(make_staff("olga", "view_entry"))
    response = client.get(tab(alice, "log"))
    assert [(row.event, row.actor_name) for row in response.context["rows"]] == [("person.read", "rita")]
    assert set(Entry.objects.filter(actor_name="olga").values_list("event", flat=True)) >= {"audit.read", "person.read"}
    assert reverse("admin:audit_entry_changelist") + f"?target=accounts.user:{alice.pk}" in response.content.decode()


# --- Cost --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "queries"), [("conversations", 12), ("messages", 12), ("edits", 11)])
def test_the_number_of_queries_of_a_tab_does_not_grow(
    reviewing: Client, alice: Any, bob: Any, name: str, queries: int, django_assert_num_queries: Any
) -> None:
    """Five of these are on every page of the console: for the user and their permissions."""

    def more(number: int) -> None:
        for minute in range(number, number + 10):
            other = make_user(f"person {minute}")
            message = write(alice, other, minute=minute)
            answer(message, minute=minute)
            message.content = "edited"
            message.save()
        reviewing.get(tab(alice, name))  # recorded now, and not again within the hour

    more(0)
    with django_assert_num_queries(queries):
        reviewing.get(tab(alice, name))
    more(20)
    with django_assert_num_queries(queries):
        reviewing.get(tab(alice, name))
