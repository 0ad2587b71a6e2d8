"""The bar above a thread and the panel beside it: participants, finding words, neighbours in the list, sections."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from messaging.models import Conversation, Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import START, answer, write
from ops.audit.models import Entry
from ops.audit.readings import ids_of
from ops.conftest import READING, make_staff
from ops.console.thread import parts, sections
from ops.deletion.models import Hold
from ops.imports.models import Import

LIST = reverse("admin:messaging_conversation_changelist")


@pytest.fixture
def three(alice: Any, bob: Any, charlie: Any) -> list[Message]:
    """Alice writes twice to Bob, who answers; Charlie joins in."""
    first = write(alice, bob, "Is the bicycle still there?")
    second = answer(first, "It is.", minute=1)
    third = answer(second, "Then I take the BICYCLE.", minute=2)
    return [first, second, third, answer(second, "Me too, bob", minute=3, sender=charlie, receiver=bob)]


def address(message: Message, query: str = "") -> str:
    return reverse("admin:messaging_conversation_change", args=[message.conversation_id]) + query


def shown(response: Any) -> list[int]:
    return [row.message.pk for row in response.context["thread"].rows]


def panel(response: Any) -> dict[str, Any]:
    return {section.name: content for section, content in response.context["panel"]}


def recorded() -> set[int]:
    entries = Entry.objects.filter(event="conversation.read").values_list("details", flat=True)
    return {number for details in entries if isinstance(details, dict) for number in ids_of(details["messages"])}


# --- Participants ------------------------------------------------------------------------------------------------


def test_every_participant_is_listed_with_their_share(reviewing: Client, three: list[Message]) -> None:
    response = reviewing.get(address(three[0]))
    people = response.context["thread"].participants
    assert [(one.person.username, one.sent, one.share, one.received, one.unread) for one in people] == [
        ("alice", 2, 50, 1, 1),
        ("bob", 1, 25, 3, 3),
        ("charlie", 1, 25, 0, 0),
    ]
    assert response.context["title"] == "alice, bob and charlie"


def test_the_title_names_the_first_two_of_many_people(reviewing: Client, three: list[Message]) -> None:
    answer(three[3], sender=three[3].receiver, receiver=make_user("dora"), minute=4)
    assert reviewing.get(address(three[0])).context["title"] == "alice, bob and 2 others"


def test_the_most_active_of_thousands_of_people_are_named(
    reviewing: Client, three: list[Message], monkeypatch: Any
) -> None:
    monkeypatch.setattr(parts, "MOST_PEOPLE", 2)
    response = reviewing.get(address(three[0]))
    assert [one.person.username for one, _ in panel(response)["people"].first] == ["alice", "bob"]
    assert "and 1 more" in response.content.decode()


def test_a_click_on_a_person_shows_and_records_only_their_messages(
    reviewing: Client, three: list[Message], alice: Any
) -> None:
    response = reviewing.get(address(three[0], f"?person={alice.pk}"))
    assert shown(response) == [three[0].pk, three[2].pk] == sorted(recorded())
    page = response.content.decode()
    assert "It is." not in page
    assert "Only messages from <bdi>alice</bdi>: 2 of 4." in page
    assert f'href="?message={three[1].pk}#m{three[1].pk}">replying to <bdi>bob</bdi>' in page
    reviewing.get(address(three[0]))
    assert recorded() == {message.pk for message in three}


@pytest.mark.parametrize("person", ["0", "x", "999999", "-1", "9" * 30])
def test_an_unknown_person_does_not_narrow_the_thread(reviewing: Client, three: list[Message], person: str) -> None:
    assert len(shown(reviewing.get(address(three[0], f"?person={person}")))) == 4


def test_parts_of_one_persons_messages_keep_their_numbers(
    reviewing: Client, three: list[Message], charlie: Any
) -> None:
    Message.objects.bulk_create(
        Message(conversation=three[0].conversation, sender=(charlie, three[0].sender)[number % 2], content="more",
                receiver=three[0].receiver, timestamp=START.replace(hour=12), parent_message=three[0])
        for number in range(500)
    )  # fmt: skip
    response = reviewing.get(address(three[0], f"?person={charlie.pk}&part=2"))
    rows = response.context["thread"].rows
    assert len(rows) == 51
    assert {row.sender for row in rows} == {"charlie"}
    assert f"&amp;person={charlie.pk}" in response.content.decode()
    marked = rows[10].message.pk
    again = reviewing.get(address(three[0], f"?person={charlie.pk}&message={marked}"))
    assert marked in shown(again)


# --- Finding -----------------------------------------------------------------------------------------------------


def test_finding_says_where_and_marks_the_words(reviewing: Client, three: list[Message]) -> None:
    response = reviewing.get(address(three[0], "?find=bicycle"))
    page = response.content.decode()
    assert [pk for _, pk in response.context["page"].found] == [three[0].pk, three[2].pk]
    assert "2 messages of this conversation with “<bdi>bicycle</bdi>”" in page
    assert "<mark>bicycle</mark>" in page
    assert "<mark>BICYCLE</mark>" in page
    assert f'href="?message={three[2].pk}&amp;find=bicycle#m{three[2].pk}"' in page


def test_finding_is_recorded_as_a_search_whose_words_can_be_scrubbed(reviewing: Client, three: list[Message]) -> None:
    reviewing.get(address(three[0], "?find=bicycle"))
    entry = Entry.objects.get(event="search.made")
    assert (entry.target_label, entry.target_type) == ("bicycle", "messaging.message")
    assert entry.details == {"filters": {"conversation": three[0].conversation_id}, "results": 2}


@pytest.mark.parametrize("words", ["", "  ", "unknown", "%", "_", "<b>", "\x00", "x" * 5_000, "(", "\\"])
def test_a_search_without_matches_is_no_error(reviewing: Client, three: list[Message], words: str) -> None:
    response = reviewing.get(address(three[0]), {"find": words})
    assert response.status_code == 200
    assert response.context["page"].found == []


# --- The list that the page was opened from ----------------------------------------------------------------------


@pytest.fixture
def conversations(alice: Any, bob: Any, charlie: Any) -> list[Message]:
    """Four conversations, the newest last; the first and the last one are about bicycles."""
    return [
        write(alice, bob, "a bicycle", minute=0),
        write(alice, charlie, "a boat", minute=1),
        write(bob, charlie, "a car", minute=2),
        write(charlie, bob, "another bicycle", minute=3),
    ]


def went_to(response: Any) -> int:
    return response.context["conversation"].pk


def test_next_and_previous_follow_the_list(reviewing: Client, conversations: list[Message]) -> None:
    first, _, third, fourth = (message.conversation_id for message in conversations)
    assert went_to(reviewing.get(address(conversations[3], "?go=next"), follow=True)) == third
    assert went_to(reviewing.get(address(conversations[1], "?go=previous"), follow=True)) == third
    end = reviewing.get(address(conversations[0], "?go=next"), follow=True)
    assert went_to(end) == first
    assert "This is the last conversation of the list." in end.content.decode()
    end = reviewing.get(address(conversations[3], "?go=previous"), follow=True)
    assert (went_to(end), "This is the first conversation of the list." in end.content.decode()) == (fourth, True)


def test_next_and_previous_keep_search_and_filters_and_are_recorded(
    reviewing: Client, conversations: list[Message], bob: Any
) -> None:
    page = reviewing.get(f"{LIST}?q=bicycle&participant={bob.pk}").content.decode()
    kept = f"_changelist_filters=q%3Dbicycle%26participant%3D{bob.pk}"
    link = f"{address(conversations[3])}?message={conversations[3].pk}&amp;find=bicycle&amp;{kept}"
    assert f'href="{link}#m{conversations[3].pk}"' in page
    response = reviewing.get(f"{address(conversations[3])}?go=next&{kept}", follow=True)
    assert went_to(response) == conversations[0].conversation_id
    assert f'href="{LIST}?q=bicycle&amp;participant={bob.pk}"' in response.content.decode()
    entry = Entry.objects.filter(event="search.made", target_type="messaging.conversation").latest("pk")
    assert (entry.target_label, entry.details["results"]) == ("bicycle", 2)
    assert entry.details["filters"] == {"participant": str(bob.pk)}


def test_every_link_of_the_page_keeps_the_list(reviewing: Client, three: list[Message]) -> None:
    page = reviewing.get(address(three[0], "?_changelist_filters=q%3Dbicycle&find=take")).content.decode()
    kept = "&amp;find=take&amp;_changelist_filters=q%3Dbicycle"
    assert f'href="?message={three[0].pk}{kept}#m{three[0].pk}"' in page
    assert f'href="?person={three[0].sender_id}{kept}"' in page
    assert '<input type="hidden" name="_changelist_filters" value="q=bicycle">' in page
    response = reviewing.get(address(three[0], "?_changelist_filters=q%3Dbicycle&position=2"))
    assert response["Location"] == address(
        three[0], f"?message={three[1].pk}&_changelist_filters=q%3Dbicycle#m{three[1].pk}"
    )


@pytest.mark.parametrize("query", ["content__regex%3D.", "unread%3Dmaybe", "%22%3E%3Cscript%3E", "q%3D%2500", "%26%26"])
def test_an_undeclared_filter_of_the_list_does_no_harm(
    reviewing: Client, conversations: list[Message], query: str
) -> None:
    for ask in ("", "&go=next"):
        response = reviewing.get(address(conversations[1], f"?_changelist_filters={query}{ask}"), follow=True)
        assert response.status_code == 200
        assert "<script>" not in response.content.decode().partition("<body")[2]


def test_an_unknown_direction_is_ignored(reviewing: Client, conversations: list[Message]) -> None:
    assert reviewing.get(address(conversations[1], "?go=up")).status_code == 200


# --- The panel ---------------------------------------------------------------------------------------------------


def test_the_panel_has_the_sections_of_the_rooms_in_order(reviewing: Client, three: list[Message]) -> None:
    assert list(panel(reviewing.get(address(three[0])))) == ["people", "facts"]


def test_two_people_have_links_to_their_other_conversations(
    reviewing: Client, alice: Any, bob: Any, charlie: Any
) -> None:
    here, other = write(alice, bob), write(bob, alice, minute=5)
    write(alice, charlie)
    people = panel(reviewing.get(address(here)))["people"]
    assert [pk for pk, _ in people.others] == [other.conversation_id]
    for minute in range(10, 20):
        write(alice, bob, minute=minute)
    people = panel(reviewing.get(address(here)))["people"]
    assert (len(people.others), people.has_more_others) == (sections.MOST_OTHERS, True)


def test_holds_are_shown_to_those_who_may_see_them(client: Client, three: list[Message], bob: Any, rita: Any) -> None:
    Hold.objects.create(user=bob, kind=Hold.Kind.LEGAL, reason="a case", placed_by=rita)
    for person, note in ((rita, ""), (make_staff("lena", *READING, "view_hold"), "on hold")):
        client.force_login(person)
        people = panel(client.get(address(three[0])))["people"]
        assert {one.person.username: note for one, note in people.first}["bob"] == note


def test_the_panel_lists_edits_links_and_hidden_characters(reviewing: Client, alice: Any, bob: Any) -> None:
    first = write(alice, bob, "see https://example.org/")
    answer(first, "pay \u202etxt")
    calm = answer(first, "nothing here", minute=2)
    first.content = "see http://example.net/"
    first.save()
    noticed = panel(reviewing.get(address(calm)))["worth-a-look"]
    assert [(one.title, [row.position for row in one.rows]) for one in noticed] == [
        ("Edited after a reply", [1]),
        ("Links", [1]),
        ("Hidden characters", [2]),
    ]
    page = reviewing.get(address(calm)).content.decode()
    assert "right-to-left override (U+202E)" in page


def test_an_edit_before_the_first_reply_is_not_listed(reviewing: Client, alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    first.content = "hello again"
    first.save()
    first.histories.update(edited_at=START)
    answer(first, minute=5)
    assert "worth-a-look" not in panel(reviewing.get(address(first)))


def test_edits_are_not_listed_for_those_who_may_not_see_older_texts(client: Client, alice: Any, bob: Any) -> None:
    first = write(alice, bob, minute=-60)
    answer(first)
    first.content = "hello again"
    first.save()
    client.force_login(make_staff("dan", "view_conversation", "view_message"))
    assert "worth-a-look" not in panel(client.get(address(first)))


def test_the_facts_link_to_the_import_for_those_who_import(client: Client, three: list[Message]) -> None:
    base = three[0].conversation_id - 1
    import_ = Import.objects.create(
        file_name="secret.csv", conversation_base=base, last_row=3, stored_at=START, state=Import.State.STORED
    )
    for codenames, address_ in (((), ""), (("import_messages",), f"/console/imports/import/{import_.pk}/change/")):
        client.force_login(make_staff(f"staff{len(codenames)}", *READING, *codenames))
        response = client.get(address(three[0]))
        facts = {fact.name: (fact.text, fact.address) for fact in panel(response)["facts"]}
        assert facts["Imported"] == ("5 January 2026, 10:00", address_)
        assert "secret.csv" not in response.content.decode()
    later = Conversation.objects.create(pk=base + 50)
    assert "Imported" not in client.get(f"{LIST}{later.pk}/change/").content.decode()


def test_readers_are_listed_for_those_who_may_read_the_trail(client: Client, three: list[Message], rita: Any) -> None:
    client.force_login(rita)
    assert "who-read" not in panel(client.get(address(three[0])))
    client.force_login(make_staff("otto", *READING, "view_entry"))
    readers = panel(client.get(address(three[0])))["who-read"]
    assert [reader.name for reader in readers] == ["otto", "rita"]


@pytest.mark.parametrize("codenames", [READING, (*READING, "view_hold", "view_entry", "import_messages")])
def test_the_number_of_queries_does_not_grow_with_messages_and_people(
    client: Client, codenames: tuple[str, ...], three: list[Message]
) -> None:
    client.force_login(make_staff("sam", *codenames))
    Message.objects.filter(pk=three[0].pk).update(content="a bicycle, edited")
    numbers = []
    for number in range(3):
        client.get(address(three[0], "?find=bicycle"))  # records what is new
        with CaptureQueriesContext(connection) as queries:
            client.get(address(three[0], "?find=bicycle"))
        numbers.append(len(queries))
        for other in range(20):
            answer(three[1], "bicycle", sender=make_user(f"person {number} {other}"), receiver=three[1].sender)
    assert numbers[0] == numbers[1] == numbers[2]
