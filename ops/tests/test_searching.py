"""Searches in the lists: mistakes, filters of rooms by role, records, and walking the hits."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from messaging.models import Message
from messaging.search import engine
from messaging.search.language import LONGEST
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from messaging.tests.pseudo import ACCENTED, pseudo, speaking
from ops.audit.models import Entry
from ops.conftest import READING, make_staff
from ops.console.rooms import rooms
from ops.exports.models import Export
from ops.exports.selections import ExportRefused, read_list

CONVERSATIONS = reverse("admin:messaging_conversation_changelist")
MESSAGES = reverse("admin:messaging_message_changelist")
LISTED = {"_changelist_filters": "q=boat"}  # a list of only that conversation
BOTH = pytest.mark.parametrize("at", [CONVERSATIONS, MESSAGES])


@pytest.fixture
def talk(alice: Any, bob: Any, charlie: Any) -> list[Message]:
    """Two conversations about a harbour, the second one older, and one that does not match."""
    first = write(alice, bob, "The old harbour", minute=10)
    second = answer(first, "Which boat?", minute=11)
    third = answer(second, "The harbour boat", minute=12)
    other = write(bob, charlie, "a HARBOUR, once", minute=1)
    write(charlie, alice, "nothing", minute=20)
    return [first, second, third, other]


def shown(client: Client, at: str, text: str) -> list[int]:
    return [row.pk for row in client.get(at, {"q": text}).context["cl"].result_list]


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", "", html))


# --- Mistakes ------------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("text", "marked", "sentence"),
    [
        ("harbour colour:red", "colour:", "There is no filter “colour:”. To search for it as text"),
        ('harbour "boat', "&quot;boat", "This quotation mark is not closed"),
        ("from:nobody harbour", "nobody", "No participant is called “nobody”"),
        ("on:<b>", "&lt;b&gt;", "Write a day, month or year"),
    ],
)
def test_a_mistake_is_marked_where_it_stands_and_nothing_is_listed(
    reviewing: Client, talk: list[Message], at: str, text: str, marked: str, sentence: str
) -> None:
    page = reviewing.get(at, {"q": text}).content.decode()
    assert f"<mark>{marked}</mark>" in page and sentence in page
    assert 'aria-invalid="true"' in page
    assert "<strong>Not searched</strong>" in page and "<strong>0 " not in page
    assert shown(reviewing, at, text) == []


def test_a_mistake_within_a_conversation_is_marked_too(reviewing: Client, talk: list[Message]) -> None:
    at = reverse("admin:messaging_conversation_change", args=[talk[0].conversation_id])
    page = reviewing.get(at, {"find": "is:odd"}).content.decode()
    assert "<mark>odd</mark>" in page and "There is no “is:odd”" in page


def test_unfindable_people_are_reported_as_unknown_names(client: Client, talk: list[Message]) -> None:
    """For users who see no accounts, the name of a person without messages is a name that nobody has."""
    make_user("silent")
    client.force_login(make_staff("mel", *READING))
    found = client.get(MESSAGES, {"q": "from:silent"}).content.decode()
    missing = client.get(MESSAGES, {"q": "from:absent"}).content.decode()
    assert "No participant is called “silent”" in found
    sentence = re.compile("search-fault.*?</div>", re.DOTALL)
    assert sentence.findall(found.replace("silent", "absent")) == sentence.findall(missing) != []
    client.force_login(make_staff("sue", *READING, "view_user"))
    assert "No participant" not in client.get(MESSAGES, {"q": "from:silent"}).content.decode()


def test_an_export_of_a_search_with_a_mistake_is_refused(talk: list[Message]) -> None:
    emma = make_staff("emma", "export_messages", "view_message")
    with pytest.raises(ExportRefused, match="There is no filter"):
        read_list(Export.Scope.MESSAGES, "q=colour:red", by=emma, as_of=None)
    rows = read_list(Export.Scope.MESSAGES, "q=harbour+from:bob", by=emma, as_of=None).rows
    assert [row.pk for row in rows] == [talk[3].pk]


# --- Finding -------------------------------------------------------------------------------------------------------


def test_filters_are_about_one_message_of_a_conversation(reviewing: Client, talk: list[Message]) -> None:
    assert shown(reviewing, MESSAGES, "harbour from:alice") == [talk[2].pk, talk[0].pk]
    assert shown(reviewing, CONVERSATIONS, "harbour from:bob") == [talk[3].conversation_id]
    assert shown(reviewing, CONVERSATIONS, "boat -harbour") == [talk[0].conversation_id]


def test_words_are_marked_in_what_was_found_and_not_those_that_are_excluded(
    reviewing: Client, talk: list[Message]
) -> None:
    page = reviewing.get(CONVERSATIONS, {"q": "boat -old from:bob"}).content.decode()
    assert "Which <mark>boat</mark>?" in page
    assert "<mark>old</mark>" not in page


@BOTH
def test_a_text_that_was_edited_away_is_shown_and_recorded_as_older(
    reviewing: Client, talk: list[Message], at: str
) -> None:
    talk[1].content = "Which ship?"
    talk[1].save()
    assert shown(reviewing, at, "which boat") == []
    page = reviewing.get(at, {"q": "which in:history boat"}).content.decode()
    assert "dited away:</span>" in page and "<mark>boat</mark>?" in page
    entry = Entry.objects.filter(event="search.made").latest("pk")
    assert entry.details["histories"] == [[talk[1].pk, talk[1].pk]] and "messages" not in entry.details
    assert entry.target_label == "which in:history boat"


def test_a_page_far_back_is_looked_for_from_its_place_on(
    reviewing: Client, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A word that is common among the newest messages may be rare further back."""
    hits = [write(alice, bob, f"harbour {number}", minute=number).pk for number in range(5)]
    looked_from: list[Any] = []

    def watched(way: Any) -> Any:
        def look(rows: Any, term: Any, **how: Any) -> Any:
            looked_from.append(rows.values_list("pk", flat=True).first())
            return way(rows, term, **how)

        return look

    for name in ("first_page", "newest_first"):
        monkeypatch.setattr(engine, name, watched(getattr(engine, name)))
    monkeypatch.setattr(engine, "COMMON", 0)
    monkeypatch.setattr(engine, "LOOKED_THROUGH", 1)
    monkeypatch.setattr("ops.admin.messages.MessageAdmin.list_per_page", 2)
    found, query, first = [], "?q=harbour", []
    while query:
        looked_from.clear()
        changes = reviewing.get(f"{MESSAGES}{query}").context["cl"]
        found += [row.pk for row in changes.result_list]
        first.append(looked_from[0])
        query = changes.pages["next"]
    assert found == hits[::-1]
    assert first == [hits[4], hits[2], hits[0]]
    looked_from.clear()
    last = reviewing.get(MESSAGES, {"q": "harbour", "page": "last"}).context["cl"]
    assert [row.pk for row in last.result_list] == [hits[1], hits[0]] and looked_from[0] == hits[0]


# --- Who may search for what ---------------------------------------------------------------------------------------

PERMISSIONS = {
    "is:flagged": "view_case",
    "label:spam": "view_case",
    "decided:any": "view_case",
    "decided:spam": "view_case",
    "import:latest": "import_messages",
    "in:history": "view_messagehistory",
}


@pytest.mark.parametrize(("text", "permission"), PERMISSIONS.items())
def test_filters_of_rooms_are_offered_to_those_with_permission(
    client: Client, talk: list[Message], text: str, permission: str
) -> None:
    client.force_login(make_staff("mel", "view_message"))
    page = client.get(MESSAGES, {"q": text}).content.decode()
    assert re.search("There is no (filter )?“|Write the number", words(page))
    assert f"<code>{text}</code>" not in page
    client.force_login(make_staff("max", "view_message", permission))
    page = client.get(MESSAGES, {"q": text}).content.decode()
    assert not re.search("There is no (filter )?“", words(page))
    assert f"<code>{text}</code>" in page  # in the help


def test_every_filter_of_a_room_asks_for_a_permission(client: Client, rosa: Any) -> None:
    """has:hidden-characters reveals no more than the text does."""
    client.force_login(rosa)
    request = client.get(MESSAGES).wsgi_request
    declared = {one.written for room in rooms() for one in room.search_filters(request)}
    free = {"has:hidden-characters"}
    assert {text.partition("-…")[0].partition(":0b")[0] for text in declared - free} <= {*PERMISSIONS, "import"}


def test_hidden_characters_are_found_as_the_page_names_them(reviewing: Client, talk: list[Message]) -> None:
    writer, reader = talk[0].sender, talk[0].receiver
    hidden = [write(writer, reader, text) for text in ("a\u200bb", "pay \u202etxt.exe", "a\x07", "x\u200dy")]
    write(writer, reader, "👩\u200d🚀 flies\tand\nlands")
    assert set(shown(reviewing, MESSAGES, "has:hidden-characters")) == {one.pk for one in hidden}


def test_help_has_every_filter_that_one_can_use(reviewing: Client, talk: list[Message]) -> None:
    page = reviewing.get(MESSAGES).content.decode()
    assert "How to search" in page
    for text in ("from:alice", "is:unread", "length:&gt;500", "in:history", "&quot;the old harbour&quot;"):
        assert f"<code>{text}</code>" in page
    assert "is:flagged" not in page


# --- What is recorded ----------------------------------------------------------------------------------------------


@BOTH
def test_each_word_of_a_search_is_recorded(reviewing: Client, talk: list[Message], at: str) -> None:
    """A search that its entry would truncate is refused: its last words would leave no trace."""
    hidden = f"harbour{' ' * LONGEST}OR nothing"
    assert shown(reviewing, at, hidden) == []
    whole = f"nothing{' ' * (LONGEST - 17)}OR harbour"
    assert len(whole) == LONGEST and shown(reviewing, at, whole)
    assert Entry.objects.filter(target_label=whole).exists()


# --- Walking the hits ----------------------------------------------------------------------------------------------


def hit(response: Any, key: str) -> str:
    """Return the address that the key n or p opens from a conversation, "" if it opens none."""
    found = re.search(rf'<a href="([^"]+)" data-hit="{key}"', response.content.decode())
    return found[1].replace("&amp;", "&").partition("#")[0] if found else ""


def walked(client: Client, start: str, key: str) -> list[int]:
    """Return the messages reached by pressing the key until it leads nowhere."""
    response = client.get(start)
    came = [response.context["thread"].marked_id]
    while True:
        address = hit(response, key)
        if not address:
            return came
        response = client.get(f"{response.request['PATH_INFO']}{address}", follow=True)
        here = response.context["thread"].marked_id
        if here == came[-1] or here is None:
            return came
        came.append(here)


def link_to(client: Client, at: str, text: str, place: int = 0) -> str:
    page = client.get(at, {"q": text}).content.decode()
    return re.findall(r'href="([^"]+message=[^"]+)#m', page)[place].replace("&amp;", "&")


def test_hits_are_walked_as_the_list_of_messages_has_them(reviewing: Client, talk: list[Message]) -> None:
    first, _, third, other = (one.pk for one in talk)
    assert walked(reviewing, link_to(reviewing, MESSAGES, "harbour"), "n") == [third, first, other]
    assert walked(reviewing, link_to(reviewing, MESSAGES, "harbour", 2), "p") == [other, first, third]


def test_filters_of_the_list_narrow_the_hits_that_are_walked(reviewing: Client, talk: list[Message]) -> None:
    Message.objects.filter(pk=talk[0].pk).mark_read()
    page = reviewing.get(MESSAGES, {"q": "harbour", "unread": "yes"}).content.decode()
    link = re.findall(r'href="([^"]+message=[^"]+)#m', page)[0].replace("&amp;", "&")
    assert walked(reviewing, link, "n") == [talk[2].pk, talk[3].pk]


def test_hits_are_walked_through_each_conversation_of_a_list_of_conversations(
    reviewing: Client, talk: list[Message]
) -> None:
    first, _, third, other = (one.pk for one in talk)
    assert walked(reviewing, link_to(reviewing, CONVERSATIONS, "harbour"), "n") == [first, third, other]
    assert walked(reviewing, link_to(reviewing, CONVERSATIONS, "harbour", 1), "p") == [other, third, first]


def test_walking_stops_at_the_ends_of_the_list_of_conversations(reviewing: Client, talk: list[Message]) -> None:
    for key, place, last, said in (("n", 1, talk[3], "last"), ("p", 0, talk[0], "first")):
        link = link_to(reviewing, CONVERSATIONS, "harbour", place)
        address = hit(reviewing.get(link), key)
        response = reviewing.get(f"{link.partition('?')[0]}{address}", follow=True)
        assert response.context["thread"].marked_id == last.pk
        assert response.context["page"].find.text == "harbour"
        assert f"This is the {said} conversation of the list." in response.content.decode()
        # The links to whole conversations, which name no message, keep it as well.
        way = "next" if key == "n" else "previous"
        response = reviewing.get(link.partition("?")[0], {"go": way, "_changelist_filters": "q=harbour"}, follow=True)
        assert response.context["page"].find.text == "harbour"


def test_the_end_of_the_walk_is_reported_in_the_language_of_the_page(reviewing: Client, talk: list[Message]) -> None:
    at = reverse("admin:messaging_conversation_change", args=[talk[0].conversation_id])
    ends = {"hit": "message", "go": "conversation"}
    for way, end in (("previous", "first"), ("next", "last")):
        for name, thing in ends.items():
            asked: Any = {name: way, "message": talk[2 if end == "first" else 0].pk, "hits": "q=harbour from:alice"}
            said = f"This is the {end} {thing} of the list."
            assert said in reviewing.get(at, asked | LISTED, follow=True).content.decode()
            with speaking(ACCENTED):
                shown = reviewing.get(at, asked | LISTED, follow=True).content.decode()
            assert (said in shown, pseudo(said) in shown) == (False, True)
    with speaking(ACCENTED):
        shown = reviewing.get(at, {"position": "9"}, follow=True).content.decode()
    assert (
        pseudo("There is no message %(position)s: this thread has messages 1 to %(total)s.")
        % {
            "position": 9,
            "total": 3,
        }
        in shown
    )


def test_walking_is_recorded_and_needs_permission_for_the_list(client: Client, talk: list[Message]) -> None:
    at = reverse("admin:messaging_conversation_change", args=[talk[0].conversation_id])
    asked: dict[str, Any] = {"hit": "next", "message": talk[2].pk, "hits": "q=harbour"}
    client.force_login(make_staff("cora", "view_conversation"))
    assert client.get(at, asked)["Location"] == at
    assert not Entry.objects.filter(event="search.made").exists()
    client.force_login(make_staff("rita2", *READING))
    assert f"message={talk[0].pk}&find=harbour" in client.get(at, asked)["Location"]
    assert Entry.objects.get(event="search.made").target_label == "harbour"
    for junk in ({"message": talk[3].pk}, {"message": "x"}, {"hits": "colour=red"}, {"hit": "odd"}):
        assert client.get(at, {**asked, **junk}).status_code in (200, 302)


# --- Cost ----------------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("text", ["harbour from:alice -boat", "harbour in:history", "harbour OR is:unread"])
def test_a_search_costs_as_many_queries_for_twice_the_rows(
    reviewing: Client, talk: list[Message], at: str, text: str
) -> None:
    numbers = []
    for number in range(3):
        reviewing.get(at, {"q": text})  # records what is new
        with CaptureQueriesContext(connection) as queries:
            reviewing.get(at, {"q": text})
        numbers.append(len(queries))
        for other in range(8):
            write(talk[0].sender, talk[0].receiver, "a harbour", minute=100 * number + other)
    assert numbers[0] == numbers[1] == numbers[2]
