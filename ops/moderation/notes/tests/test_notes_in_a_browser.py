"""Notes in a real browser, which fails on what the content security policy blocks."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.tests.browsing import LOOKS, WIDE, OpenPage, check_in_each_look, click_in_each_look, sign_in, wear
from ops.accounts.models import User
from ops.moderation.models import Case, Note
from ops.moderation.notes import writing
from ops.moderation.tests.test_reviewing_in_a_browser import desk, rita

__all__ = ["desk", "rita"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_note_is_written_beside_a_conversation_read_on_the_case_and_deleted(
    page: Page, desk: Case, rita: Any
) -> None:
    sign_in(page, rita)
    page.goto(f"/console/messaging/conversation/{desk.conversation_id}/change/")
    wear(page, *LOOKS[-1])
    page.locator(".panel > summary").click()
    click_in_each_look(page, page.get_by_text("Add note", exact=True).first)
    page.get_by_role("textbox", name="Note").fill("He wrote the same to others")
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("button", name="Add note"))
    expect(page.get_by_text("Note added.")).to_be_visible()
    alice = User.objects.get(username="alice")
    writing.add("Warned by telephone on Friday", alice, by=rita)
    page.goto(f"/console/moderation/case/{desk.pk}/change/")
    expect(page.get_by_text("He wrote the same to others")).to_be_visible()
    expect(page.get_by_text("Warned by telephone on Friday")).to_be_visible()
    check_in_each_look(page)
    page.goto(f"/console/accounts/user/{alice.pk}/notes/")
    expect(page.get_by_text("1 note by staff.")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="Delete"))
    expect(page.get_by_text("The note is gone for good.")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("button", name="Delete note"))
    expect(page.get_by_text("Note deleted.")).to_be_visible()
    expect(page.get_by_text("No notes yet.")).to_be_visible()
    assert Note.objects.count() == 1


def test_a_note_is_added_by_keyboard_on_the_case_page(open_page: OpenPage, desk: Case, rita: Any) -> None:
    page = open_page(WIDE)
    sign_in(page, rita)
    page.goto(f"/console/moderation/case/{desk.pk}/change/")
    page.keyboard.press("a")
    expect(page.get_by_role("textbox", name="Note", exact=True)).to_be_focused()
    page.keyboard.type("Ask the Leads")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".staff-note").get_by_text("Ask the Leads")).to_be_visible()
    assert Note.objects.get().conversation_id == desk.conversation_id
