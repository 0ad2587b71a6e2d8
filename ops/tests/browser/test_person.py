"""The page of a person in a real browser: every tab in every look, by keyboard, without scripts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from messaging.models import Message
from messaging.tests.browsing import WIDE, OpenPage, check, check_in_each_look, click_in_each_look, sign_in
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.deletion import holds

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG_NAME = "W" * 75 + "\u0627" * 75


@pytest.fixture
def rosa(transactional_db: Any) -> Any:
    return make_user("rosa", is_staff=True, is_superuser=True)


@pytest.fixture
def wanda(rosa: Any) -> Any:
    """Wanda has a long name, a look-alike and a hold, and exchanged messages with two people in recent weeks."""
    wanda, bob, zoe = make_user(LONG_NAME), make_user("bob"), make_user("zoe")
    make_user(LONG_NAME.lower())
    now = timezone.now()
    for weeks in range(0, 10, 3):
        first = write(wanda, bob, "x" * 300, timestamp=now - timedelta(weeks=weeks))
        answer(first, "مرحبا بالعالم " * 10, timestamp=now - timedelta(weeks=weeks))
    message = write(zoe, wanda, "<b>no markup</b>", timestamp=now)
    first.content = "edited"
    first.save()
    holds.place(wanda, kind="legal", reason="The case of the blue bicycle", by=rosa)
    assert Message.objects.filter(pk=message.pk).exists()
    return wanda


def test_tabs_of_a_person_open_and_link_to_messages_between_two_people(page: Page, rosa: Any, wanda: Any) -> None:
    sign_in(page, rosa)
    page.goto(f"/console/accounts/user/{wanda.pk}/")
    expect(page.get_by_role("heading", name=LONG_NAME)).to_be_visible()
    expect(page.get_by_text("The case of the blue bicycle")).to_be_visible()
    click_in_each_look(page, page.get_by_text("Show as table"))
    expect(page.get_by_role("row")).not_to_have_count(0)
    check_in_each_look(page)
    tabs = page.get_by_role("navigation", name="About this person")
    for name, seen in (
        ("Messages", "<b>no markup</b>"),
        ("Edits", "x" * 40),
        ("Account", "Access"),
        ("Access log", "rosa"),
    ):
        click_in_each_look(page, tabs.get_by_role("link", name=name, exact=True))
        expect(tabs.locator("[aria-current]")).to_have_text(name)
        expect(page.get_by_role("main").get_by_text(seen).first).to_be_visible()
        check_in_each_look(page)
    click_in_each_look(page, tabs.get_by_role("link", name="Conversations"))
    click_in_each_look(page, page.get_by_role("row").filter(has_text="bob").get_by_role("link", name="Between them"))
    expect(page.get_by_role("heading", name="Messages")).to_be_visible()
    expect(page.get_by_text("8 messages", exact=True)).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("main").get_by_role("link", name="bob", exact=True))
    expect(page.get_by_role("heading", name="bob", exact=True)).to_be_visible()


def test_without_scripts_and_by_keyboard(open_page: OpenPage, rosa: Any, wanda: Any) -> None:
    page = open_page(WIDE, "light", javascript=False)
    sign_in(page, rosa)
    page.goto(f"/console/accounts/user/{wanda.pk}/messages/")
    page.get_by_role("link", name="Not read by them", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("row")).to_have_count(6)  # the header row, Bob's four answers, and Zoe's message
    page.get_by_role("link", name="Edits", exact=True).last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="About this person").locator("[aria-current]")).to_have_text("Edits")


def test_tabs_of_a_person_without_messages_say_so(page: Page, rosa: Any) -> None:
    nobody = make_user("nobody")
    sign_in(page, rosa)
    for name, seen in (("conversations", "No messages sent or received."), ("edits", "No edits.")):
        page.goto(f"/console/accounts/user/{nobody.pk}/{name}/")
        expect(page.get_by_text(seen)).to_be_visible()
        check(page)
