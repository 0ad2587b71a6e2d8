"""Corrections are not moderation: each has a reason, participants see that staff edited, none overwrites another."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from messaging.editors import editing_as
from messaging.models import Message
from messaging.tests.conversations import write
from messaging.texts import hiding
from ops.admin.messages import MessageAdmin
from ops.audit.models import TARGET_COPIES, Entry
from ops.conftest import READING, make_staff
from ops.events import ConsoleEvent

CHANGED = "The text was changed after you opened it. Nothing was saved"
VISIBLE = "The current text stays visible to both participants"


@pytest.fixture
def lea(client: Client, db: Any) -> Client:
    """The browser of Lea, who may correct messages."""
    client.force_login(make_staff("lea", *READING, "change_message"))
    return client


@pytest.fixture
def message(alice: Any, bob: Any) -> Message:
    return write(alice, bob, "tpyo")


def page_of(message: Message) -> str:
    return reverse("admin:messaging_message_change", args=[message.pk])


def form_of(client: Client, message: Message, **typed: Any) -> dict[str, Any]:
    """Return the form on the page of a message, with ``typed`` filled in."""
    form = client.get(page_of(message)).context["adminform"].form
    return {"revision": form["revision"].value(), "reason": "a typo", **typed}


def entries() -> list[str]:
    return list(Entry.objects.filter(event=ConsoleEvent.MESSAGE_EDITED).values_list("reason", flat=True))


def test_the_reason_is_kept_in_the_trail(lea: Client, message: Message) -> None:
    lea.post(page_of(message), form_of(lea, message, content="typo", reason="Alice wrote to us"))
    assert entries() == ["Alice wrote to us"]
    assert Message.objects.get().content == "typo"


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("", "Enter a reason: it is kept in the audit trail, with your name."),
        (" \n ", "Enter a reason: it is kept in the audit trail, with your name."),
        ("x" * 1_001, "The reason has 1001 characters: shorten it to 1000."),
        ("a\x00b", "The reason holds a character that cannot be stored: write it again."),
    ],
)
def test_without_a_reason_nothing_is_saved_and_nothing_typed_is_lost(
    lea: Client, message: Message, reason: str, sentence: str
) -> None:
    page = lea.post(page_of(message), form_of(lea, message, content="typo <b>", reason=reason)).content.decode()
    assert sentence in page and "typo &lt;b&gt;</textarea>" in page
    assert (Message.objects.get().content, entries()) == ("tpyo", [])


def test_an_unchanged_text_needs_no_reason(lea: Client, message: Message) -> None:
    response = lea.post(page_of(message), form_of(lea, message, content="tpyo", reason=""), follow=True)
    assert "Nothing was changed." in response.content.decode()


def test_a_correction_of_a_text_that_was_changed_meanwhile_is_refused_with_both(lea: Client, message: Message) -> None:
    first = form_of(lea, message, content="mine <i>", reason="my reason")
    lea.post(page_of(message), form_of(lea, message, content="theirs <b>"))
    response = lea.post(page_of(message), first)
    page = response.content.decode()
    assert CHANGED in page and "theirs &lt;b&gt;</p>" in page
    assert "mine &lt;i&gt;</textarea>" in page and "my reason</textarea>" in page
    assert (Message.objects.get().content, entries()) == ("theirs <b>", ["a typo"])
    again = first | {"revision": response.context["adminform"].form["revision"].value()}
    lea.post(page_of(message), again)
    assert Message.objects.get().content == "mine <i>"
    assert list(Message.objects.get().histories.values_list("old_content", flat=True)) == ["tpyo", "theirs <b>"]


def test_a_change_just_before_saving_is_found_as_well(lea: Client, message: Message, monkeypatch: Any) -> None:
    form = form_of(lea, message, content="mine")
    read = MessageAdmin.shown_on_page

    def change_afterwards(*args: Any) -> Any:
        shown = read(*args)
        monkeypatch.setattr(MessageAdmin, "shown_on_page", read)
        Message.objects.filter(pk=message.pk).update(content="theirs")
        return shown

    monkeypatch.setattr(MessageAdmin, "shown_on_page", change_afterwards)
    page = lea.post(page_of(message), form).content.decode()
    assert CHANGED in page and "theirs</p>" in page and "mine</textarea>" in page
    assert (Message.objects.get().content, entries()) == ("theirs", [])


def test_two_identical_corrections_are_no_conflict(lea: Client, message: Message) -> None:
    first = form_of(lea, message, content="typo")
    lea.post(page_of(message), form_of(lea, message, content="typo"))
    assert "Nothing was changed." in lea.post(page_of(message), first, follow=True).content.decode()
    assert len(entries()) == 1


def test_an_edit_by_the_author_in_the_meantime_is_not_overwritten(lea: Client, message: Message, alice: Any) -> None:
    form = form_of(lea, message, content="mine")
    author = Client()
    author.force_login(alice)
    author.post(reverse("messaging:edit", args=[message.pk]), {"content": "hers", "revision": 1})
    assert CHANGED in lea.post(page_of(message), form).content.decode()
    assert Message.objects.get().content == "hers"


def test_both_participants_see_an_edit_by_staff_without_a_name(
    lea: Client, message: Message, alice: Any, bob: Any
) -> None:
    lea.post(page_of(message), form_of(lea, message, content="typo", reason="a secret reason"))
    for person in (alice, bob):
        client = Client()
        client.force_login(person)
        for page in (
            reverse("messaging:conversation", args=[message.conversation_id]),
            reverse("messaging:history", args=[message.pk]),
        ):
            text = client.get(page).content.decode()
            assert "by staff" in text and "lea" not in text.replace("please", "") and "secret" not in text
        assert (
            '<span class="chip">edited by staff</span>'
            in client.get(reverse("messaging:conversation", args=[message.conversation_id])).content.decode()
        )


def test_edits_show_who_corrected_and_why(lea: Client, message: Message, alice: Any) -> None:
    with editing_as(alice):
        Message.objects.filter(pk=message.pk).update(content="tpyo!")
    for text, reason in (("typo", "as <b>Alice</b> asked"), ("typo.", "a full stop")):
        lea.post(page_of(message), form_of(lea, message, content=text, reason=reason))
    thread = reverse("admin:messaging_conversation_change", args=[message.conversation_id])
    lea.force_login(make_staff("rita", *READING))
    for address in (page_of(message), thread):
        edits = lea.get(address).content.decode().split('<ol class="edits">')[1].split("</ol>")[0].split("<li>")[1:]
        assert "by <bdi>alice</bdi>" in edits[0] and "Reason" not in edits[0]
        assert "by <bdi>lea</bdi>" in edits[1] and "Reason: <bdi>as &lt;b&gt;Alice&lt;/b&gt; asked</bdi>" in edits[1]
        assert "by <bdi>lea</bdi>" in edits[2] and "Reason: <bdi>a full stop</bdi>" in edits[2]


def test_without_permission_for_edits_no_reason_is_shown(lea: Client, message: Message) -> None:
    lea.post(page_of(message), form_of(lea, message, content="typo", reason="a private reason"))
    lea.force_login(make_staff("otto", "view_conversation", "view_message"))
    for address in (page_of(message), reverse("admin:messaging_conversation_change", args=[message.conversation_id])):
        page = lea.get(address)
        assert page.status_code == 200 and "a private reason" not in page.content.decode()


def test_an_erased_reason_is_not_shown(lea: Client, message: Message) -> None:
    lea.post(page_of(message), form_of(lea, message, content="typo", reason="as Alice asked"))
    Entry.objects.filter(event=ConsoleEvent.MESSAGE_EDITED).empty_copies(
        [*TARGET_COPIES, "target_salt"], at=timezone.now()
    )
    page = lea.get(page_of(message)).content.decode()
    assert "by <bdi>lea</bdi>" in page and "as Alice asked" not in page and "Reason: " not in page


def test_an_edit_by_an_erased_staff_account_is_still_marked_as_staff(lea: Client, message: Message) -> None:
    lea.post(page_of(message), form_of(lea, message, content="typo"))
    get_user_model().objects.get(username="lea").delete()
    lea.force_login(make_staff("rita", *READING))
    assert "by staff (account erased)" in lea.get(page_of(message)).content.decode()
    assert "staff (account erased)" in lea.get(reverse("admin:messaging_messagehistory_changelist")).content.decode()


def test_reasons_cost_one_query_and_none_where_no_staff_edited(lea: Client, message: Message, alice: Any) -> None:
    def asked() -> int:
        lea.get(page_of(message))  # fills the caches and records the reading
        with CaptureQueriesContext(connection) as queries:
            lea.get(page_of(message))
        return sum("SELECT" in one["sql"] and ConsoleEvent.MESSAGE_EDITED in one["sql"] for one in queries)

    with editing_as(alice):
        Message.objects.update(content="hers")
    assert asked() == 0
    for text in ("typo", "typo."):
        lea.post(page_of(message), form_of(lea, message, content=text))
    assert asked() == 1


def test_edits_of_the_author_and_of_staff_are_distinguished(lea: Client, message: Message, alice: Any) -> None:
    author = Client()
    author.force_login(alice)
    thread = reverse("messaging:conversation", args=[message.conversation_id])
    author.post(reverse("messaging:edit", args=[message.pk]), {"content": "hers"})
    page = author.get(thread).content.decode()
    assert '<span class="chip">edited</span>' in page and "by staff" not in page
    lea.post(page_of(message), form_of(lea, message, content="ours"))
    page = author.get(thread).content.decode()
    assert '<span class="chip">edited 2×</span>' in page and '<span class="chip">edited by staff</span>' in page


def test_the_page_says_that_the_old_text_stays_visible_and_where_texts_are_hidden(
    lea: Client, message: Message
) -> None:
    page = lea.get(page_of(message)).content.decode()
    report = reverse("admin:moderation_flag_message", args=[message.pk])
    assert VISIBLE in page and report not in page
    lea.force_login(make_staff("otto", *READING, "change_message", "flag_message"))
    page = lea.get(page_of(message)).content.decode()
    assert VISIBLE in page and f'To take a text away from them, <a href="{report}">report the message</a>' in page
    hiding.hide([message.pk])
    page = lea.get(page_of(message)).content.decode()
    assert VISIBLE not in page and "Participants read no text of this message: it is hidden." in page
    Message.objects.filter(pk=message.pk).update(hidden=False, redaction=1)
    assert VISIBLE not in lea.get(page_of(message)).content.decode()
