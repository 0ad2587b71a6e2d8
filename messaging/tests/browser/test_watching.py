"""Errors on a page are detected: if this fails, browser tests may pass on broken pages."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from messaging.tests.browsing import REFUSALS, assert_accessible, expect_status
from messaging.tests.windows import watch_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def taken(page: Page) -> list[str]:
    """Return the faults recorded so far, and clear them so that this test passes."""
    seen = [*REFUSALS.faults, *watch_of(page).faults]
    REFUSALS.faults.clear()
    watch_of(page).faults.clear()
    return seen


def ask_for(page: Page, address: str) -> None:
    page.evaluate("address => fetch(address).catch(() => {})", address)


@pytest.fixture
def somewhere(page: Page) -> Page:
    """A page of the server without any policy for what it may load."""
    page.goto("/static/admin/css/base.css")
    assert taken(page) == []
    return page


def test_an_unexpected_error_status_is_reported(somewhere: Page) -> None:
    for address in ("/no/such/page/", "/static/no/such/file.css"):
        ask_for(somewhere, address)
        assert taken(somewhere) == [f"status 404: GET {address}"]
    expect_status(404)
    ask_for(somewhere, "/no/such/page/")
    assert taken(somewhere) == []


def test_a_request_to_another_host_is_reported(somewhere: Page) -> None:
    for host in ("https://example.org", "http://192.0.2.1", "http://[2001:db8::1]"):
        ask_for(somewhere, f"{host}/")
        assert taken(somewhere) == [f"no answer: {host}/ (net::ERR_NAME_NOT_RESOLVED)"]


def test_errors_of_scripts_and_of_the_console_are_reported(somewhere: Page) -> None:
    somewhere.evaluate("setTimeout(() => { console.error('here'); throw new Error('there'); })")
    somewhere.wait_for_function("true")
    assert sorted(taken(somewhere)) == ["error in the console: here", "error of a script: there"]


@pytest.mark.parametrize(("colour", "is_read"), [("rgb(250, 250, 250)", False), ("rgb(90, 90, 90)", True)])
def test_a_text_with_too_little_contrast_is_reported(somewhere: Page, colour: str, is_read: bool) -> None:
    """Reports each of several texts of the same colour, which axe parses only once."""
    texts = "".join(f'<p style="color: {colour}">text {number}</p>' for number in range(3))
    somewhere.set_content(f"<!doctype html><html lang='en'><title>t</title><main><h1>h</h1>{texts}</main></html>")
    if is_read:
        assert_accessible(somewhere)
        return
    with pytest.raises(AssertionError, match="color-contrast") as caught:
        assert_accessible(somewhere)
    assert all(f"text {number}" in str(caught.value) for number in range(3))
