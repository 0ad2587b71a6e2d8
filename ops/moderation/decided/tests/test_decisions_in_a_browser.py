"""The list of decisions in a real browser: from the menu to the page of a case."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.tests.browsing import (
    LOOKS,
    check_in_each_look,
    click_in_each_look,
    open_filters,
    open_from_menu,
    sign_in,
    wear,
)
from ops.accounts import roles
from ops.moderation.tests.desk import decided, many_reports, spam
from ops.tests.asking import make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["spam"]


def test_decisions_are_found_and_lead_to_their_case(page: Page, transactional_db: Any, spam: Any) -> None:
    roles.set_up()
    lena = make_staff("lena")
    sign_in(page, lena)
    page.goto("/console/")
    open_from_menu(page, "Review", "Decisions")
    expect(page.get_by_text("Nothing was decided yet.")).to_be_visible()
    check_in_each_look(page)
    case, _ = many_reports(spam, 2)
    decided(case, lena, spam, note="Sent to everybody in the list")
    page.reload()
    rows = page.locator("table.decided tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("in force")
    check_in_each_look(page)
    wear(page, *LOOKS[-1])  # in this look the filters are behind a button
    open_filters(page)
    click_in_each_look(page, page.get_by_role("link", name="Undone", exact=True))
    expect(rows).to_have_count(0)
    check_in_each_look(page)
    page.goto("/console/moderation/decision/")
    click_in_each_look(page, page.get_by_role("link", name=f"Case {case.pk}", exact=True))
    expect(page.get_by_role("heading", name="Decisions on this case")).to_be_visible()
    check_in_each_look(page)
