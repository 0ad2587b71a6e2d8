"""Holds in a real browser, as a Lead: the empty list, finding a user by name, the hold in the list, lifting it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.tests.browsing import check_in_each_look, click_in_each_look, open_from_menu, sign_in
from messaging.tests.cast import make_user
from ops.deletion.tests.deleting import ask
from ops.deletion.tests.screens import make_role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_lead_places_a_hold_finds_it_in_the_list_and_lifts_it(page: Page, transactional_db: Any) -> None:
    lena, name = make_role("lena", "Lead"), "w" * 150
    person = make_user(name)
    sign_in(page, lena)
    page.goto("/console/")
    open_from_menu(page, "People", "Holds")
    expect(page.get_by_text("No holds have been placed yet.")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="Place hold…"))
    page.get_by_label("Username").fill("nobody")
    click_in_each_look(page, page.get_by_role("button", name="Continue"))
    expect(page.get_by_text("There is no user “nobody”.")).to_be_visible()
    expect(page.get_by_label("Username")).to_be_focused()
    check_in_each_look(page)
    page.get_by_label("Username").fill(name)
    click_in_each_look(page, page.get_by_role("button", name="Continue"))
    page.get_by_label("Your password").fill("lena's password")
    click_in_each_look(page, page.get_by_role("button", name="Confirm"))
    page.get_by_label("Reason for hold").fill("The case of the blue bicycle")
    click_in_each_look(page, page.get_by_role("button", name="Place hold on"))
    expect(page.get_by_text("Nothing they sent or received can be deleted until it is lifted.")).to_be_visible()
    check_in_each_look(page)
    ask(person, by=None)
    open_from_menu(page, "People", "Holds")
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="The case of the blue bicycle"))
    expect(page.get_by_text("It stops the deletion of")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="Lift hold…"))
    page.get_by_label("Reason for lifting").fill("Settled")
    click_in_each_look(page, page.get_by_role("button", name="Lift hold"))
    expect(page.get_by_text("Hold lifted.")).to_be_visible()
