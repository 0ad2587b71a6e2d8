"""All that participants can do, in a real browser, at both widths and in both colour schemes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from messaging.models import Message
from messaging.tests.browsing import OpenPage, check_in_each_look, click_in_each_look, sign_in
from messaging.tests.conversations import answer, write

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def assert_page_is_sound(page: Page) -> None:
    """Check what must be true of every page, in each look."""
    check_in_each_look(page)
    assert page.locator("h1").count() == 1
    assert not page.locator("[style], [onclick], script:not([src]), style").count()


@pytest.fixture
def invitation(alice: Any, bob: Any) -> Message:
    """Alice invited Bob, who has not replied yet; they exchanged messages before."""
    old = write(bob, alice, "Did you find the keys?", read=True)
    answer(old, "They were in the shed.", read=True)
    return write(alice, bob, "Lunch on Friday?", timestamp=timezone.now())


def test_from_the_inbox_to_an_answer_and_its_edit(page: Page, bob: Any, invitation: Message) -> None:
    sign_in(page, bob)
    page.goto(reverse("messaging:inbox"))
    assert_page_is_sound(page)
    expect(page.locator(".row").first).to_contain_text("Lunch on Friday?")
    expect(page.locator(".row").first).to_contain_text("1 unread")

    click_in_each_look(page, page.get_by_role("link", name="alice").first)
    assert_page_is_sound(page)
    page.get_by_label("Your reply").fill("With pleasure.\nWhere?")
    click_in_each_look(page, page.get_by_role("button", name="Send reply"))
    expect(page.get_by_role("status")).to_have_text("Your reply was sent.")
    assert_page_is_sound(page)
    sent = Message.objects.get(parent_message=invitation)
    assert sent.content == "With pleasure.\nWhere?"
    assert page.url.endswith(f"#m{sent.pk}")
    expect(page.get_by_text("unread")).to_have_count(0)  # replying marked it as read

    click_in_each_look(page, page.locator(f"#m{sent.pk}").get_by_role("link", name="Edit"))
    assert_page_is_sound(page)
    page.get_by_label("Text").fill("With pleasure.\nWhen?")
    click_in_each_look(page, page.get_by_role("button", name="Save changes"))
    details = page.locator(f"#m{sent.pk} details")
    expect(details.locator("del")).to_be_hidden()
    click_in_each_look(page, details.locator("summary"))
    expect(details.locator("del")).to_contain_text("Where")
    expect(details.locator("ins")).to_contain_text("When")
    assert_page_is_sound(page)

    click_in_each_look(page, page.get_by_role("link", name="Inbox"))
    expect(page.get_by_text("everything read")).to_be_visible()


def test_signing_in_writing_and_deleting_the_account(page: Page, alice: Any, bob: Any, invitation: Message) -> None:
    sign_in(page, bob)
    page.goto(reverse("messaging:compose"))
    page.get_by_label("To").fill("nobody")
    page.get_by_label("Message", exact=True).fill("hello")
    click_in_each_look(page, page.get_by_role("button", name="Send message"))
    expect(page.locator(".errorlist")).to_contain_text("Nobody here is called “nobody”")
    assert_page_is_sound(page)
    page.get_by_label("To").fill("alice")
    click_in_each_look(page, page.get_by_role("button", name="Send message"))
    expect(page.get_by_role("status")).to_have_text("Your message was sent.")

    page.goto(reverse("messaging:conversation", args=[invitation.conversation_id]))
    click_in_each_look(page, page.get_by_role("button", name="Mark 1 message as read"))
    expect(page.get_by_role("status")).to_have_text("1 message is marked as read.")
    assert_page_is_sound(page)

    click_in_each_look(page, page.get_by_role("link", name="Delete my account"))
    assert_page_is_sound(page)
    button = page.get_by_role("button", name=re.compile("Delete my account and 4 messages for good"))
    page.get_by_label("Your password").fill("wrong")
    click_in_each_look(page, button)
    expect(page.locator(".errorlist")).to_have_text("Wrong password. Nothing was deleted.")
    assert_page_is_sound(page)
    page.get_by_label("Your password").fill("bob's password")
    click_in_each_look(page, button)
    expect(page.get_by_role("heading")).to_have_text("Goodbye")
    assert_page_is_sound(page)
    assert not get_user_model().objects.filter(pk=bob.pk).exists()
    assert not Message.objects.exists()


def test_everything_can_be_done_by_keyboard(page: Page, bob: Any, invitation: Message) -> None:
    sign_in(page, bob)
    page.goto(reverse("messaging:inbox"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")  # New message
    page.keyboard.press("Tab")
    expect(page.locator(".row-link").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/messages/*/")
    page.get_by_label("Your reply").focus()
    page.keyboard.type("Yes!")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Your reply was sent.")


def test_the_pages_work_without_javascript(open_page: OpenPage, bob: Any, invitation: Message) -> None:
    page = open_page(javascript=False)
    sign_in(page, bob)
    page.goto(reverse("messaging:conversation", args=[invitation.conversation_id]))
    page.get_by_label("Your reply").fill("Yes!")
    page.get_by_role("button", name="Send reply").click()
    expect(page.get_by_role("status")).to_have_text("Your reply was sent.")


def test_after_signing_out_going_back_shows_nothing_private(page: Page, bob: Any, invitation: Message) -> None:
    sign_in(page, bob)
    page.goto(reverse("messaging:inbox"))
    expect(page.get_by_text("Lunch on Friday?")).to_be_visible()
    page.context.clear_cookies()
    page.goto(reverse("messaging:goodbye"))
    page.go_back()
    expect(page.get_by_text("Lunch on Friday?")).to_have_count(0)
