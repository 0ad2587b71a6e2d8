"""The dashboards in a real browser, empty and full, wide and narrow: numbers are links, charts have their tables."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from messaging.tests.browsing import LOOKS, check, check_in_each_look, click_in_each_look, in_each_look, sign_in, wear
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.dashboard.boards.boards import BOARDS
from ops.moderation.models import Flag
from ops.moderation.tests.desk import decided, many_reports, spam

__all__ = ["spam"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_all_dashboards_empty_and_full(page: Page, spam: Any) -> None:
    rosa = make_user("rosa", is_staff=True, is_superuser=True)
    sign_in(page, rosa)
    for board, look in zip(BOARDS, cycle(LOOKS)):  # empty ones differ little: each is checked in one of the looks
        wear(page, *look)
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
        check_in_each_look(page)
    page.goto("/console/dashboard/review/")
    drawing = page.get_by_role("img", name="Cases by day. Opened: highest 4")
    for look, seen, unseen in ((LOOKS[0], ".wide", ".narrow"), (LOOKS[1], ".narrow", ".wide")):
        wear(page, *look)
        expect(drawing.locator(seen)).to_be_visible()
        expect(drawing.locator(unseen)).to_be_hidden()
    click_in_each_look(page, page.get_by_role("figure", name="Cases by day").get_by_text("Show as table"))
    expect(page.get_by_role("columnheader", name="Closed")).to_be_visible()
    check_in_each_look(page)

    click_in_each_look(page, page.get_by_text("Other days"))
    page.get_by_label("From").fill("2026-02-01")
    page.get_by_label("to", exact=True).fill("2026-01-01")
    click_in_each_look(page, page.get_by_role("button", name="Show", exact=True))
    expect(page.get_by_role("alert")).to_contain_text("The first day is after the last day")
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="pending cases"))
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()

    page.goto("/console/")
    expect(page.get_by_text("pending cases")).to_be_visible()
    check_in_each_look(page)
    page.goto("/console/e-mail/")
    check_in_each_look(page)


def test_periods_stay_in_place_and_tables_are_seen_whole(page: Page, transactional_db: Any) -> None:
    sign_in(page, make_user("rosa", is_staff=True, is_superuser=True))
    page.goto("/console/dashboard/accounts/")
    periods, others = page.get_by_role("navigation", name="Period"), page.get_by_text("Other days")
    for _ in in_each_look(page):
        before = periods.bounding_box()
        others.click()
        expect(page.get_by_label("From")).to_be_visible()
        assert periods.bounding_box() == before
        table = page.locator(".board .scroll").first
        assert table.evaluate("(one) => one.scrollWidth <= one.clientWidth")
        others.click()
