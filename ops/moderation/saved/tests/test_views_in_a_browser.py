"""Views in a real browser: saved from the queue, worked through, looked after."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from messaging.tests.browsing import LOOKS, NARROW, WIDE, OpenPage, browser, check, open_filters, open_page, sign_in
from ops.moderation.models import Case, View
from ops.moderation.tests.test_reviewing_in_a_browser import QUEUE, desk, rita
from ops.tests.test_who_may_open_what import make_staff

__all__ = ["browser", "desk", "open_page", "rita"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_a_view_is_saved_and_worked_through(
    open_page: OpenPage, desk: Case, rita: Any, width: int, scheme: Any
) -> None:
    View.objects.create(name="Threats", slug="threats", filters="label=threat")
    page = open_page(width, scheme)
    sign_in(page, rita)
    page.goto(f"{QUEUE}?label=spam")
    check(page)
    page.get_by_role("link", name="Save as view…").click()
    check(page)
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_text("Enter a name.")).to_be_visible()
    check(page)
    page.get_by_role("textbox", name="Name", exact=True).fill("Spam of today")
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_text("Saved: “Spam of today” stands above the queue.")).to_be_visible()
    tabs = page.get_by_role("navigation", name="Views of the queue")
    expect(tabs.get_by_role("link", name="Spam of today")).to_have_attribute("aria-current", "page")
    expect(page.locator(".cases tbody tr")).to_have_count(1)
    check(page)
    page.get_by_role("button", name="Open next case").click()
    expect(page.get_by_role("heading", name="Case: bob and charlie")).to_be_visible()
    if width == NARROW:
        page.locator(".panel > summary").click()
    page.locator("label.choice").get_by_text("Spam").click()
    page.get_by_text("Dismiss: nothing is wrong").click()
    page.get_by_role("button", name="Decide and open next").click()
    expect(page.get_by_text("Nothing is left in “Spam of today” that you can decide now.")).to_be_visible()
    check(page)
    tabs.get_by_role("link", name="Threats").click()
    expect(page.locator(".cases tbody tr")).to_have_count(1)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_lead_looks_after_views(open_page: OpenPage, desk: Case, width: int) -> None:
    page = open_page(width)
    sign_in(page, make_staff("lena"))
    page.goto(f"{QUEUE}?overdue=yes")
    page.get_by_role("link", name="Save as view…").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Overdue")
    page.get_by_label("The team").check()
    check(page)
    page.get_by_role("button", name="Save view").click()
    View.objects.create(name="Old label", slug="old", filters="label=gone", sort_order=90)
    page.get_by_role("link", name="Manage views").click()
    expect(page.get_by_text("The filter “label” does not offer “gone”.")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Up Old label").click()
    expect(page.get_by_role("button", name="Up Overdue")).to_be_visible()
    page.get_by_role("link", name="Rename Overdue").click()
    check(page)
    page.get_by_role("textbox", name="Name", exact=True).fill("Late ones")
    page.get_by_role("button", name="Rename view").click()
    page.get_by_role("link", name="Delete Old label").click()
    check(page)
    page.get_by_role("button", name="Delete view").click()
    expect(page.get_by_text("Old label", exact=True)).to_have_count(0)
    page.goto("/console/moderation/view/")
    check(page)
    page.get_by_role("link", name="Late ones").click()
    check(page)
    page.get_by_label("Filters").fill("label=nowhere")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The filter “label” does not offer “nowhere”.")).to_be_visible()
    check(page)


def test_filters_by_edits_and_reporters(open_page: OpenPage, desk: Case, rita: Any) -> None:
    page = open_page(NARROW)
    sign_in(page, rita)
    page.goto(QUEUE)
    open_filters(page)
    page.get_by_text("More filters").click()
    page.get_by_label("Text").select_option("Edited since the report")
    page.get_by_label("Reporter").fill("charlie")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.get_by_role("link", name="Reporter: charlie")).to_be_visible()
    expect(page.locator(".cases tbody tr")).to_have_count(1)
    check(page)
