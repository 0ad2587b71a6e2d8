"""Least reading in a real browser, in each mode: from a case to the rest of its conversation, and to other lists."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.models import Message
from messaging.tests.browsing import WIDE, OpenPage, check_in_each_look, click_in_each_look, sign_in
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.accounts import roles
from ops.moderation import flagging
from ops.moderation.models import Case, Label, Source
from ops.tests.asking import make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def case(transactional_db: Any) -> Case:
    """A case of a conversation of twenty messages, whose eleventh was reported, beside another conversation."""
    roles.set_up()
    last = write(make_user("alice"), make_user("bob"), "The first line of it all")
    for number in range(1, 20):
        last = answer(last, "Send me money" if number == 10 else f"Line {number} of our talk", minute=number)
    write(make_user("carol"), make_user("dora"), "Nobody reported this", minute=30)
    reported = Message.objects.get(content="Send me money")
    label = Label.objects.create(name="Scam", slug="scam")
    return flagging.flag(reported, label=label, by=reported.receiver, source=Source.PARTICIPANT).case


def say_why(page: Page, button: str) -> None:
    """Give a reason on the page that requires one."""
    page.get_by_label("To understand a report").check()
    page.get_by_label("In your words").fill("The report is about earlier messages")
    click_in_each_look(page, page.get_by_role("button", name=button))


def test_open_shows_the_rest_on_one_key(open_page: OpenPage, case: Case) -> None:
    page = open_page(WIDE)
    sign_in(page, make_staff("rita"))
    page.goto(f"/console/moderation/case/{case.pk}/change/")
    expect(page.get_by_text("The first line of it all")).to_have_count(0)
    page.keyboard.press("o")
    expect(page.get_by_text("The first line of it all")).to_be_visible()


@pytest.mark.parametrize(
    ("mode", "title", "button"),
    [("reason", "Why do you open this?", "Open"), ("reported", "Break the glass", "Break the glass")],
)
def test_the_rest_and_lists_open_with_a_reason(
    page: Page, case: Case, settings: Any, mode: str, title: str, button: str
) -> None:
    settings.READING = mode
    sign_in(page, make_staff("rita"))
    page.goto(f"/console/moderation/case/{case.pk}/change/")
    expect(page.get_by_text("Send me money")).to_be_visible()
    check_in_each_look(page)
    page.keyboard.press("o")
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("button", name=button))
    expect(page.get_by_role("alert")).to_contain_text("Nothing was opened.")
    check_in_each_look(page)
    say_why(page, button)
    expect(page.get_by_text("The first line of it all")).to_be_visible()
    page.keyboard.press("h")
    expect(page.get_by_text("The first line of it all")).to_be_visible()
    page.goto("/console/messaging/message/")
    expect(page.get_by_text("Nobody reported this")).to_have_count(0)
    expect(page.get_by_text("carol").first).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="Give a reason…"))
    say_why(page, button)
    expect(page.get_by_text("Nobody reported this")).to_be_visible()


def test_leads_find_broken_glass(open_page: OpenPage, case: Case, settings: Any) -> None:
    settings.READING = "reported"
    page = open_page()
    sign_in(page, make_staff("rita"))
    page.goto(f"/console/messaging/conversation/{case.conversation_id}/change/")
    say_why(page, "Break the glass")
    page = open_page()
    sign_in(page, make_staff("lena"))
    page.goto("/console/")
    click_in_each_look(page, page.get_by_role("link", name="break-glass opening, past 7 days"))
    expect(page.get_by_role("heading", name="Openings without a report")).to_be_visible()
    expect(page.get_by_text("The report is about earlier messages")).to_be_visible()
    check_in_each_look(page)
