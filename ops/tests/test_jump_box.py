"""The jump box finds what its user may open, reveals nothing else, and records what was typed in the audit trail."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.examples import examples
from messaging.tests.pseudo import ACCENTED, pseudo, speaking
from ops.audit import scrubbing
from ops.audit.events import Event
from ops.audit.models import Entry
from ops.tests.asking import EXPECTED, address, make_staff, signed_in, status
from ops.tests.roles import PEOPLE
from ops.tests.test_who_may_open_what import keys

__all__ = ["keys"]

JUMP = reverse("admin:jump")


def jump(client: Client, text: str) -> Any:
    return client.get(JUMP, {"q": text})


def leads_to(client: Client, text: str) -> list[str]:
    """Return the addresses that the jump box found."""
    response = jump(client, text)
    if response.status_code == 302:
        return [response["Location"]]
    assert response.status_code == 200
    return [one.address for one in response.context["found"]]


def page(model: str, key: Any) -> str:
    return reverse(f"admin:{model}_change", args=[key])


@pytest.fixture
def message(keys: dict[str, Any]) -> Message:
    message = Message.objects.get(pk=keys["messaging/message/"])
    Message.objects.filter(pk=message.pk).update(external_id="irc-4711")
    return message


def test_a_number_leads_to_the_message_or_conversation(message: Message) -> None:
    client = signed_in("rita")
    own, whole = page("messaging_message", message.pk), page("messaging_conversation", message.conversation_id)
    for text in (f"message {message.pk}", f"Message #{message.pk}", f" message no. {message.pk} "):
        assert leads_to(client, text) == [own]
    for text in (f"conversation {message.conversation_id}", f"conv {message.conversation_id}"):
        assert leads_to(client, text) == [whole]
    for text in (str(message.pk), f"#{message.pk}"):
        assert own in leads_to(client, text)
    assert leads_to(client, f"user {message.sender_id}") == []


def test_an_external_id_leads_to_its_message(message: Message) -> None:
    assert leads_to(signed_in("rita"), "irc-4711") == [page("messaging_message", message.pk)]
    assert leads_to(signed_in("rita"), "irc-471") == []


def test_a_username_leads_to_the_person(keys: dict[str, Any]) -> None:
    make_user("alicia")
    alice = page("accounts_user", keys["accounts/user/"])
    assert leads_to(signed_in("sue"), "alice") == [alice]
    assert alice in leads_to(signed_in("sue"), "ALI")
    assert len(leads_to(signed_in("sue"), "ALI")) == 2


def test_results_are_grouped_below_headings_in_every_language(keys: dict[str, Any]) -> None:
    make_user("alicia")
    with speaking(ACCENTED):
        groups = jump(signed_in("sue"), "ali").context["groups"]
        assert [(title, len(found)) for title, found in groups] == [(pseudo("People"), 2)]


def test_a_reviewer_is_led_to_a_tab_that_they_may_open(keys: dict[str, Any]) -> None:
    make_user("alicia")  # has written nothing, so no list of a reviewer shows this person
    alice = reverse("admin:accounts_user_conversations", args=[keys["accounts/user/"]])
    assert leads_to(signed_in("rita"), "alice") == [alice]
    assert leads_to(signed_in("rita"), "alicia") == []


@pytest.mark.parametrize("beginning", ["", "https://console.example.org", "//elsewhere.example.org"])
def test_a_pasted_address_leads_to_its_page_and_never_to_another_site(beginning: str, message: Message) -> None:
    own = page("messaging_message", message.pk)
    assert leads_to(signed_in("rita"), f"{beginning}{own}?edits=1#edits") == [f"{own}?edits=1#edits"]


def test_an_address_below_a_row_leads_to_the_row(keys: dict[str, Any]) -> None:
    alice = page("accounts_user", keys["accounts/user/"])
    assert leads_to(signed_in("sue"), alice.replace("change", "password")) == [alice]


def test_an_address_of_a_list_keeps_its_filters(keys: dict[str, Any]) -> None:
    found = f"{reverse('admin:accounts_user_changelist')}?staff=yes"
    assert leads_to(signed_in("sue"), f"http://localhost:8000{found}") == [found]


def test_an_address_of_a_participant_leads_to_the_conversation(message: Message) -> None:
    inbox = f"http://localhost/messages/{message.conversation_id}/"
    assert leads_to(signed_in("rita"), inbox) == [page("messaging_conversation", message.conversation_id)]
    assert leads_to(signed_in("sue"), inbox) == []


@pytest.mark.parametrize(
    "text", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/sign-out/", "http://["]
)
def test_other_addresses_lead_nowhere(text: str, keys: dict[str, Any]) -> None:
    assert leads_to(signed_in("rosa"), text) == []


def test_a_page_is_found_by_its_name(keys: dict[str, Any]) -> None:
    client = signed_in("dan")
    assert leads_to(client, "exp") == [reverse("admin:exports_export_changelist")]
    assert leads_to(client, "data") == [
        *(
            reverse(f"admin:{name}_changelist")
            for name in ("imports_import", "moderation_flagimport", "exports_export", "jobs_job")
        ),
        reverse("admin:dashboard_data"),
    ]
    assert leads_to(client, "audit") == []
    assert leads_to(client, "keyboard") == [reverse("admin:keyboard")]


def test_an_id_leads_to_its_row(keys: dict[str, Any]) -> None:
    for route, who in (("imports/import/", "dan"), ("deletion/deletionrequest/", "lena")):
        found = page(route.strip("/").replace("/", "_"), keys[route])
        assert leads_to(signed_in(who), str(keys[route])) == [found]
        assert leads_to(signed_in("rita"), str(keys[route])) == []


# --- Nothing else is revealed --------------------------------------------------------------------------------------


@pytest.mark.once
@pytest.mark.parametrize("who", PEOPLE[2:])
def test_pages_that_would_be_refused_are_not_found(who: str, keys: dict[str, Any], message: Message) -> None:
    """Tries every model and every list, by number, id and address."""
    client = signed_in(who)
    rows = {str(key) for key in keys.values()}
    changes = [address(name, keys) for name in EXPECTED if name.endswith(("_change", "_changelist"))]
    found_by = {
        found: text for text in (*rows, *changes, "alice", "irc-4711", "a", "e") for found in leads_to(client, text)
    }
    # test_who_may_open_what requests the addresses that open according to the table.
    opens = {address(name, keys) for name, cells in EXPECTED.items() if cells[who].partition("/")[0] == "ok"}
    led: dict[str, int] = {}
    for found, text in found_by.items():
        assert found in opens or (text, found, status(client, found, led)) == (text, found, 200)


@pytest.mark.parametrize("who", ["nils", "sue", "otto", "dan", "rita"])
def test_forbidden_and_missing_rows_give_the_same_page(who: str, keys: dict[str, Any], message: Message) -> None:
    client = signed_in(who)
    pairs = [
        (f"message {message.pk}", "message 987654321"),
        (f"conversation {message.conversation_id}", "conversation 987654321"),
        (page("messaging_message", message.pk), page("messaging_message", 987_654_321)),
        ("irc-4711", "irc-4712"),
        ("alice", "nobody-called-so"),
        (str(keys["imports/import/"]), str(uuid4())),
        (str(keys["jobs/job/"]), str(uuid4())),
    ]
    for there, gone in pairs:
        first, second = jump(client, there), jump(client, gone)
        if first.status_code == 302 or list(first.context["found"]):
            continue  # this role may open it
        assert (there, without_input(first, there)) == (there, without_input(second, gone))


def without_input(answer: Any, typed: str) -> str:
    """Return a page without what was typed, and without what differs in each request."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())
    return page.replace(typed, "…")


# --- The audit trail -----------------------------------------------------------------------------------------------


def test_the_typed_text_is_recorded(message: Message) -> None:
    client = signed_in("rita")
    jump(client, "alice")
    jump(client, "nobody-called-so")
    entries = Entry.objects.filter(event=Event.SEARCH_MADE).order_by("pk")
    assert [(one.actor_name, one.target_label, one.details) for one in entries] == [
        ("rita", "alice", {"results": 1}),
        ("rita", "nobody-called-so", {"results": 0}),
    ]


def test_an_erased_name_is_removed_from_recorded_searches(message: Message) -> None:
    zoe = make_user("zoe")
    jump(signed_in("rita"), "zoe")
    key = zoe.pk
    zoe.delete()
    scrubbing.scrub_person(key, by=None, reason="erased", named=scrubbing.entries_naming(["zoe"], user_id=key))
    assert Entry.objects.get(event=Event.SEARCH_MADE).target_label == ""


def test_an_empty_box_searches_nothing(db: Any) -> None:
    make_staff("rita")
    response = jump(signed_in("rita"), "  ")
    assert response.status_code == 200
    assert not Entry.objects.filter(event=Event.SEARCH_MADE).exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=examples(60))
@given(text=st.text(max_size=400) | st.from_regex(r"[#a-z ]{0,9}[0-9٣]{0,25}", fullmatch=True))
def test_any_text_is_answered(client: Client, rosa: Any, text: str) -> None:
    client.force_login(rosa)
    assert jump(client, text.encode("utf-8", "replace").decode()).status_code in (200, 302)


# --- Texts ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def harbour(message: Message) -> Message:
    Message.objects.filter(pk=message.pk).update(content="Down at the old harbour <b>")
    return message


def test_words_of_texts_are_shown_with_where_they_stand_and_recorded_as_a_search(harbour: Message) -> None:
    client = signed_in("rita")
    shown = jump(client, '"old harbour"').content.decode()
    assert "Down at the <mark>old harbour</mark> &lt;b&gt;" in shown
    at = page("messaging_conversation", harbour.conversation_id)
    assert f'href="{at}?message={harbour.pk}&amp;find=%22old+harbour%22&amp;hits=' in shown
    entry = Entry.objects.get(event=Event.SEARCH_MADE, target_type="messaging.message")
    assert (entry.target_label, entry.details["messages"]) == ('"old harbour"', [[harbour.pk, harbour.pk]])
    assert "Search messages for" in shown


def test_suggestions_while_typing_are_plain_text_and_recorded(harbour: Message) -> None:
    client = signed_in("rita")

    def typing(text: str) -> list[tuple[str, str]]:
        found = client.get(JUMP, {"q": text, "typing": "1"}).json()["found"]
        return [(one["group"], one["title"]) for one in found]

    people = f"{harbour.sender.username} → {harbour.receiver.username}"
    line = f"{people}: Down at the old harbour <b>"
    assert typing("the old harb") == [("Messages", line), ("Messages", "Search messages for “the old harb*”")]
    entries = Entry.objects.filter(event=Event.SEARCH_MADE).order_by("pk").values_list("target_label", "target_type")
    assert list(entries) == [("the old harb", ""), ("the old harb*", "messaging.message")]
    assert Entry.objects.latest("pk").details["messages"] == [[harbour.pk, harbour.pk]]
    # A single result is a choice, too; an unfinished search is no mistake.
    assert typing(f"message {harbour.pk}")[0] == ("By number or ID", f"Message {harbour.pk}")
    assert typing("from:al") == typing('"old har') == typing("old OR") == []
    assert typing(f"from:{harbour.sender.username} harbo")[0] == ("Messages", line)
    assert signed_in("nils").get(JUMP, {"q": "harbour", "typing": "1"}).json() == {"found": []}


def test_the_result_page_shows_what_was_suggested_while_typing(harbour: Message) -> None:
    client = signed_in("rita")
    shown = jump(client, "the old harb").content.decode()
    assert "Down at <mark>the</mark> <mark>old</mark> <mark>harbour</mark>" in shown
    assert "Search messages for “<bdi>the old harb*</bdi>”" in shown and "No match" not in shown
    labels = Entry.objects.filter(target_type="messaging.message").values_list("target_label", flat=True)
    assert list(labels) == ["the old harb*"]
    # A whole word is preferred to a beginning; if neither matches, the whole word is offered.
    assert "Search messages for “<bdi>old</bdi>”" in jump(client, "old").content.decode()
    shown = jump(client, "absence").content.decode()
    assert "Search messages for “<bdi>absence</bdi>”" in shown and "No match" in shown


def test_matching_texts_do_not_prevent_a_direct_jump(harbour: Message) -> None:
    Message.objects.filter(pk=harbour.pk).update(content="irc-4711", external_id="irc-4711")
    assert jump(signed_in("rita"), "irc-4711").status_code == 302


@pytest.mark.parametrize("who", ["nils", "sue", "otto"])
def test_no_text_is_searched_for_those_who_see_no_messages(who: str, harbour: Message) -> None:
    answered = jump(signed_in(who), '"old harbour"')
    assert "texts" not in answered.context or answered.context["texts"] is None
    assert b"Down at" not in answered.content
    assert not Entry.objects.filter(target_type="messaging.message").exists()


def test_no_texts_are_shown_before_a_reason_is_given(harbour: Message, settings: Any) -> None:
    settings.READING = "reason"
    client = signed_in("rita")
    there, not_there = (jump(client, words).content.decode() for words in ("harbour", "absence"))
    assert "Down at" not in there
    assert "Search messages for" in there
    assert there.replace("harbour", "absence").count("<li>") == not_there.count("<li>")


@pytest.mark.parametrize("words", ["is:odd", '"', "from:nobody", "&"])
def test_a_text_that_cannot_be_searched_for_is_no_error(words: str, harbour: Message) -> None:
    answered = jump(signed_in("rita"), words)
    assert answered.status_code == 200
    assert answered.context["texts"] is None


def test_results_are_grouped(message: Message) -> None:
    make_user("message lover")
    shown = jump(signed_in("rosa"), "mess").content.decode()
    assert re.findall("<h2>(People|Pages|Messages)</h2>", shown) == ["People", "Pages", "Messages"]
