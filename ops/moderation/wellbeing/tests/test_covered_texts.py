"""Texts that are hard to read are covered, except for users who chose otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from messaging.tests.conversations import write
from ops.audit.models import ShownMessages
from ops.console.thread.covering import warnings_on
from ops.moderation import erased
from ops.moderation.models import Comfort, Flag, Label
from ops.moderation.tests.desk import decided, lena, message_of, mona, reported, spam

__all__ = ["lena", "mona", "reported", "spam"]
Report = Callable[..., Flag]
INNER = re.compile(r'<details class="(?:edit-log|rest)">.*?</details>', re.DOTALL)  # nested in a covered text
CHOICE = "/console/covered-texts/"


@pytest.fixture
def harm(db: Any) -> Label:
    return Label.objects.create(name="Self-harm", slug="self-harm", hard_to_read=True)


@pytest.fixture
def monas(mona: Any) -> Client:
    client = Client()
    client.force_login(mona)
    return client


def pages_of(flag: Flag) -> list[str]:
    message = message_of(flag)
    return [
        f"/console/moderation/case/{flag.case_id}/change/",
        f"/console/messaging/conversation/{message.conversation_id}/change/",
        f"/console/messaging/message/{message.pk}/change/",
    ]


def covered(client: Client, at: str) -> list[str]:
    """Return what a page covers, each with the words on its cover."""
    return re.findall(r'<details class="covered"><summary>(.*?)</details>', client.get(at).content.decode(), re.DOTALL)


def test_a_hard_text_is_covered_by_a_warning_on_each_page(monas: Client, reported: Report, harm: Label) -> None:
    for at in pages_of(reported(harm)):
        (cover, *_) = covered(monas, at)
        assert cover.startswith("Hard to read (Self-harm). Show the text</summary>"), at
        assert "Send me money" in cover, at


def test_edits_and_changes_are_covered_too(monas: Client, reported: Report, harm: Label) -> None:
    flag = reported(harm)
    message = message_of(flag)
    message.content = "Something else entirely"
    message.save()
    for at in pages_of(flag):
        page = monas.get(at).content.decode()
        assert "entirely" in page, at
        open_parts = re.sub(r'<details class="covered">.*?\n?</details>', "", INNER.sub("", page), flags=re.DOTALL)
        assert "entirely" not in open_parts, at


@pytest.mark.parametrize("at", ["conversation/", "message/", "conversation/?q=money", "message/?q=money"])
def test_lists_show_the_warning_only_and_record_no_reading(
    mona: Any, monas: Client, reported: Report, harm: Label, at: str
) -> None:
    message = message_of(reported(harm))
    page = monas.get(f"/console/messaging/{at}").content.decode()
    assert "<em>Hard to read (Self-harm)</em>" in page
    assert "Send me" not in page
    assert not ShownMessages.objects.filter(first__lte=message.pk, last__gte=message.pk).exists()
    Comfort.objects.create(person=mona, uncovers=True)
    assert "Send" in monas.get(f"/console/messaging/{at}").content.decode()
    assert ShownMessages.objects.filter(first__lte=message.pk, last__gte=message.pk).exists()


@pytest.mark.parametrize("at", ["/console/jump/?q=money", "/console/messaging/message/{}/similar/"])
def test_search_results_and_near_duplicates_show_the_warning_only(
    monas: Client, reported: Report, harm: Label, at: str
) -> None:
    message = message_of(reported(harm))
    same = write(message.receiver, message.sender, message.content)
    page = monas.get(at.format(same.pk)).content.decode()
    assert page.count("<em>Hard to read (Self-harm)</em>") == 1
    assert page.count(">Send me money") + page.count("Send me <mark>money") == 1  # in the message without a report
    assert not ShownMessages.objects.filter(first__lte=message.pk, last__gte=message.pk).exists()


def test_other_texts_are_not_covered(monas: Client, reported: Report, spam: Label) -> None:
    for at in pages_of(reported(spam)):
        assert covered(monas, at) == [], at


def test_texts_of_dismissed_reports_are_not_covered(
    mona: Any, monas: Client, reported: Report, harm: Label, spam: Label
) -> None:
    flag = reported(harm)
    decided(flag.case, mona, spam)
    assert warnings_on(mona, [message_of(flag).pk]) == {}


def test_the_label_of_a_decision_covers_too(mona: Any, reported: Report, harm: Label, spam: Label) -> None:
    flag = reported(spam)
    decided(flag.case, mona, harm)
    assert warnings_on(mona, [message_of(flag).pk]) == {message_of(flag).pk: "Hard to read (Self-harm)"}


def test_reviewers_can_uncover_texts_for_themselves(
    mona: Any, lena: Any, monas: Client, reported: Report, harm: Label
) -> None:
    flag = reported(harm)
    page = monas.post(CHOICE, {"uncovers": "yes"}, follow=True)
    assert "Such texts are shown at once now." in page.content.decode()
    assert all(covered(monas, at) == [] for at in pages_of(flag))
    assert warnings_on(lena, [message_of(flag).pk])
    monas.post(CHOICE, {"uncovers": ""})
    assert all(covered(monas, at) for at in pages_of(flag))


def test_the_queue_covers_hard_texts_whatever_the_choice(monas: Client, reported: Report, harm: Label) -> None:
    reported(harm)
    monas.post(CHOICE, {"uncovers": "yes"})
    page = monas.get("/console/moderation/case/").content.decode()
    assert "Hard to read: open the case" in page
    assert "Send me money" not in page


def test_the_choice_of_an_erased_person_is_deleted(mona: Any, monas: Client) -> None:
    monas.post(CHOICE, {"uncovers": "yes"})
    erased.forget(mona.pk)
    assert not Comfort.objects.exists()
