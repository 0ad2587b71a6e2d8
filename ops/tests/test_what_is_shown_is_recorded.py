"""Each person who is sent a message's text has an entry that names the message, whatever page, list or file has it."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from messaging.models import Message
from messaging.tests.conversations import write
from ops.audit.models import Entry
from ops.events import ConsoleEvent
from ops.exports import requests
from ops.exports.tests.exporting import confirmed, make_exporter
from ops.files.tests.conftest import folder
from ops.imports.tests.screens import bring, csv_of
from ops.imports.tests.screens import message as row
from ops.tests.asking import signed_in
from ops.tests.roles import PEOPLE
from ops.tests.walks import Walk, recorded, seen, stored_birds, walk

__all__ = ["folder", "walk"]

pytestmark = pytest.mark.once

STAFF = PEOPLE[2:]
SEES = {"rita": {"text", "older"}, "lena": {"text", "older"}, "dan": {"text"}, "rosa": {"text", "older"}}


@pytest.fixture
def aviary(db: Any, folder: Path) -> dict[str, Any]:
    """Store messages whose texts and older texts name their message; return the key of a row of each model."""
    return stored_birds()


@pytest.mark.parametrize("who", STAFF)
def test_every_page_with_a_text_is_recorded(who: str, walk: Walk) -> None:
    """Covers every page with texts among the addresses of the table and the links of pages. Other pages show none."""
    assert walk.unrecorded == {}
    assert {kind for texts in walk.shown.values() for kind, _ in texts} == SEES.get(who, set())


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


def test_a_preview_does_not_show_a_text_that_was_edited_since(aviary: dict[str, Any]) -> None:
    stored = Message.objects.order_by("pk").first()
    assert stored is not None
    Message.objects.filter(pk=stored.pk).update(external_id="1")
    client = signed_in("dan")
    import_ = bring(client, csv_of(row("1", content="other words", timestamp=stored.timestamp.isoformat())))
    stored.content = "entirely new"
    stored.save()
    assert seen(client.get(f"/console/imports/import/{import_.pk}/change/").content) == set()


def test_an_export_holds_nothing_that_its_entry_does_not_name(aviary: dict[str, Any]) -> None:
    """A message that only matches the filter since the export was requested is left out."""
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
