"""Home in a real browser: full of work, the dashboard that now has its figures, and “Verify now”."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from messaging.tests.browsing import NARROW, check_in_each_look, click_in_each_look, open_from_menu, sign_in, wear
from messaging.tests.cast import make_user
from ops.audit.models import Entry
from ops.audit.sealing import chain
from ops.tests.test_home import much_happens

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOSTILE = "<b>" + "w" * 146


def test_home_leads_to_the_work_and_the_figures_have_a_page(page: Page) -> None:
    rosa = make_user("rosa", is_staff=True, is_superuser=True)
    make_user(HOSTILE)
    for number in range(2):
        much_happens(number, by=rosa)
    chain.seal()
    sign_in(page, rosa)
    page.goto("/console/")
    expect(page.get_by_role("heading", name="Where you left off")).to_be_visible()
    check_in_each_look(page)
    wear(page, NARROW, "light")
    top = page.get_by_role("link", name="await your approval").bounding_box()
    assert top is not None and top["y"] < 300

    page.get_by_label("Part of a username or of an e-mail address").fill("<b>www")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=HOSTILE, exact=True)).to_be_visible()

    page.goto("/console/")
    click_in_each_look(page, page.get_by_role("link", name="open holds"))
    expect(page.get_by_role("heading", name="Holds")).to_be_visible()

    open_from_menu(page, "Review", "Review dashboard")
    expect(page.get_by_role("heading", name="Waiting now, by severity")).to_be_visible()
    check_in_each_look(page)


def test_an_auditor_verifies_the_trail(page: Page) -> None:
    rosa = make_user("rosa", is_staff=True, is_superuser=True)
    sign_in(page, rosa)
    page.goto("/console/")
    verify = page.get_by_role("button", name="Verify now")
    verify.focus()
    assert verify.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.get_by_text("✓ intact")).to_be_visible()
    expect(page.get_by_text("Keep it outside of the database")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("button", name="Verify now"))
    expect(page.get_by_role("heading", name="Earlier verifications")).to_be_visible()
    check_in_each_look(page)
    entries = Entry.objects.filter(event="audit.verified")
    assert entries.count() == 2
    page.goto(f"/console/audit/entry/{entries.latest('pk').pk}/change/")
    expect(page.get_by_role("link", name="Open it")).to_be_visible()
    check_in_each_look(page)
