"""The frame in a real browser: menu, jump box, account and filters; by keyboard, without scripts, on narrow screens."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.models import Message
from messaging.tests.browsing import (
    LOOKS,
    NARROW,
    WIDTHS,
    OpenPage,
    check,
    check_in_each_look,
    click_in_each_look,
    in_each_look,
    open_from_menu,
    sign_in,
    wear,
)
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.accounts import roles
from ops.deletion.tests.deleting import ask
from ops.tests.asking import make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CONVERSATIONS = "/console/messaging/conversation/"
FIRST_ROW_WITHIN = 300  # pixels from the top of a narrow screen


@pytest.fixture
def message(transactional_db: Any) -> Message:
    roles.set_up()
    return write(make_user("alice"), make_user("bob"), "Is the bicycle still there?")


@pytest.fixture
def rosa(transactional_db: Any) -> Any:
    return make_user("rosa", is_staff=True, is_superuser=True)


def test_the_menu_shows_every_place_with_its_pending_work(page: Page, message: Message, rosa: Any) -> None:
    ask(message.receiver, by=make_staff("sue"))
    sign_in(page, rosa)
    page.goto("/console/")
    expect(page.get_by_role("link", name="1 deletion awaits your approval")).to_be_visible()
    check_in_each_look(page)
    places = page.get_by_role("navigation", name="Main").locator("> ul > li > a")
    for width in in_each_look(page):
        if width == NARROW:
            page.get_by_text("Menu").click()
        expect(places).to_have_text(["Review", re.compile("People.*1 waiting for you"), "Data", "Audit", "Settings"])
        if width == NARROW:  # on a wide screen, the page was checked before
            check(page)
            page.keyboard.press("Escape")
        page.get_by_text("rosa", exact=True).click()
        expect(page.get_by_role("link", name="Participant inbox")).to_be_visible()
        check(page)
        page.keyboard.press("Escape")
    open_from_menu(page, "Review", "Edits")
    expect(page.get_by_role("heading", name="Edits")).to_be_visible()
    expect(page.get_by_role("navigation", name="Breadcrumb")).to_contain_text("Review")
    check_in_each_look(page)


def test_the_first_row_of_a_narrow_list_is_near_the_top(open_page: OpenPage, message: Message, rosa: Any) -> None:
    """This includes users who may export selected rows."""
    page = open_page(NARROW)
    sign_in(page, rosa)
    for address in (CONVERSATIONS, "/console/messaging/message/", "/console/accounts/user/"):
        page.goto(address)
        row = page.locator("table.list tbody tr").first.bounding_box()
        assert row and row["y"] <= FIRST_ROW_WITHIN, f"the first row of {address} begins at {row}"


@pytest.mark.parametrize("javascript", [True, False])
def test_filters_open_by_one_button_on_narrow_screens(
    open_page: OpenPage, message: Message, rosa: Any, javascript: bool
) -> None:
    page = open_page(NARROW, javascript=javascript)
    sign_in(page, rosa)
    page.goto(CONVERSATIONS)
    filters = page.get_by_role("navigation", name="Filters")
    expect(filters).to_be_hidden()
    page.get_by_text("Filters", exact=True).click()
    filters.get_by_role("link", name="Unread", exact=True).click()
    expect(page.get_by_text("Filters (1)")).to_be_visible()


def test_without_scripts_the_whole_frame_works(open_page: OpenPage, message: Message, rosa: Any) -> None:
    page = open_page(NARROW, javascript=False)
    sign_in(page, rosa)
    page.goto("/console/")
    for name in ("People", "Users"):
        wear(page, NARROW, "light")
        page.get_by_text("Menu", exact=True).click()
        click_in_each_look(page, page.get_by_role("navigation", name="Main").get_by_role("link", name=name, exact=True))
    expect(page.get_by_role("heading", name="Users")).to_be_visible()
    page.get_by_text("Menu", exact=True).click()
    jump = page.get_by_role("search", name="Jump to")
    jump.get_by_role("searchbox").fill(f"message {message.pk}")
    click_in_each_look(page, jump.get_by_role("button", name="Go"))
    expect(page).to_have_url(re.compile(rf"/message/{message.pk}/change/$"))
    click_in_each_look(page, page.get_by_text("rosa", exact=True))
    click_in_each_look(page, page.get_by_role("button", name="Sign out"))
    expect(page).to_have_url(re.compile(r"/console/login/"))
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_the_jump_box_works_by_keyboard(page: Page, message: Message, rosa: Any) -> None:
    sign_in(page, rosa)
    page.goto(CONVERSATIONS)
    box = page.get_by_role("combobox", name="Jump to a number, name, address or page")
    for look, key in product(LOOKS, ("Control+k", "/")):
        wear(page, *look)
        page.keyboard.press(key)
        expect(box).to_be_focused()
        page.keyboard.press("Escape")
        page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    page.keyboard.type("exp")
    option = page.get_by_role("group", name="Pages").get_by_role("option", name="Data › Exports")
    expect(option).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    check_in_each_look(page)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/console/exports/export/$"))
    page.wait_for_load_state()  # so that the scripts of the new page listen to keys

    page.keyboard.press("Control+k")
    page.keyboard.type("no such thing")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No match for “no such thing” among what you can open.")).to_be_visible()
    check_in_each_look(page)
    page.keyboard.press("/")
    page.keyboard.type(str(message.pk))
    page.keyboard.press("Enter")
    expect(page.get_by_role("main").get_by_role("link", name=f"Message {message.pk}")).to_be_visible()
    check_in_each_look(page)


def test_shortcut_keys_type_letters_in_text_fields(page: Page, message: Message, rosa: Any) -> None:
    sign_in(page, rosa)
    page.goto("/console/messaging/message/")
    search = page.get_by_label("Search messages")
    search.click()
    page.keyboard.type("a/b?")
    expect(search).to_have_value("a/b?")


def test_menus_close_with_escape_and_give_the_focus_back(page: Page, message: Message, rosa: Any) -> None:
    sign_in(page, rosa)
    page.goto("/console/")
    account = page.locator(".account > summary")
    account.press("Enter")
    expect(page.get_by_role("link", name="Change password")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Change password")).to_be_hidden()
    expect(account).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()
    check(page)


def test_a_long_name_breaks_nothing(page: Page, transactional_db: Any) -> None:
    name = "W" * 150
    user = make_user(name, is_staff=True, is_superuser=True)
    sign_in(page, user)
    for address in ("/console/", f"/console/accounts/user/{user.pk}/change/"):
        page.goto(address)
        check_in_each_look(page, WIDTHS)
