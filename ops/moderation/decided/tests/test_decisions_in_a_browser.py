"""The list of decisions in a real browser: from a dashboard's number to the page of a case."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from messaging.tests.browsing import LOOKS, OpenPage, browser, check, open_filters, open_from_menu, open_page, sign_in
from ops.accounts import roles
from ops.moderation.tests.desk import decided, many_reports, spam
from ops.tests.test_who_may_open_what import make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["browser", "open_page", "spam"]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_decisions_are_found_and_lead_to_their_case(
    open_page: OpenPage, transactional_db: Any, spam: Any, width: int, scheme: Any
) -> None:
    roles.set_up()
    page = open_page(width, scheme)
    lena = make_staff("lena")
    sign_in(page, lena)
    page.goto("/console/")
    open_from_menu(page, "Review", "Decisions")
    expect(page.get_by_text("Nothing was decided yet.")).to_be_visible()
    check(page)
    case, _ = many_reports(spam, 2)
    decided(case, lena, spam, note="Sent to everybody in the list")
    page.reload()
    rows = page.locator("table.decided tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("in force")
    check(page)
    open_filters(page)
    page.get_by_role("link", name="Undone", exact=True).click()
    expect(rows).to_have_count(0)
    check(page)
    page.goto("/console/moderation/decision/")
    page.get_by_role("link", name=f"Case {case.pk}", exact=True).click()
    expect(page.get_by_role("heading", name="Decisions on this case")).to_be_visible()
    check(page)
