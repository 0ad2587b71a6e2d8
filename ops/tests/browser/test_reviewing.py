"""A reviewer's day in a real browser: the list, a conversation, a history; by mouse and by keyboard alone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.models import Message
from messaging.tests.browsing import (
    LOOKS,
    NARROW,
    OpenPage,
    check,
    check_in_each_look,
    click_in_each_look,
    open_filters,
    open_from_menu,
    sign_in,
    wear,
)
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.conftest import READING, make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/console/messaging/conversation/"


@pytest.fixture
def edited(transactional_db: Any) -> Message:
    """Alice asks, Bob answers and edits his answer, and Charlie replies to it."""
    alice, bob, charlie = (make_user(name) for name in ("alice", "bob", "charlie"))
    first = write(alice, bob, "Is the bicycle still there?")
    reply = answer(first, "It is, for 40.", minute=1)
    answer(reply, "I would take it too.", minute=2, sender=charlie, receiver=bob)
    reply.content = "It is, for 60."
    reply.save()
    return reply


@pytest.fixture
def rita(transactional_db: Any) -> Any:
    return make_staff("rita", *READING)


@pytest.fixture
def lea(transactional_db: Any) -> Any:
    """Lea reads like Rita, and corrects messages."""
    return make_staff("lea", *READING, "change_message")


def test_from_the_list_to_a_history(page: Page, rita: Any, edited: Message) -> None:
    sign_in(page, rita)
    page.goto("/console/")
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    check_in_each_look(page)
    open_from_menu(page, "Review")
    expect(page.get_by_role("heading", name="Conversations")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="Is the bicycle still there?"))
    expect(page.get_by_role("article")).to_have_count(3)
    click_in_each_look(page, page.get_by_text("Show edit"))
    expect(page.locator("del")).to_contain_text("40")
    expect(page.locator("ins")).to_contain_text("60")
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("region", name="Thread").get_by_role("link", name="#2", exact=True))
    expect(page.locator("article.marked")).to_contain_text("It is, for 60.")
    click_in_each_look(page, page.get_by_role("link", name="Details of message 2"))
    expect(page.get_by_role("heading", name="Message", level=1)).to_be_visible()
    check_in_each_look(page)


def test_by_keyboard_alone(page: Page, rita: Any, edited: Message) -> None:
    sign_in(page, rita)
    page.goto(LIST)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    reach(page, "Is the bicycle still there?")
    page.keyboard.press("Enter")
    expect(page.get_by_role("article")).to_have_count(3)
    reach(page, "Show edit")
    page.keyboard.press("Enter")
    expect(page.locator("del")).to_be_visible()


def reach(page: Page, words: str) -> None:
    """Press Tab until the element with ``words`` has the focus; the focus must be visible at each step."""
    for _ in range(80):
        page.keyboard.press("Tab")
        outline, text = page.evaluate(
            "[getComputedStyle(document.activeElement).outlineStyle, document.activeElement.textContent]"
        )
        assert outline != "none", f"no visible focus on {text!r}"
        if words in text:
            return
    raise AssertionError(f"{words!r} cannot be reached with the Tab key")


def test_without_scripts_everything_can_still_be_read(open_page: OpenPage, rita: Any, edited: Message) -> None:
    page = open_page(javascript=False)
    sign_in(page, rita)
    page.goto(LIST)
    page.get_by_role("link", name="Is the bicycle still there?").click()
    page.get_by_text("Show edit").click()
    expect(page.locator("del")).to_be_visible()


def test_searching_filtering_and_finding_nothing(page: Page, rita: Any, edited: Message) -> None:
    sign_in(page, rita)
    page.goto("/console/messaging/message/")
    check_in_each_look(page)
    page.get_by_label("Search messages").fill("bicycle")
    click_in_each_look(page, page.get_by_role("button", name="Search"))
    expect(page.get_by_role("status")).to_contain_text("1 message")
    wear(page, *LOOKS[-1])  # where the filters are behind a button
    open_filters(page)
    filters = page.get_by_role("navigation", name="Filters").get_by_role("list", name="Edits")
    click_in_each_look(page, filters.get_by_role("link", name="Edited", exact=True))
    expect(page.get_by_text("No match for “bicycle” with these filters.")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("status").get_by_role("link", name="Clear filters"))
    expect(page.get_by_role("status")).to_contain_text("3 messages")


def test_a_long_thread_is_walked_in_parts(open_page: OpenPage, rita: Any, edited: Message) -> None:
    first = edited.parent_message
    assert first is not None
    Message.objects.bulk_create(
        Message(conversation=first.conversation, sender=first.receiver, receiver=first.sender, content=f"more {number}",
                parent_message=first)
        for number in range(300)
    )  # fmt: skip
    page = open_page(NARROW)
    sign_in(page, rita)
    page.goto(f"{LIST}{first.conversation_id}/change/")
    page.get_by_label("Go to message").first.fill("250")
    page.get_by_role("button", name="Go", exact=True).first.click()
    expect(page.locator("article.marked")).to_be_in_viewport()
    expect(page.locator("article.marked")).to_contain_text("#250")
    check(page)
    page.get_by_role("link", name="‹ Previous 200").first.click()
    expect(page.locator(".parts").get_by_text("Messages 1–200 of 303").first).to_be_visible()


def test_correcting_a_text(page: Page, lea: Any, edited: Message) -> None:
    sign_in(page, lea)
    page.goto(f"/console/messaging/message/{edited.pk}/change/")
    click_in_each_look(page, page.get_by_text("Edit text…"))
    box, save = page.get_by_label("Corrected text"), page.get_by_role("button", name="Save correction")
    box.fill("   ")
    click_in_each_look(page, save)
    expect(page.get_by_text("Enter the corrected text.")).to_be_visible()
    check_in_each_look(page)
    box.fill("It was, for 60.")
    click_in_each_look(page, save)
    expect(page.get_by_text("Enter a reason: it is kept in the audit trail, with your name.")).to_be_visible()
    check_in_each_look(page)
    page.get_by_label("Reason for correction").fill("The price was wrong")
    click_in_each_look(page, save)
    expect(page.get_by_text("Text corrected. The previous version is kept below.")).to_be_visible()
    expect(page.locator("#edits")).to_contain_text("by lea")
    check_in_each_look(page)


def test_a_correction_in_a_second_tab_is_refused_with_both_texts(
    open_page: OpenPage, lea: Any, edited: Message
) -> None:
    first = open_page(own=True)
    sign_in(first, lea)
    second = first.context.new_page()
    for tab in (first, second):
        tab.goto(f"/console/messaging/message/{edited.pk}/change/")
        tab.get_by_text("Edit text…").click()
        tab.get_by_label("Reason for correction").fill("The price was wrong")
    expect(first.get_by_text("The current text stays visible to both participants")).to_be_visible()
    first.get_by_label("Corrected text").fill("It was, for 60.")
    first.get_by_role("button", name="Save correction").click()
    expect(first.get_by_text("Text corrected.")).to_be_visible()
    second.get_by_label("Corrected text").fill("It was, for 70.")
    second.get_by_role("button", name="Save correction").click()
    expect(second.get_by_text("The text was changed after you opened it.")).to_be_visible()
    expect(second.locator(".correct .now")).to_have_text("It was, for 60.")
    expect(second.get_by_label("Your text")).to_have_value("It was, for 70.")
    expect(second.get_by_label("Reason for correction")).to_have_value("The price was wrong")
    check_in_each_look(second)
    click_in_each_look(second, second.get_by_role("button", name="Save correction"))
    expect(second.get_by_text("Text corrected.")).to_be_visible()


def test_every_other_page_is_accessible_and_fits(page: Page, transactional_db: Any, edited: Message) -> None:
    """This includes Django's own pages, in the console's look."""
    rosa = make_user("rosa", is_staff=True, is_superuser=True)
    gone, other = make_user("gone"), make_user("other")
    gone.delete()
    page.goto("/console/login/")
    check_in_each_look(page)
    sign_in(page, rosa)
    page.goto(f"/console/accounts/user/{rosa.pk}/change/")
    check_in_each_look(page)  # before she confirms her password
    click_in_each_look(page, page.get_by_role("link", name="Confirm your password to change this…"))
    check_in_each_look(page)
    page.get_by_label("Your password").fill("rosa's password")
    click_in_each_look(page, page.get_by_role("button", name="Confirm"))
    for address in (
        "messaging/messagehistory/",
        "messaging/notification/",
        "deletion/deletionrequest/",
        "deletion/accountdeletion/",
        "accounts/user/add/",
        f"accounts/user/{rosa.pk}/change/",
        f"accounts/user/{other.pk}/password/",
        f"accounts/user/{rosa.pk}/history/",
        "accounts/",
        "auth/group/",
        "auth/group/add/",
        "admin_interface/theme/",
        "admin_interface/theme/1/change/",
        "password_change/",
    ):
        page.goto(f"/console/{address}")
        check_in_each_look(page)
