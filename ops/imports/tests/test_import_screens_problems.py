"""The problems of an import on its page: grouped by kind, filtered, each with a fix that takes one click."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messaging.models import Conversation, Message
from messaging.tests.cast import make_user
from messaging.tests.clients import signed_in
from messaging.tests.conversations import write
from ops.conftest import make_staff
from ops.files.suggestions import Suggestion
from ops.imports.models import Import, SavedPerson
from ops.imports.pages import previews
from ops.imports.tests.importing import stored_import, undone
from ops.imports.tests.screens import address, bring, csv_of, decide, message, page, text

CONVERSATIONS = "admin:messaging_conversation_changelist"


def faulty(client: Client) -> Import:
    """Return an import with problems, warnings and notices in several columns."""
    return bring(
        client,
        csv_of(
            message("1", timestamp="2222-01-01T00:00:00Z"),
            message("2", content=""),
            message("3", timestamp="2026-01-05 10:00"),
            message("4", "gone"),
        ),
    )


def shown(client: Client, import_: Import, query: str = "") -> list[str]:
    """Return the levels of the groups on the page."""
    groups = client.get(address(import_) + query).context["groups"]
    return [group.about["level"] for group in groups]


def test_problems_are_narrowed_by_level_and_column(importing: Client, people: Any) -> None:
    import_ = faulty(importing)
    assert shown(importing, import_) == ["error", "error", "warning", "notice"]
    assert shown(importing, import_, "?level=warning") == ["warning"]
    assert shown(importing, import_, "?column=timestamp") == ["warning", "notice"]
    assert shown(importing, import_, "?column=timestamp&level=notice") == ["notice"]
    assert shown(importing, import_, "?column=external_id&level=notice") == []
    assert shown(importing, import_, "?level=<script>&column=password") == ["error", "error", "warning", "notice"]
    page_text = page(importing, import_)
    assert "All 2 problems 1 warning 1 notice All columns parent_external_id timestamp content" in page_text


def test_the_links_that_narrow_keep_each_other(importing: Client, people: Any) -> None:
    import_ = faulty(importing)
    levels, columns = importing.get(address(import_) + "?level=warning").context["narrowings"]
    assert [link.current for link in levels] == [False, False, True, False]
    assert columns[1].address == "?level=warning&column=parent_external_id#problems-title"


def test_one_click_applies_a_cure(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message("1", "gone"), message("2", sender="new")))
    decide(importing, import_, "take/", cure="start_conversations:0")
    page_text = text(decide(importing, import_, "take/", cure="create_users:0"))
    assert "Creates 1 user and notifies nobody." in page_text
    assert (import_.choices["start_conversations"], import_.choices["create_users"]) == (True, True)


@pytest.mark.parametrize("cure", ["create_users:1", "create_users", "password:0", "people:0", ":", ""])
def test_an_unknown_cure_changes_nothing(importing: Client, people: Any, cure: str) -> None:
    import_ = bring(importing, csv_of(message("1", sender="new")))
    before = import_.choices
    decide(importing, import_, "take/", cure=cure)
    assert import_.choices == before


def test_all_that_is_certain_is_taken_by_one_click(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message("1", sender="Alice"), message("2", sender="\u0430lice")))
    preview = json.loads(previews.path_of(import_, previews.PREVIEW).read_text(encoding="utf-8"))
    two = [Suggestion("encoding", name, "It may be.", f"Take {name}").as_json() for name in ("UTF-8", "Latin-1")]
    zone = Suggestion("time_zone", "Europe/Berlin", "It is.", "Take it").as_json()
    previews._write_json({**preview, "suggestions": [*two, zone, *preview["suggestions"]]}, import_.upload)
    assert "Take all 2 suggestions" in page(importing, import_)
    decide(importing, import_, "take/", all="1")
    assert (import_.reading["time_zone"], import_.reading["encoding"]) == ("Europe/Berlin", "")
    assert import_.choices["people"] == {"Alice": "alice"}


def test_nothing_is_taken_where_nothing_is_certain(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message("1")))
    assert "Nothing was done" in text(decide(importing, import_, "take/", all="1"))


# --- Who is who ----------------------------------------------------------------------------------------------------


def test_each_name_is_decided_and_remembered(importing: Client, dan: Any, people: Any) -> None:
    rows = [message(str(place), sender=name) for place, name in enumerate(["Alice", "p.m.", "new", "later"])]
    import_ = bring(importing, csv_of(*rows))
    make_user("peter")
    sent = {"who-0": "like-0", "who-1": "other", "account-1": "peter", "who-2": "new", "who-3": ""}
    page_text = text(decide(importing, import_, "people/", **sent))
    assert import_.choices["people"] == {"Alice": "alice", "p.m.": "peter", "new": ""}
    assert "1 user to create 1 missing user" in page_text
    assert dict(SavedPerson.objects.filter(user=dan).values_list("name", "account__username")) == {
        "Alice": "alice",
        "p.m.": "peter",
    }
    again = bring(importing, csv_of(message("9", sender="p.m.")), "again.csv")
    assert "You said who is meant by a name of this file" in page(importing, again)
    decide(importing, again, "take/", suggestion="0")
    decide(importing, again, "store/")
    assert Message.objects.get().sender.username == "peter"


def test_a_typed_account_is_chosen_and_must_exist(importing: Client, people: Any) -> None:
    import_ = bring(importing, csv_of(message("1", sender="p.m.")))
    page_text = text(decide(importing, import_, "people/", **{"account-0": "petra"}))
    assert "There is no account of this name: check how it is written." in page_text
    assert import_.choices["people"] == {}
    decide(importing, import_, "people/", **{"account-0": "bob"})
    assert import_.choices["people"] == {"p.m.": "bob"}


@pytest.mark.parametrize("who", ["like-0", "like-7", "like--1", "x"])
def test_answers_that_were_not_offered_are_ignored(importing: Client, people: Any, who: str) -> None:
    import_ = bring(importing, csv_of(message("1", sender="nobody")))
    decide(importing, import_, "people/", **{"who-0": who, "who-1": "new"})
    assert import_.choices["people"] == {}


# --- Afterwards ----------------------------------------------------------------------------------------------------


def test_the_link_lists_the_conversations_of_this_import(importing: Client, people: Any) -> None:
    alice, bob = people
    joined, other = write(alice, bob, external_id="old"), write(alice, bob)
    stored_import(content=csv_of(message("8")))
    import_ = bring(importing, csv_of(message("1"), message("2", "1"), message("3", "old")))
    decide(importing, import_, "store/")
    assert f"?import={import_.pk}" not in importing.get(address(import_)).content.decode()
    reader = signed_in(make_staff("rea", "import_messages", "view_conversation", "view_message"))
    assert f"?import={import_.pk}" in reader.get(address(import_)).content.decode()
    listed = reader.get(reverse(CONVERSATIONS), {"import": str(import_.pk)}).context["cl"].result_list
    begun = Message.objects.get(external_id="1").conversation_id
    assert {one.pk for one in listed} == {begun, joined.conversation_id}
    assert other.conversation_id not in {one.pk for one in listed}
    listed_page = reader.get(reverse(CONVERSATIONS), {"import": str(import_.pk)}).content.decode()
    assert listed_page.count(f'<option value="{import_.pk}" selected>') == 1
    assert listed_page.count("<option") - listed_page.count('<option value="">') >= 2  # the other import is offered too
    assert str(import_.pk) not in signed_in(make_staff("rita", "view_conversation")).get(reverse(CONVERSATIONS)).text


def test_an_import_with_more_than_is_kept_is_looked_up(
    importing: Client, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("ops.imports.filters", "ops.imports.storing.messages"):
        monkeypatch.setattr(f"{module}.MOST_JOINED", 2)
    for number in range(3):
        write(*people, external_id=f"old-{number}")
    import_ = bring(importing, csv_of(message("1"), *(message(f"n-{n}", f"old-{n}") for n in range(3))))
    decide(importing, import_, "store/")
    assert len(import_.outcome["joined_conversations"]) == 2
    reader = signed_in(make_staff("rea", "import_messages", "view_conversation"))
    assert len(reader.get(reverse(CONVERSATIONS), {"import": str(import_.pk)}).context["cl"].result_list) == 4


@pytest.mark.parametrize("value", ["nothing", "11111111-2222-3333-4444-555555555555", "1", "\x00"])
def test_an_invalid_import_is_no_filter(client: Client, people: Any, value: str) -> None:
    reader = signed_in(make_staff("rea", "import_messages", "view_conversation"))
    response = reader.get(reverse(CONVERSATIONS), {"import": value}, follow=True)
    assert "This is the whole list." in response.content.decode()


def test_the_filter_requires_the_import_permission(importing: Client, people: Any) -> None:
    import_ = stored_import(content=csv_of(message("1")))
    reader = signed_in(make_staff("rea", "view_conversation"))
    response = reader.get(reverse(CONVERSATIONS), {"import": str(import_.pk)}, follow=True)
    assert "This is the whole list." in response.content.decode()


def test_results_count_the_stored_rows(people: Any) -> None:
    write(*people, external_id="old")
    rows = [message("1"), message("2", "1"), message("3", "old"), message("4", sender="new")]
    import_ = stored_import(content=csv_of(*rows), create_users=True)
    assert import_.outcome["messages"] == Message.objects.filter(pk__gt=import_.message_base).count() == 4
    assert import_.outcome["conversations"] == Conversation.objects.count() - 1 == 2
    assert (import_.outcome["replies"], import_.outcome["users"]) == (2, 1)
    undone(import_)
    assert Conversation.objects.count() == 1
