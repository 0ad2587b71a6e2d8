"""Pages that explain a refusal, in a real browser: readable in every look, with a link to continue."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.tests.browsing import check, click_in_each_look, expect_status, in_each_look, sign_in
from ops.conftest import make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_staff_find_back_from_a_wrong_address(page: Page, transactional_db: Any) -> None:
    sign_in(page, make_staff("lena", "view_message"))
    expect_status(403, 404)
    for address, title in (
        ("nowhere/", "There is no such page"),
        ("accounts/user/", "You don’t have access to this page"),
    ):
        page.goto(f"/console/{address}")
        for _ in in_each_look(page):
            expect(page.get_by_role("heading", name=title)).to_be_visible()
            check(page)
        click_in_each_look(page, page.get_by_role("main").get_by_role("link", name="Home"))
        expect(page.get_by_role("heading", name="Home")).to_be_visible()
