from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.tests.browsing import WIDE, OpenPage
from ops.jobs.tests.killing import databases

__all__ = ["databases"]


@pytest.fixture
def dan(open_page: OpenPage) -> Callable[..., Page]:
    """Return a function that opens a page on which Dan has signed in."""

    def sign_in(width: int = WIDE, scheme: Any = "light", *, javascript: bool = True) -> Page:
        page = open_page(width, scheme, javascript)
        page.goto("/console/")
        page.get_by_label("Username").fill("dan")
        page.get_by_label("Password").fill("dan's password")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Home")).to_be_visible()
        return page

    return sign_in
