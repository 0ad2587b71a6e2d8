"""The notices about the end of a session and about the time zone, in a real browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from messaging.tests.browsing import OpenPage, check_in_each_look, click_in_each_look, expect_status, sign_in
from messaging.tests.conversations import write
from ops.accounts.models import User
from ops.accounts.tests.ending import let_pass
from ops.conftest import make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CONSOLE = "/console/time-zone/"


def pass_minutes(page: Page, minutes: int) -> None:
    """Advance the browser's clock, and age all sessions by as much."""
    let_pass(minutes)
    page.clock.fast_forward(minutes * 60_000)


@pytest.fixture
def rita(transactional_db: Any) -> Any:
    rita = make_staff("rita", "view_conversation", "view_message")
    User.objects.update(zone_asked=True)
    return rita


@pytest.mark.parametrize("address", [CONSOLE, "/messages/new/"])
def test_a_notice_offers_to_stay_before_the_session_ends(open_page: OpenPage, rita: Any, address: str) -> None:
    page = open_page(own=True)
    page.clock.install()
    sign_in(page, rita)
    page.goto(address)
    notice = page.get_by_role("region", name="Your session")
    page.clock.fast_forward(21_000)
    page.wait_for_load_state("networkidle")
    expect(notice).to_be_hidden()
    pass_minutes(page, 26)
    expect(notice.get_by_role("alert")).to_have_text(re.compile(r"^Your session ends at \d\d:\d\d\.$"))
    check_in_each_look(page)
    field = page.locator("main :is(textarea, select, input:not([type=hidden]))").last
    field.focus()
    notice.get_by_role("button", name="Stay signed in").press("Enter")
    expect(notice).to_be_hidden()
    expect(field).to_be_focused()
    let_pass(29)
    page.goto(address)
    expect(page).to_have_url(re.compile(f"{address}$"))


def test_the_notice_can_be_closed_and_reports_the_end_of_the_session(open_page: OpenPage, rita: Any) -> None:
    page = open_page(own=True)
    page.clock.install()
    sign_in(page, rita)
    page.goto(CONSOLE)
    notice = page.get_by_role("region", name="Your session")
    page.clock.fast_forward(21_000)
    page.wait_for_load_state("networkidle")
    pass_minutes(page, 26)
    notice.get_by_role("button", name="Stay signed in").focus()
    page.keyboard.press("Escape")
    expect(notice).to_be_hidden()
    let_pass(4)
    for _ in range(3):
        page.clock.fast_forward(61_000)
        page.wait_for_load_state("networkidle")
    expect(notice.get_by_role("alert")).to_contain_text("Your session has ended.")
    expect(notice.get_by_role("button", name="Stay signed in")).to_be_hidden()


def test_a_session_that_cannot_be_extended_has_no_button(open_page: OpenPage, rita: Any, settings: Any) -> None:
    settings.SESSION_HOURS, settings.SESSION_IDLE_MINUTES = 1, 120
    page = open_page(own=True)
    page.clock.install()
    sign_in(page, rita)
    page.goto(CONSOLE)
    let_pass(56)
    page.clock.fast_forward(21_000)
    notice = page.get_by_role("region", name="Your session")
    expect(notice.get_by_role("alert")).to_contain_text("1 hour after you signed in. It cannot be extended.")
    expect(notice.get_by_role("button", name="Stay signed in")).to_be_hidden()


@pytest.mark.parametrize(
    ("address", "button", "sentence"),
    [
        ("/console/", "Yes", "Europe/Berlin from the next page on."),
        ("/messages/new/", "No", "Times stay in UTC."),
    ],
)
def test_the_time_zone_of_the_browser_is_offered_once(
    open_page: OpenPage, rita: Any, address: str, button: str, sentence: str
) -> None:
    User.objects.update(zone_asked=None)
    page = open_page(own=True)
    page.add_init_script("Intl.DateTimeFormat.prototype.resolvedOptions = () => ({ timeZone: 'Europe/Berlin' });")
    sign_in(page, rita)
    page.goto(address)
    offer = page.get_by_role("region", name="Time zone")
    expect(offer).to_contain_text("Times are shown in UTC. Show them in Europe/Berlin?")
    check_in_each_look(page)
    click_in_each_look(page, offer.get_by_role("button", name=button))
    expect(offer).to_contain_text(sentence)
    page.goto(address)
    expect(page.locator("main, #content").first).to_be_visible()
    expect(offer).to_have_count(0)


def test_an_unsaved_answer_is_reported(open_page: OpenPage, rita: Any) -> None:
    User.objects.update(zone_asked=None)
    page = open_page(own=True)
    page.add_init_script("Intl.DateTimeFormat.prototype.resolvedOptions = () => ({ timeZone: 'Europe/Berlin' });")
    sign_in(page, rita)
    page.goto("/console/")
    page.evaluate("for (const token of document.querySelectorAll('[name=csrfmiddlewaretoken]')) token.value = 'x'")
    expect_status(403)
    offer = page.get_by_role("region", name="Time zone")
    offer.get_by_role("button", name="Yes").click()
    expect(offer).to_contain_text("Your answer was not saved. Reload the page and try again.")


def test_no_notice_appears_without_javascript(open_page: OpenPage, rita: Any, alice: Any) -> None:
    User.objects.update(zone_asked=None)
    page = open_page(javascript=False)
    write(alice, rita)
    sign_in(page, rita)
    for address in ("/console/", "/messages/"):
        page.goto(address)
        expect(page.locator(".page-notice")).to_have_count(0)


# --- A session that ends while somebody is typing ---------------------------------------------------------------------


def sign_in_again(page: Page, name: str) -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(f"{name}'s password")
    click_in_each_look(page, page.get_by_role("button", name="Sign in"))


def test_a_participants_late_reply_is_kept_and_filled_in(page: Page, alice: Any, bob: Any) -> None:
    User.objects.update(zone_asked=True)
    message = write(bob, alice)
    sign_in(page, alice)
    page.goto(f"/messages/{message.conversation_id}/")
    page.locator("form.answer textarea").fill("A long answer\n\nwith <tags> & lines")
    let_pass(30)
    click_in_each_look(page, page.get_by_role("button", name="Send reply"))
    expect(page.get_by_text("is kept for an hour: sign in, check it and send it again.")).to_be_visible()
    sign_in_again(page, "alice")
    field = page.locator("form.answer textarea")
    expect(field).to_have_value("A long answer\n\nwith <tags> & lines")
    expect(page.get_by_text("Filled in with what you sent before.")).to_be_visible()
    check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="See all of it, or discard it"))
    check_in_each_look(page)
    page.go_back()
    page.reload()
    click_in_each_look(page, page.get_by_role("button", name="Send reply"))
    expect(page.get_by_text("Your reply was sent.")).to_be_visible()
    assert message.replies.get().content.replace("\r", "") == "A long answer\n\nwith <tags> & lines"


@pytest.mark.parametrize("javascript", [True, False])
def test_a_late_correction_by_staff_is_kept_and_filled_in(
    open_page: OpenPage, alice: Any, bob: Any, rosa: Any, javascript: bool
) -> None:
    User.objects.update(zone_asked=True)
    message = write(bob, alice, "tpyo")
    page = open_page(javascript=javascript)
    sign_in(page, rosa)
    page.goto(f"/console/messaging/message/{message.pk}/change/")
    click_in_each_look(page, page.get_by_text("Edit text…"))
    page.get_by_label("Corrected text").fill("typo")
    let_pass(30)
    click_in_each_look(page, page.get_by_role("button", name="Save correction"))
    sign_in_again(page, "rosa")
    expect(page.get_by_label("Corrected text")).to_have_value("typo")
    if javascript:
        check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("link", name="See all of it, or discard it"))
    if javascript:
        check_in_each_look(page)
    click_in_each_look(page, page.get_by_role("button", name="Discard"))
    expect(page.get_by_text("Nothing is kept for you.")).to_be_visible()
    page.goto(f"/console/messaging/message/{message.pk}/change/")
    expect(page.locator(".kept-note")).to_have_count(0)
