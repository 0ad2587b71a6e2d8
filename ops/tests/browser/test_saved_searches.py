"""Saving a search in a real browser: from the list to its name above the list, and deleting it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.tests.browsing import check, check_in_each_look, click_in_each_look, in_each_look, sign_in
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.conftest import READING, make_staff
from ops.searching.models import Look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_search_is_saved_opened_and_deleted(page: Page, transactional_db: Any) -> None:
    write(make_user("alice"), make_user("bob"), "a harbour, once")
    sign_in(page, make_staff("lena", *READING, "share_savedsearch"))
    page.goto("/console/messaging/message/?q=harbour")
    click_in_each_look(page, page.get_by_role("link", name="Save this search…"))
    name = page.get_by_role("textbox", name="Name", exact=True)
    expect(name).to_be_focused()
    name.fill("Harbours")
    radio, words = page.get_by_label("The team"), page.get_by_text("The team", exact=True)
    for _ in in_each_look(page):
        box, text = radio.bounding_box(), words.bounding_box()
        assert box and text and box["width"] < 32 and 0 <= text["x"] - (box["x"] + box["width"]) < 16
        check(page)
    click_in_each_look(page, page.get_by_role("button", name="Save search"))
    above = page.get_by_role("navigation", name="Saved searches")
    expect(above.get_by_role("link", name="Harbours")).to_have_attribute("aria-current", "true")
    Look.objects.update(new=12)
    page.goto("/console/messaging/message/")
    expect(above.get_by_role("link", name="Harbours 12 new since you looked")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, above.get_by_role("link", name="All saved searches"))
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="Delete… Harbours"))
    click_in_each_look(page, page.get_by_role("button", name="Delete saved search"))
    expect(page.get_by_text("No saved searches yet.").first).to_be_visible()
