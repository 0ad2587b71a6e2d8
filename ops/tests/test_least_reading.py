"""Least reading: if READING requires reasons, no page shows a text before its reason is given."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.contrib.auth import get_user
from django.core import signing
from django.http import QueryDict
from django.test import Client

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.audit.events import Event
from ops.audit.models import Entry
from ops.audit.reasons import gate
from ops.exports import requests
from ops.exports.tests.exporting import make_exporter
from ops.files.tests.conftest import folder
from ops.moderation import flagging
from ops.moderation.models import Case, Label, Opening, Source, View
from ops.tests.asking import ROW, body, signed_in
from ops.tests.test_what_is_shown_is_recorded import aviary
from ops.tests.walks import REMOVED, Seen, Walk, seen, stored_birds, walk

__all__ = ["aviary", "folder", "walk"]

WHY = {"why": "context", "words": "a participant asked"}
LISTS = ("conversation", "message", "messagehistory", "notification")


@pytest.fixture
def asks(settings: Any) -> Any:
    settings.READING = "reason"
    return settings


@pytest.fixture
def breaks(settings: Any) -> Any:
    settings.READING = "reported"
    return settings


@pytest.fixture
def talk(db: Any) -> Message:
    """The first message of a conversation of three."""
    first = write(make_user("alice"), make_user("bob"), "canarytext-first")
    answer(answer(first, "canarytext-second", minute=1), "canarytext-third", minute=2)
    return first


def thread_of(message: Message) -> str:
    return f"/console/messaging/conversation/{message.conversation_id}/change/"


def question(response: Any) -> str:
    """Return the address at which a page asks for a reason, by redirect or link; "" if it does not ask."""
    if response.status_code == 302:
        return response["Location"] if response["Location"].startswith("/console/reading/") else ""
    if response.streaming:
        return ""
    found = re.search(r'href="(/console/reading/[^"]+)"', response.content.decode(errors="replace"))
    return unescape(found[1]) if found else ""


def give_reason(client: Client, at: str, **words: str) -> Any:
    asked = question(client.get(at))
    assert asked, at
    return client.post(asked, {**WHY, **words})


# --- Every page, mode and role -------------------------------------------------------------------------------------


# A reviewer, and a superuser, who can open what any role can. test_what_is_shown_is_recorded tests that everybody's
# pages are recorded, and which roles see no text even if no reason is required.
@pytest.mark.once
@pytest.mark.parametrize("who", ["rita", "rosa"])
def test_pages_with_texts_are_recorded_and_show_none_before_a_reason(who: str, walk: Walk, settings: Any) -> None:
    """A new page with texts needs no code for this: recording what it shows asks for the reason."""
    freely = walk.shown
    assert (len(freely) > 20, walk.unrecorded) == (True, {})
    stored_birds(REMOVED)  # as during the walk
    for mode in ("reason", "reported"):
        settings.READING = mode
        reasons = Entry.objects.filter(event__in=[Event.REASON_GIVEN, Event.GLASS_BROKEN])
        given = reasons.count()
        without = signed_in(who)
        answers = {at: without.get(at) for at in freely}
        shown = {at for at, answer in answers.items() if seen(body(answer))}
        # The aviary's case is closed. If only pending cases open without a reason, it requires one.
        assert all(at.startswith("/console/moderation/case/") for at in shown) if mode == "reason" else not shown, shown
        assert reasons.count() == given
        looked_at: set[str] = set()
        for at in of_each_scope(freely.keys() - shown):
            assert opened(signed_in(who), at, question(answers[at]), looked_at) == freely[at], at


def of_each_scope(addresses: Iterable[str]) -> Iterable[str]:
    """Return the addresses that may ask for different reasons: a page once per set of parameters that name rows."""
    found: dict[Any, str] = {}
    for one in sorted(addresses):
        asked = urlsplit(one)
        rows = (name for name, value in parse_qsl(asked.query) if ROW.search(value))
        found.setdefault((asked.path, *rows), one)
    return found.values()


def opened(client: Client, at: str, asked: str, looked_at: set[str]) -> Seen:
    """Give every reason that a page asks for, at least one, and return what it then shows.

    Questions about what is not in ``looked_at`` yet are opened first, to check that they show no text.
    """
    assert asked, at
    for _ in range(3):  # a person's messages require a reason, and messages between two people another one
        if (about := signing.loads(QueryDict(urlsplit(asked).query)["for"], salt=gate.SALT)[1]) not in looked_at:
            looked_at.add(about)
            assert not seen(body(client.get(asked))), asked
        assert client.post(asked, WHY).status_code == 302
        page = client.get(at)
        asked = question(page)
        if not asked:
            break
    return seen(body(page))


# --- What a reason opens -------------------------------------------------------------------------------------------


def test_a_reason_opens_one_conversation_and_leads_back_to_it(asks: Any, talk: Message) -> None:
    client, elsewhere = signed_in("rita"), write(make_user("carol"), make_user("dora"), "canarytext-elsewhere")
    at = f"{thread_of(talk)}?message={talk.pk}"
    assert give_reason(client, at)["Location"] == at
    assert b"canarytext-second" in client.get(at).content
    assert b"canarytext-first" in client.get(f"/console/messaging/message/{talk.pk}/change/").content
    assert question(client.get(thread_of(elsewhere)))
    assert question(signed_in("rita").get(at)), "another session asks again"


def test_the_reason_is_recorded_and_the_reading_too(asks: Any, talk: Message) -> None:
    client = signed_in("rita")
    give_reason(client, thread_of(talk), why="check", words="Mike asked me to")
    client.get(thread_of(talk))
    entry = Entry.objects.get(event=Event.REASON_GIVEN)
    assert (entry.actor_name, entry.target_type, entry.target_id) == (
        "rita",
        "messaging.conversation",
        str(talk.conversation_id),
    )
    assert (entry.reason, entry.details) == ("Mike asked me to", {"why": "check"})
    assert Entry.objects.filter(event="conversation.read").count() == 1


def test_nothing_is_recorded_as_read_before_the_reason(asks: Any, talk: Message) -> None:
    signed_in("rita").get(thread_of(talk))
    assert not Entry.objects.filter(event__endswith="read").exists()


def test_an_expired_reason_is_asked_for_again(asks: Any, talk: Message, monkeypatch: Any) -> None:
    client = signed_in("rita")
    monkeypatch.setattr(gate, "VALID", timedelta(0))
    give_reason(client, thread_of(talk))
    assert question(client.get(thread_of(talk)))


def test_a_correction_is_saved_after_the_reason_expired(asks: Any, talk: Message, monkeypatch: Any) -> None:
    client, at = signed_in("lena"), f"/console/messaging/message/{talk.pk}/change/"
    monkeypatch.setattr(gate, "VALID", timedelta(0))
    give_reason(client, at)
    client.post(at, {"content": "corrected", "reason": "a typo"})
    talk.refresh_from_db()
    assert talk.content == "corrected"


@pytest.mark.parametrize("scope", ["list", "conversation"])
def test_a_posted_form_shows_no_list_after_the_reason_expired(
    asks: Any, talk: Message, monkeypatch: Any, scope: str
) -> None:
    client, at = signed_in("rita"), "/console/messaging/message/"
    write(make_user("carol"), make_user("dora"), "elsewhere")
    monkeypatch.setattr(gate, "VALID", timedelta(0))
    give_reason(client, at if scope == "list" else thread_of(talk))
    theirs = f"?participant={talk.sender_id}"
    for shown in (at, f"{at}{theirs}", f"{at}?q=second"):
        page = client.post(shown)
        assert question(page), shown
        assert b"canarytext" not in page.content, shown


@pytest.mark.parametrize("method", ["options", "put", "delete"])
def test_other_methods_show_no_page_after_the_reason_expired(
    asks: Any, talk: Message, monkeypatch: Any, method: str
) -> None:
    client = signed_in("rita")
    monkeypatch.setattr(gate, "VALID", timedelta(0))
    give_reason(client, thread_of(talk))
    assert b"canarytext" not in getattr(client, method)(thread_of(talk)).content


@pytest.mark.parametrize(
    ("mode", "form", "error"),
    [
        ("reason", {}, "Choose why you open it"),
        ("reason", {"why": "other"}, "Say why in a few words"),
        ("reason", {"why": "context", "words": "x" * 201}, "at most 200 characters"),
        ("reported", {"why": "context"}, "Say why in a few words"),
        ("reported", {"why": "nonsense", "words": "x"}, "Select a valid choice"),
    ],
)
def test_an_incomplete_or_invalid_reason_is_refused(
    mode: str, form: dict[str, str], error: str, settings: Any, talk: Message
) -> None:
    settings.READING = mode
    client = signed_in("rita")
    asked = question(client.get(thread_of(talk)))
    page = client.post(asked, form).content.decode()
    assert "Nothing was opened." in page
    assert error in page
    assert question(client.get(thread_of(talk)))


def test_the_reason_form_works_only_for_the_person_who_was_asked(asks: Any, talk: Message) -> None:
    asked = question(signed_in("rita").get(thread_of(talk)))
    assert signed_in("lena").post(asked, WHY).status_code == 404
    assert signed_in("rita").post(asked.replace("for=", "for=x"), WHY).status_code == 404
    assert not Entry.objects.filter(event=Event.REASON_GIVEN).exists()


def test_the_reason_form_does_not_redirect_to_another_site(asks: Any, talk: Message) -> None:
    client = signed_in("rita")
    asked = question(client.get(thread_of(talk))).partition("&next=")[0]
    assert client.post(f"{asked}&next=https://example.org/", WHY)["Location"] == "/console/"


def test_a_reason_form_for_a_missing_row_is_not_found(asks: Any, talk: Message, rosa: Any) -> None:
    client = Client()
    client.force_login(rosa)
    for scope in ("messaging.conversation:987654", "imports.import:nonsense"):
        signed = signing.dumps([rosa.pk, scope], salt=gate.SALT)
        assert client.get(f"/console/reading/?for={signed}").status_code == 404


def test_the_open_mode_asks_for_no_reason(settings: Any, talk: Message) -> None:
    assert settings.READING == "open"
    assert b"canarytext-first" in signed_in("rita").get(thread_of(talk)).content


# --- Lists ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", LISTS)
def test_lists_show_rows_without_texts_until_a_reason_is_given(asks: Any, aviary: dict[str, Any], model: str) -> None:
    client, at = signed_in("rita"), f"/console/messaging/{model}/"
    # A conversation of two other people, so that the list is about more than one.
    other = write(make_user("carol"), make_user("dora"), "canaryolder0x")
    other.content = "canarytext0x"
    other.save()
    page = client.get(at)
    assert seen(page.content) == set()
    assert "Text not opened" in page.content.decode()
    assert "alice" in page.content.decode()
    assert give_reason(client, at)["Location"] == at
    assert seen(client.get(at).content)


def test_a_search_asks_for_a_reason_first(asks: Any, talk: Message) -> None:
    client = signed_in("rita")
    response = client.get("/console/messaging/message/?q=second")
    assert response.status_code == 302
    assert give_reason(client, "/console/messaging/message/?q=second")["Location"].endswith("?q=second")
    assert b"canarytext-<mark>second</mark>" in client.get("/console/messaging/message/?q=second").content


def test_a_page_that_asks_for_a_reason_is_not_recorded_as_read(asks: Any, talk: Message) -> None:
    Message.objects.filter(pk=talk.pk).update(redaction=1)
    client, found = signed_in("lena"), Entry.objects.filter(event__in=[Event.SEARCH_MADE, "message.originals_read"])
    at = (f"{thread_of(talk)}?find=second", f"/console/messaging/message/{talk.pk}/change/?originals=1")
    for page in at:
        assert question(client.get(page)), page
    assert not found.exists()
    give_reason(client, at[0])
    for page in at:
        assert client.get(page).status_code == 200, page
    assert found.count() == 2


SEARCHES = (
    "/console/messaging/message/?q={}",
    "/console/messaging/conversation/?q={}",
    "/console/messaging/message/export/?q={}",
    "/console/messaging/conversation/export/?q={}",
    "/console/messaging/conversation/{conversation}/change/?go=next&_changelist_filters=q%3D{}",
)


@pytest.mark.parametrize("at", SEARCHES)
@pytest.mark.parametrize("mode", ["reason", "reported"])
def test_a_search_does_not_reveal_matches_before_a_reason(mode: str, at: str, settings: Any, talk: Message) -> None:
    settings.READING = mode
    client = signed_in("rosa")
    client.post("/confirm/", {"password": "rosa's password"})  # for the exports
    for word in ("second", "nowhere"):
        response = client.get(at.format(word, conversation=talk.conversation_id))
        assert question(response), word
        assert response.status_code == 302, word
    asked = Entry.objects.filter(event=Event.SEARCH_MADE).order_by("pk")
    assert list(asked.values_list("actor_name", "target_label", "details")) == [
        ("rosa", "second", {}),
        ("rosa", "nowhere", {}),
    ]
    give_reason(client, at.format("nowhere", conversation=talk.conversation_id), words="a test")
    for word in ("second", "nowhere"):
        assert not question(client.get(at.format(word, conversation=talk.conversation_id))), word


@pytest.mark.parametrize("word", ["second", "nowhere"])
def test_an_action_on_search_results_asks_for_a_reason(asks: Any, talk: Message, word: str) -> None:
    client, at = signed_in("dan"), f"/console/messaging/message/?q={word}"
    chosen = {"action": "export_chosen", "_selected_action": [talk.pk + 1]}
    assert question(client.post(at, chosen))
    give_reason(client, at)
    assert client.post(at, chosen)["Location"].startswith("/console/messaging/message/export/?")


def test_without_permission_for_a_list_no_reason_is_asked_for(asks: Any, talk: Message) -> None:
    assert signed_in("carl").get("/console/messaging/message/?q=second").status_code == 403


# --- Cases ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def case(db: Any) -> Case:
    """A case of a conversation of twenty messages, whose eleventh was reported."""
    last = write(make_user("alice"), make_user("bob"), "Words 0.")
    for number in range(1, 20):
        last = answer(last, f"Words {number}.", minute=number)
    label = Label.objects.create(name="Spam", slug="spam")
    reported = Message.objects.get(content="Words 10.")
    return flagging.flag(reported, label=label, by=reported.receiver, source=Source.PARTICIPANT).case


def numbers(response: Any) -> list[int]:
    return [int(found) for found in re.findall(r"Words (\d+)\.", response.content.decode())]


def page_of(case: Case) -> str:
    return f"/console/moderation/case/{case.pk}/change/"


@pytest.mark.parametrize("mode", ["open", "reason", "reported"])
def test_reported_messages_open_without_a_reason(mode: str, settings: Any, case: Case) -> None:
    settings.READING = mode
    client = signed_in("rita")
    assert numbers(client.get(page_of(case))) == list(range(5, 16))
    assert numbers(client.get("/console/moderation/case/")) == [10]


@pytest.mark.parametrize("mode", ["open", "reason", "reported"])
def test_staff_do_not_open_texts_by_reporting_them(mode: str, settings: Any, case: Case) -> None:
    settings.READING = mode
    client, asked = signed_in("rita"), mode != "open"
    case.flags.update(reporter=get_user(client), source=Source.STAFF)
    queue = "/console/moderation/case/"
    assert numbers(client.get(queue)) == ([] if asked else [10])
    page = client.get(page_of(case))
    assert numbers(page) == ([] if asked else list(range(5, 16)))
    assert bool(question(page)) == asked
    assert numbers(signed_in("lena").get(page_of(case))) == list(range(5, 16))
    if asked:
        give_reason(client, page_of(case), words="A colleague asked")
        assert numbers(client.get(page_of(case))) == list(range(5, 16))


def test_a_second_report_opens_the_case_to_the_first_reporter(asks: Any, case: Case) -> None:
    client = signed_in("rita")
    flagging.flag(
        Message.objects.get(content="Words 10."), label=case.flags.get().label, by=get_user(client), source=Source.STAFF
    )
    assert numbers(client.get(page_of(case))) == list(range(5, 16))
    assert numbers(client.get("/console/moderation/case/")) == [10]


@pytest.mark.parametrize("mode", ["open", "reason", "reported"])
def test_the_rest_of_the_conversation_opens_on_the_case_and_is_recorded(mode: str, settings: Any, case: Case) -> None:
    settings.READING = mode
    client = signed_in("rita")
    page = client.get(page_of(case))
    assert 'href="?rest=yes" data-key="o"' in page.content.decode()
    at = f"{page_of(case)}?rest=yes"
    if mode != "open":
        assert give_reason(client, at)["Location"] == at
    wide = client.get(at)
    assert numbers(wide) == list(range(20))
    assert 'data-key="o"' not in wide.content.decode()
    assert Entry.objects.filter(event="moderation.case_read").count() == 2


def test_links_to_messages_repeat_nothing_of_the_page_of_a_case(case: Case) -> None:
    """The current view and the rest have no meaning on the page of a conversation."""
    view = View.objects.create(name="Spam", slug="spam-only", filters="label=spam")
    page = signed_in("rita").get(f"{page_of(case)}?view={view.pk}").content.decode()
    links = re.findall(r'href="[^"]*(\?message=[^"]*)"', page)
    assert links
    assert all(re.fullmatch(r"\?message=\d+#m\d+", link) for link in links), links


def test_a_long_conversation_opens_as_far_as_one_page_holds_it(case: Case, monkeypatch: Any) -> None:
    monkeypatch.setattr("ops.moderation.desk.excerpt.PART_SIZE", 12)
    assert numbers(signed_in("rita").get(f"{page_of(case)}?rest=yes")) == list(range(4, 16))


def test_a_decision_may_hide_messages_from_the_rest_of_the_conversation(case: Case) -> None:
    client = signed_in("rita")
    client.post(f"/console/moderation/case/{case.pk}/claim/")
    page = client.get(f"{page_of(case)}?rest=yes")
    assert f"/{case.pk}/decide/?rest=yes" in page.content.decode()
    form = page.context["form"]
    first = Message.objects.get(content="Words 0.")
    sent = {"token": form["token"].value() or case.claim.token, "version": case.version, "label": "spam"}
    client.post(f"/console/moderation/case/{case.pk}/decide/?rest=yes", {**sent, "action": "hide", "hides": [first.pk]})
    first.refresh_from_db()
    assert first.hidden


def test_a_closed_case_shows_its_decisions_and_no_text_before_the_glass_is_broken(breaks: Any, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(state="closed", closed_at=case.first_flag_at)
    client = signed_in("rita")
    page = client.get(page_of(case))
    assert (page.status_code, numbers(page)) == (200, [])
    assert numbers(client.get("/console/moderation/case/?state=closed")) == []
    give_reason(client, page_of(case))
    assert numbers(client.get(page_of(case))) == list(range(5, 16))


# --- Break-glass ---------------------------------------------------------------------------------------------------


def test_leads_see_break_glass_openings_with_the_reason(breaks: Any, talk: Message) -> None:
    give_reason(signed_in("rita"), thread_of(talk), words="Somebody is in danger")
    assert Entry.objects.get(event=Event.GLASS_BROKEN).reason == "Somebody is in danger"
    client = signed_in("lena")
    home = client.get("/console/").content.decode()
    assert "break-glass opening, past 7 days" in home
    page = client.get("/console/moderation/opening/?glass=yes").content.decode()
    assert "Somebody is in danger" in page
    assert "To understand a report" in page
    assert "Break-glass" not in signed_in("rita").get("/console/").content.decode()


def test_a_break_glass_opening_is_not_pending_work_of_its_own_reader(breaks: Any, talk: Message) -> None:
    client = signed_in("lena")
    give_reason(client, thread_of(talk))
    assert "past 24 hours" not in client.get("/console/").content.decode()
    assert "past 24 hours" in signed_in("rosa").get("/console/").content.decode()


def test_a_reason_breaks_no_glass(asks: Any, talk: Message) -> None:
    give_reason(signed_in("rita"), thread_of(talk))
    assert not Opening.objects.filter(broke_glass=True).exists()


@pytest.mark.parametrize(("mode", "openings"), [("reason", 0), ("reported", 1)])
def test_the_reason_of_an_export_is_recorded_as_an_opening(
    mode: str, openings: int, settings: Any, talk: Message
) -> None:
    settings.READING = mode
    requests.submit(
        requests.draft(by=make_exporter("dora"), scope="messages", query="", reason="a test", columns=["content"])
    )
    assert list(Opening.objects.values_list("entry__reason", flat=True)) == ["a test"] * openings
