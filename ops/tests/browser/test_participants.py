"""A participant in the complete project: their own time zone, and a draft that is restored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from messaging.tests.browsing import check_in_each_look, click_in_each_look, sign_in
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_participant_reads_in_their_zone_and_finds_their_draft(page: Page, transactional_db: Any) -> None:
    alice, bob = make_user("alice"), make_user("bob", zone_asked=True)
    first = write(bob, alice, "Did you find the keys?", timestamp=datetime(2026, 3, 6, 23, 30, tzinfo=UTC), read=True)
    answer(first, "In the shed.", timestamp=datetime(2026, 3, 6, 23, 40, tzinfo=UTC))
    address = reverse("messaging:conversation", args=[first.conversation_id])
    sign_in(page, bob)
    page.goto(address)
    expect(page.locator(".thread .day")).to_have_text(["Friday, 6 March 2026"])
    expect(page.locator(".thread time")).to_have_text(["23:30", "23:40"])
    click_in_each_look(page, page.get_by_role("link", name="Time zone: UTC"))
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    click_in_each_look(page, page.get_by_role("button", name="Save time zone"))
    check_in_each_look(page)
    page.goto(address)
    expect(page.locator(".thread .day")).to_have_text(["Saturday, 7 March 2026"])
    expect(page.locator(".thread time")).to_have_text(["08:30", "08:40"])
    expect(page.locator(".thread > .new + .message")).to_contain_text("In the shed.")
    page.get_by_label("Your reply").fill("Thank you")
    expect(page.get_by_text("Draft saved.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Your reply")).to_have_value("Thank you")
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("button", name="Send reply"))
    expect(page.get_by_role("status")).to_have_text("Your reply was sent.")
    check_in_each_look(page)
