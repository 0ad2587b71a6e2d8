"""Hard texts in a real browser: covered, opened by click, by key and without scripts; and a pause."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.models import Message
from messaging.tests.browsing import LOOKS, OpenPage, check_in_each_look, click_in_each_look, sign_in, wear
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.accounts import roles
from ops.moderation import flagging
from ops.moderation.models import Case, Label, Source
from ops.tests.asking import make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WARNING = "Hard to read (Self-harm). Show the text"


@pytest.fixture
def case(transactional_db: Any) -> Case:
    """A case of a conversation with three messages, the second of which was reported as hard to read."""
    roles.set_up()
    label = Label.objects.create(name="Self-harm", slug="self-harm", hard_to_read=True)
    answer(answer(write(make_user("alice"), make_user("bob"), "Hello"), "It hurts", minute=1), "I am here", minute=2)
    reported = Message.objects.get(content="It hurts")
    return flagging.flag(reported, label=label, by=reported.receiver, source=Source.PARTICIPANT).case


def test_a_hard_case_and_a_pause(page: Page, case: Case) -> None:
    sign_in(page, make_staff("rita"))
    page.goto("/console/moderation/case/")
    click_in_each_look(page, page.get_by_role("button", name="Open next case"))
    text = page.get_by_text("It hurts")
    expect(page.get_by_text(WARNING)).to_be_visible()
    expect(text).not_to_be_visible()
    expect(page.get_by_text("1 hard-to-read case today")).to_be_visible()
    check_in_each_look(page)
    page.keyboard.press("v")
    expect(text).to_be_visible()
    page.keyboard.press("v")
    expect(text).not_to_be_visible()
    click_in_each_look(page, page.get_by_text(WARNING))
    expect(text).to_be_visible()
    wear(page, *LOOKS[-1])
    page.locator(".panel > summary").click()
    click_in_each_look(page, page.get_by_role("button", name="Pause"))
    expect(page.get_by_role("heading", name="Take your time")).to_be_visible()
    expect(page.get_by_text("You have read 1 hard-to-read case today.")).to_be_visible()
    check_in_each_look(page)
    page.get_by_label("In half an hour").check()
    click_in_each_look(page, page.get_by_role("button", name="Note it for me"))
    expect(page.get_by_text("You wanted to return at")).to_be_visible()
    page.goto("/console/moderation/case/")
    expect(page.get_by_text("you wanted to pause until")).to_be_visible()
    check_in_each_look(page)


def test_a_thread_covers_hard_texts_without_scripts_too(open_page: OpenPage, case: Case) -> None:
    page = open_page(javascript=False)
    sign_in(page, make_staff("rita"))
    page.goto(f"/console/messaging/conversation/{case.conversation_id}/change/")
    expect(page.get_by_text("It hurts")).not_to_be_visible()
    page.get_by_text(WARNING).click()
    expect(page.get_by_text("It hurts")).to_be_visible()


def test_a_reviewer_chooses_to_show_hard_texts_at_once(page: Page, case: Case) -> None:
    sign_in(page, make_staff("rita"))
    page.goto("/console/covered-texts/")
    check_in_each_look(page)
    page.get_by_label("Show them at once").check()
    click_in_each_look(page, page.get_by_role("button", name="Save"))
    page.goto(f"/console/messaging/conversation/{case.conversation_id}/change/")
    expect(page.get_by_text("It hurts")).to_be_visible()
