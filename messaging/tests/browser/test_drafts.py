"""A participant's unsent text is restored when they return, and new messages are marked."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from messaging.models import Draft, Message
from messaging.tests.browsing import OpenPage, check, check_in_each_look, click_in_each_look, in_each_look, sign_in
from messaging.tests.conversations import answer, write

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def invitation(alice: Any, bob: Any) -> Message:
    """Alice invited Bob twice, and he has read neither message; they exchanged messages before."""
    first = write(alice, bob, "Did you find the keys?", read=True)
    reply = answer(first, "They were in the shed.", minute=60 * 24, read=True)
    answer(reply, "Lunch on Friday?", minute=60 * 48)
    return answer(reply, "Or on Saturday?", minute=60 * 48 + 1, sender=alice, receiver=bob)


def test_a_draft_comes_back_until_it_is_sent(page: Page, bob: Any, invitation: Message) -> None:
    address = reverse("messaging:conversation", args=[invitation.conversation_id])
    sign_in(page, bob)
    page.goto(address)
    expect(page.locator(".thread > .new + .message")).to_contain_text("Lunch on Friday?")
    expect(page.locator(".thread > .day")).to_have_count(3)
    for _ in in_each_look(page):
        own, theirs = page.locator(".message.is-own").bounding_box(), page.locator(".message").first.bounding_box()
        assert own and theirs and own["x"] + own["width"] > theirs["x"] + theirs["width"] and own["x"] > theirs["x"]
        check(page)

    page.get_by_label("Your reply").fill("With pleasure, but")
    expect(page.get_by_text("Draft saved.")).to_be_visible()
    page.get_by_label("Your reply").press_sequentially(" where?")
    page.get_by_role("link", name="Inbox").click()  # immediately: the draft is saved on leaving
    page.wait_for_url(f"**{reverse('messaging:inbox')}")
    page.goto(address)
    expect(page.get_by_label("Your reply")).to_have_value("With pleasure, but where?")
    expect(page.get_by_text("It has not been sent.")).to_be_visible()
    check_in_each_look(page)

    click_in_each_look(page, page.get_by_role("button", name="Send reply"))
    expect(page.get_by_role("status")).to_have_text("Your reply was sent.")
    expect(page.get_by_label("Your reply")).to_have_value("")
    assert not Draft.objects.exists()
    assert Message.objects.filter(content="With pleasure, but where?").exists()


def test_a_draft_can_be_discarded_and_enter_sends_instead(open_page: OpenPage, alice: Any, bob: Any) -> None:
    page = open_page()
    sign_in(page, bob)
    page.goto(reverse("messaging:compose"))
    page.get_by_label("To").fill("alice")
    page.get_by_label("Message", exact=True).fill("Nothing")
    expect(page.get_by_text("Draft saved.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("To")).to_have_value("alice")
    page.get_by_role("button", name="Discard draft").click()
    expect(page.get_by_label("Message", exact=True)).to_have_value("")
    assert not Draft.objects.exists()
    page.get_by_label("Message", exact=True).fill("Something")
    expect(page.get_by_text("Draft saved.")).to_be_visible()
    page.reload()
    page.get_by_label("To").fill("alice")
    page.get_by_label("To").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Your message was sent.")
    assert not Draft.objects.exists()
