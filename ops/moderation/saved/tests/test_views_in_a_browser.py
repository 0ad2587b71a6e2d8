"""Views in a real browser: saved from the queue, worked through, and managed."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.tests.browsing import (
    LOOKS,
    NARROW,
    WIDTHS,
    OpenPage,
    check,
    check_in_each_look,
    click_in_each_look,
    open_filters,
    sign_in,
    wear,
)
from ops.moderation.models import Case, View
from ops.moderation.tests.test_reviewing_in_a_browser import QUEUE, desk, rita
from ops.tests.asking import make_staff

__all__ = ["desk", "rita"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_view_is_saved_and_worked_through(page: Page, desk: Case, rita: Any) -> None:
    View.objects.create(name="Threats", slug="threats", filters="label=threat")
    sign_in(page, rita)
    page.goto(f"{QUEUE}?label=spam")
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="Save as view…"))
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("button", name="Save view"))
    expect(page.get_by_text("Enter a name.")).to_be_visible()
    check_in_each_look(page)
    page.get_by_role("textbox", name="Name", exact=True).fill("Spam of today")
    click_in_each_look(page, page.get_by_role("button", name="Save view"))
    expect(page.get_by_text("Saved: “Spam of today” stands above the queue.")).to_be_visible()
    tabs = page.get_by_role("navigation", name="Views of the queue")
    expect(tabs.get_by_role("link", name="Spam of today")).to_have_attribute("aria-current", "page")
    expect(page.locator(".cases tbody tr")).to_have_count(1)
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("button", name="Open next case"))
    expect(page.get_by_role("heading", name="Case: bob and charlie")).to_be_visible()
    wear(page, *LOOKS[-1])
    page.locator(".panel > summary").click()
    click_in_each_look(page, page.locator("label.choice").get_by_text("Spam"))
    click_in_each_look(page, page.get_by_text("Dismiss: nothing is wrong"))
    click_in_each_look(page, page.get_by_role("button", name="Decide and open next"))
    expect(page.get_by_text("Nothing is left in “Spam of today” that you can decide now.")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, tabs.get_by_role("link", name="Threats"))
    expect(page.locator(".cases tbody tr")).to_have_count(1)


def test_a_lead_looks_after_views(page: Page, desk: Case) -> None:
    sign_in(page, make_staff("lena"))
    page.goto(f"{QUEUE}?overdue=yes")
    click_in_each_look(page, page.get_by_role("link", name="Save as view…"), WIDTHS)
    page.get_by_role("textbox", name="Name", exact=True).fill("Overdue")
    page.get_by_label("The team").check()
    check_in_each_look(page, WIDTHS)
    click_in_each_look(page, page.get_by_role("button", name="Save view"), WIDTHS)
    View.objects.create(name="Old label", slug="old", filters="label=gone", sort_order=90)
    click_in_each_look(page, page.get_by_role("link", name="Manage views"), WIDTHS)
    expect(page.get_by_text("The filter “label” does not offer “gone”.")).to_be_visible()
    check_in_each_look(page, WIDTHS)
    click_in_each_look(page, page.get_by_role("button", name="Up Old label"), WIDTHS)
    expect(page.get_by_role("button", name="Up Overdue")).to_be_visible()
    click_in_each_look(page, page.get_by_role("link", name="Rename Overdue"), WIDTHS)
    check_in_each_look(page, WIDTHS)
    page.get_by_role("textbox", name="Name", exact=True).fill("Late ones")
    click_in_each_look(page, page.get_by_role("button", name="Rename view"), WIDTHS)
    click_in_each_look(page, page.get_by_role("link", name="Delete Old label"), WIDTHS)
    check_in_each_look(page, WIDTHS)
    click_in_each_look(page, page.get_by_role("button", name="Delete view"), WIDTHS)
    expect(page.get_by_text("Old label", exact=True)).to_have_count(0)
    page.goto("/console/moderation/view/")
    check_in_each_look(page, WIDTHS)
    click_in_each_look(page, page.get_by_role("link", name="Late ones"), WIDTHS)
    check_in_each_look(page, WIDTHS)
    page.get_by_label("Filters").fill("label=nowhere")
    click_in_each_look(page, page.get_by_role("button", name="Save", exact=True), WIDTHS)
    expect(page.get_by_text("The filter “label” does not offer “nowhere”.")).to_be_visible()
    check_in_each_look(page, WIDTHS)


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
