"""Saving a search in a real browser: from the list to its name above the list, and deleting it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from messaging.tests.browsing import LOOKS, OpenPage, assert_accessible, assert_fits, sign_in
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.conftest import READING, make_staff
from ops.searching.models import Look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "scheme"), LOOKS[:1] + LOOKS[-1:])
def test_a_search_is_saved_opened_and_deleted(
    open_page: OpenPage, transactional_db: Any, width: int, scheme: Any
) -> None:
    write(make_user("alice"), make_user("bob"), "a harbour, once")
    page = open_page(width, scheme)
    sign_in(page, make_staff("lena", *READING, "share_savedsearch"))
    page.goto("/console/messaging/message/?q=harbour")
    page.get_by_role("link", name="Save this search…").click()
    name = page.get_by_role("textbox", name="Name", exact=True)
    expect(name).to_be_focused()
    name.fill("Harbours")
    radio, words = page.get_by_label("The team"), page.get_by_text("The team", exact=True)
    box, text = radio.bounding_box(), words.bounding_box()
    assert box and text and box["width"] < 32 and 0 <= text["x"] - (box["x"] + box["width"]) < 16
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("button", name="Save search").click()
    above = page.get_by_role("navigation", name="Saved searches")
    expect(above.get_by_role("link", name="Harbours")).to_have_attribute("aria-current", "true")
    Look.objects.update(new=12)
    page.goto("/console/messaging/message/")
    expect(above.get_by_role("link", name="Harbours 12 new since you looked")).to_be_visible()
    assert_accessible(page)
    assert_fits(page)
    above.get_by_role("link", name="All saved searches").click()
    assert_accessible(page)
    assert_fits(page)
    page.get_by_role("link", name="Delete… Harbours").click()
    page.get_by_role("button", name="Delete saved search").click()
    expect(page.get_by_text("No saved searches yet.").first).to_be_visible()
