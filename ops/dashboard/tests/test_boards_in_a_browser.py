"""The dashboards in a real browser, empty and full, wide and narrow: numbers lead on, charts have their tables."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import expect

from messaging.tests.browsing import LOOKS, NARROW, OpenPage, browser, check, open_page, sign_in
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.dashboard.boards.boards import BOARDS
from ops.moderation.models import Flag
from ops.moderation.tests.desk import decided, many_reports, spam

__all__ = ["browser", "open_page", "spam"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_all_dashboards_empty_and_full(open_page: OpenPage, width: int, scheme: Any, spam: Any) -> None:
    rosa = make_user("rosa", is_staff=True, is_superuser=True)
    page = open_page(width, scheme)
    sign_in(page, rosa)
    for board in BOARDS:
        page.goto(f"/console/dashboard/{board.name}/")
        expect(page.get_by_role("heading", name=str(board.title))).to_be_visible()
        check(page)

    for case in many_reports(spam, 4)[:2]:
        decided(case, rosa, Flag.objects.filter(case=case).get().label)
    write(make_user("w" * 150), rosa, timestamp=timezone.now())
    call_command("keep_figures", verbosity=0)
    cache.clear()
    for board in BOARDS:
        page.goto(f"/console/dashboard/{board.name}/?days=7")
        check(page)
    page.goto("/console/dashboard/review/")
    drawing = page.get_by_role("img", name="Cases by day. Opened: highest 4")
    expect(drawing.locator(".narrow" if width == NARROW else ".wide")).to_be_visible()
    expect(drawing.locator(".wide" if width == NARROW else ".narrow")).to_be_hidden()
    page.get_by_role("figure", name="Cases by day").get_by_text("Show as table").click()
    expect(page.get_by_role("columnheader", name="Closed")).to_be_visible()
    check(page)

    page.get_by_text("Other days").click()
    page.get_by_label("From").fill("2026-02-01")
    page.get_by_label("to", exact=True).fill("2026-01-01")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("The first day is after the last day")
    check(page)
    page.get_by_role("link", name="pending cases").click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()

    page.goto("/console/")
    expect(page.get_by_text("pending cases")).to_be_visible()
    check(page)
    page.goto("/console/e-mail/")
    check(page)


@pytest.mark.parametrize("width", [1280, NARROW])
def test_periods_stay_in_place_and_tables_are_seen_whole(
    open_page: OpenPage, transactional_db: Any, width: int
) -> None:
    page = open_page(width)
    sign_in(page, make_user("rosa", is_staff=True, is_superuser=True))
    page.goto("/console/dashboard/accounts/")
    periods = page.get_by_role("navigation", name="Period")
    before = periods.bounding_box()
    page.get_by_text("Other days").click()
    expect(page.get_by_label("From")).to_be_visible()
    assert periods.bounding_box() == before
    table = page.locator(".board .scroll").first
    assert table.evaluate("(one) => one.scrollWidth <= one.clientWidth")
