"""Whoever is sent a message's text has an entry that names the message, whichever page, list or file it came by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.audit.models import Entry
from ops.audit.readings import ids_of
from ops.events import ConsoleEvent
from ops.exports import requests
from ops.exports.tests.exporting import confirmed, make_exporter
from ops.files.tests.conftest import folder
from ops.imports.tests.screens import bring, csv_of
from ops.imports.tests.screens import message as row
from ops.tests.roles import PEOPLE
from ops.tests.test_who_may_open_what import address, keys_of_rows, links, opened_by, signed_in

__all__ = ["folder"]

pytestmark = pytest.mark.once

STAFF = PEOPLE[2:]
SEES = {"rita": {"text", "older"}, "lena": {"text", "older"}, "dan": {"text"}, "rosa": {"text", "older"}}
CANARY = re.compile(r"canary(text|older)(\d+)x")
MOST_PAGES = 80


@pytest.fixture
def aviary(db: Any, folder: Path) -> dict[str, Any]:
    """Messages whose texts, and older texts, say which message they are of; the keys of a row of each model."""
    alice, bob = make_user("alice"), make_user("bob")
    first = write(alice, bob)
    messages = [first, answer(first, minute=1), answer(first, minute=2), write(bob, alice, minute=3)]
    messages += [answer(messages[1], minute=number) for number in range(4, 8)]
    for message in messages:
        message.content = f"canaryolder{message.pk}x"
        message.save()
        message.content = f"canarytext{message.pk}x of the aviary"
        message.save()
    first.histories.exclude(old_content__contains="canary").delete()
    return keys_of_rows(alice, bob, first)


def seen(content: bytes) -> set[tuple[str, int]]:
    """The canaries in an answer: ("text" or "older", the id of the message)."""
    return {(kind, int(number)) for kind, number in CANARY.findall(content.decode(errors="replace"))}


def recorded(user: str) -> set[tuple[str, int]]:
    """What the entries of a person say that they were shown."""
    details = list(Entry.objects.filter(actor_name=user).values_list("details", flat=True))
    names = (("text", "messages"), ("older", "histories"))
    return {
        (kind, number)
        for kind, name in names
        for number in chain.from_iterable(ids_of(one.get(name, ())) for one in details if isinstance(one, dict))
    }


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def crawl(client: Client, pages: list[str]) -> Iterator[tuple[str, bytes]]:
    """Each page once, and MOST_PAGES of what they link to and of what that links to."""
    waiting, known = list(pages), set(pages)
    while waiting:
        at = waiting.pop(0)
        response = client.get(at)
        yield at, body(response)
        if response.status_code == 200 and not response.streaming:
            found = {link for link in links(response, at) if link.startswith("/console/") and "logout" not in link}
            found -= known
            new = sorted(found)[: len(pages) + MOST_PAGES - len(known)]
            known |= set(new)
            waiting += new


def shown_and_recorded(who: str, keys: dict[str, Any]) -> dict[str, set[tuple[str, int]]]:
    """What each page that shows texts shows to somebody; all of it is recorded, and is of the kinds that they see."""
    shown = {}
    for at, content in crawl(signed_in(who), [address(name, keys) for name in opened_by(who) if name != "login"]):
        if texts := seen(content):
            shown[at] = texts
            assert texts <= recorded(who), at
    assert {kind for texts in shown.values() for kind, _ in texts} == SEES.get(who, set())
    return shown


# For those who see some, test_least_reading.py begins with the same pages.
@pytest.mark.parametrize("who", [who for who in STAFF if who not in SEES])
def test_who_reads_no_messages_is_shown_no_text_by_any_page(who: str, aviary: dict[str, Any]) -> None:
    assert shown_and_recorded(who, aviary) == {}


@pytest.mark.parametrize(("who", "kinds"), [("dan", {"text"}), ("rosa", {"text", "older"})])
def test_an_export_is_recorded_message_by_message(who: str, kinds: set[str], aviary: dict[str, Any]) -> None:
    client = signed_in(who)
    user = client.get("/console/").wsgi_request.user
    confirmed(client, user)
    form = {"reason": "a test", "format": "csv", "histories": "on"}
    boxes = client.get("/console/messaging/message/export/").context["form"].columns
    response = client.post(
        "/console/messaging/message/export/", {**form, **{box.html_name: "on" for box in boxes}}, follow=True
    )
    page = response.redirect_chain[-1][0].partition("?")[0]
    assert client.get(page.replace("/change/", "/download/")).status_code == 200
    (entry,) = Entry.objects.filter(event="export.made", actor_name=who)
    ids = set(Message.objects.values_list("pk", flat=True))
    assert set(chain.from_iterable(range(run.first, run.last + 1) for run in entry.shown.all())) == ids
    assert entry.details["histories"] is ("older" in kinds)


def test_a_preview_that_compares_with_stored_texts_is_recorded(aviary: dict[str, Any]) -> None:
    stored = Message.objects.order_by("pk").first()
    assert stored is not None
    Message.objects.filter(pk=stored.pk).update(external_id="1")
    client = signed_in("dan")
    import_ = bring(client, csv_of(row("1", content="other words", timestamp=stored.timestamp.isoformat())))
    page = client.get(f"/console/imports/import/{import_.pk}/change/").content
    assert seen(page) == {("text", stored.pk)}
    assert seen(page) <= recorded("dan")


def test_a_preview_does_not_show_what_became_an_older_text(aviary: dict[str, Any]) -> None:
    stored = Message.objects.order_by("pk").first()
    assert stored is not None
    Message.objects.filter(pk=stored.pk).update(external_id="1")
    client = signed_in("dan")
    import_ = bring(client, csv_of(row("1", content="other words", timestamp=stored.timestamp.isoformat())))
    stored.content = "entirely new"
    stored.save()
    assert seen(client.get(f"/console/imports/import/{import_.pk}/change/").content) == set()


def test_an_export_holds_nothing_that_its_entry_does_not_name(aviary: dict[str, Any]) -> None:
    """A message that matches the filter only since it was asked for is left out."""
    first, late = Message.objects.order_by("pk")[0], Message.objects.order_by("pk")[1]
    late.histories.all().delete()
    Message.objects.filter(pk=late.pk).update(edited=False)
    dora = make_exporter("dora")
    export = requests.submit(
        requests.draft(by=dora, scope="messages", query="edited=yes", reason="a test", columns=["content"])
    )
    late.refresh_from_db()
    late.content = f"canarytext{late.pk}x again"
    late.save()
    sent = seen(b"".join(requests.stream(export)))
    assert ("text", first.pk) in sent
    assert ("text", late.pk) not in sent


def test_the_history_of_a_message_finds_every_list_page_and_file_that_showed_it(aviary: dict[str, Any]) -> None:
    first, last = Message.objects.order_by("pk")[0], Message.objects.order_by("-pk")[0]
    client = signed_in("rita")
    client.get("/console/messaging/message/")
    client.get(f"/console/messaging/message/{last.pk}/change/")
    client.get(f"/console/messaging/conversation/{first.conversation_id}/change/")
    events = list(Entry.objects.concerning("messaging.message", str(last.pk)).values_list("event", flat=True))
    assert sorted(events) == ["conversation.read", "list.read", ConsoleEvent.MESSAGE_READ]


def test_the_same_page_again_leaves_no_second_entry_but_the_next_one_does(aviary: dict[str, Any]) -> None:
    client = signed_in("rita")
    for _ in range(2):
        client.get("/console/messaging/message/")
        client.get("/console/messaging/message/?unread=yes")
    assert Entry.objects.filter(event="list.read").count() == 1
    assert Entry.objects.filter(event="search.made").count() == 1
    alice, bob = Message.objects.order_by("pk")[0].sender, Message.objects.order_by("pk")[0].receiver
    write(alice, bob, minute=9)
    client.get("/console/messaging/message/")
    assert Entry.objects.filter(event="list.read").count() == 2
