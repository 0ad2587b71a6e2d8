"""Pages that say why something is not shown, in a real browser: readable in every look, and with a way on."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from messaging.tests.browsing import LOOKS, OpenPage, assert_accessible, assert_fits, expect_status, sign_in
from ops.conftest import make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_staff_find_back_from_a_wrong_address(
    open_page: OpenPage, transactional_db: Any, width: int, scheme: Any
) -> None:
    page = open_page(width, scheme)
    sign_in(page, make_staff("lena", "view_message"))
    expect_status(403, 404)
    for address, title in (
        ("nowhere/", "There is no such page"),
        ("accounts/user/", "You don’t have access to this page"),
    ):
        page.goto(f"/console/{address}")
        expect(page.get_by_role("heading", name=title)).to_be_visible()
        assert_accessible(page)
        assert_fits(page)
        page.get_by_role("main").get_by_role("link", name="Home").click()
        expect(page.get_by_role("heading", name="Home")).to_be_visible()
