"""Searching in a real browser: from a search to the message, from hit to hit by keyboard, and mistakes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.models import Message
from messaging.tests.browsing import check, check_in_each_look, click_in_each_look, in_each_look, sign_in
from messaging.tests.cast import make_user
from messaging.tests.conversations import START, answer, write
from ops.conftest import READING, make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def rita(transactional_db: Any) -> Any:
    """Rita reviews."""
    return make_staff("rita", *READING)


@pytest.fixture
def harbour(transactional_db: Any) -> list[Message]:
    """Three messages about a harbour in two conversations, the newest last."""
    alice, bob = make_user("alice"), make_user("bob")
    first = write(alice, bob, "a harbour, once", timestamp=START - timedelta(days=70))
    second = write(bob, alice, f"{'Let me see. ' * 30}The old harbour", minute=2)
    return [first, second, answer(second, "Which HARBOUR?", minute=3)]


def marked(page: Page) -> Any:
    return page.locator(".messages > li:has(> .marked)")


def test_from_what_is_typed_to_the_message_and_from_hit_to_hit(page: Page, rita: Any, harbour: list[Message]) -> None:
    sign_in(page, rita)
    page.goto("/console/messaging/message/")
    click_in_each_look(page, page.get_by_text("How to search"))
    expect(page.get_by_text("sent by this person")).to_be_visible()
    check_in_each_look(page)
    page.get_by_label("Search messages").fill("harbour -boat")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("3 messages")
    check_in_each_look(page)
    bars = page.get_by_role("navigation", name="When they were sent")
    click_in_each_look(page, bars.get_by_role("link", name="January 2026: 2 messages"))
    expect(page.get_by_role("status")).to_contain_text("2 messages")
    check_in_each_look(page)
    page.go_back()
    click_in_each_look(page, page.locator("#result_list a").first)
    expect(marked(page)).to_contain_text("Which HARBOUR?")
    check_in_each_look(page)
    for key, text in (("n", "The old harbour"), ("n", "a harbour, once"), ("p", "The old harbour")):
        page.keyboard.press(key)
        expect(marked(page)).to_contain_text(text)
    click_in_each_look(page, page.get_by_role("link", name="Back to the list"))
    expect(page.get_by_role("status")).to_contain_text("3 messages")


def test_a_mistake_is_shown_where_it_stands(page: Page, rita: Any, harbour: list[Message]) -> None:
    sign_in(page, rita)
    page.goto("/console/messaging/conversation/?q=harbour+colour:red")
    for _ in in_each_look(page):
        expect(page.locator("#search-fault mark")).to_have_text("colour:")
        expect(page.get_by_text("There is no filter “colour:”.")).to_be_visible()
        expect(page.locator("#search-fault code")).to_have_css("font-size", "16px")
        check(page)


def test_the_jump_box_shows_texts(page: Page, rita: Any, harbour: list[Message]) -> None:
    sign_in(page, rita)
    page.goto("/console/")
    page.keyboard.press("/")
    page.keyboard.type("harbo")
    found = page.get_by_role("group", name="Messages").get_by_role("option").filter(has_text="The old harbour")
    expect(found).to_be_visible()
    check_in_each_look(page)
    page.keyboard.type("ur")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Messages")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.locator(".jump-texts a").first)
    expect(marked(page)).to_contain_text("Which HARBOUR?")


def test_near_duplicates_are_found_from_a_message_and_lead_to_theirs(
    page: Page, rita: Any, harbour: list[Message]
) -> None:
    offer = "Win a harbour cruise today, send your number to"
    one, other = (write(make_user(name), harbour[0].receiver, f"{offer} {name}") for name in ("sam", "sue"))
    sign_in(page, rita)
    page.goto(f"/console/messaging/message/{one.pk}/change/")
    click_in_each_look(page, page.get_by_role("link", name="Find near-duplicates"))
    expect(page.get_by_role("heading", name=f"Near-duplicates of message {one.pk}")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link").filter(has_text=f"{offer} sue"))
    expect(page).to_have_url(re.compile(rf"/{other.conversation_id}/|/{other.pk}/"))
