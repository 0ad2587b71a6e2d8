"""Holds in a real browser, as a Lead: the empty list, somebody found by name, the hold in the list, and lifted."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from messaging.tests.browsing import LOOKS, OpenPage, check, open_from_menu, sign_in
from messaging.tests.cast import make_user
from ops.deletion.tests.deleting import ask
from ops.deletion.tests.screens import make_role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_a_lead_places_a_hold_finds_it_in_the_list_and_lifts_it(
    open_page: OpenPage, transactional_db: Any, width: int, scheme: Any
) -> None:
    lena, name = make_role("lena", "Lead"), "w" * 150
    person = make_user(name)
    page = open_page(width, scheme)
    sign_in(page, lena)
    page.goto("/console/")
    open_from_menu(page, "People", "Holds")
    expect(page.get_by_text("No holds have been placed yet.")).to_be_visible()
    check(page)
    page.get_by_role("link", name="Place hold…").click()
    page.get_by_label("Username").fill("nobody")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("There is no user “nobody”.")).to_be_visible()
    expect(page.get_by_label("Username")).to_be_focused()
    check(page)
    page.get_by_label("Username").fill(name)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Your password").fill("lena's password")
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Reason for hold").fill("The case of the blue bicycle")
    page.get_by_role("button", name="Place hold on").click()
    expect(page.get_by_text("Nothing they sent or received can be deleted until it is lifted.")).to_be_visible()
    check(page)
    ask(person, by=None)
    open_from_menu(page, "People", "Holds")
    check(page)
    page.get_by_role("link", name="The case of the blue bicycle").click()
    expect(page.get_by_text("It stops the deletion of")).to_be_visible()
    check(page)
    page.get_by_role("link", name="Lift hold…").click()
    page.get_by_label("Reason for lifting").fill("Settled")
    page.get_by_role("button", name="Lift hold").click()
    expect(page.get_by_text("Hold lifted.")).to_be_visible()
