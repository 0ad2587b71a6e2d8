"""Every page of the console in a real browser, with names and texts that would like to break it, and in languages that
are longer than English or written from right to left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page

from messaging.tests.browsing import (
    NARROW,
    WIDE,
    WIDTHS,
    OpenPage,
    Scheme,
    assert_accessible,
    assert_fits,
    in_each_look,
)
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from messaging.tests.pseudo import ACCENTED, MIRRORED, speaking
from messaging.tests.windows import watch_of
from ops.conftest import confirm
from ops.tests.asking import address, opened_by, signed_in
from ops.tests.browser.test_reading_threads import HOSTILE_NAME
from ops.tests.roles import ROLE_OF, keys_of_rows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

VARIANTS: list[tuple[int, Scheme]] = [(WIDE, "light"), (NARROW, "dark"), (WIDE, "dark"), (NARROW, "light")]
IS_PAGE: dict[str, bool] = {}  # by the name of an address: what one test asked holds for the next one
MALLORY = "<b>mallory</b>" + "\u0627" * 40
# Cells of a wide list in which a name is broken after every second letter.
SQUEEZED = """() => innerWidth < 1000 ? [] : [...document.querySelectorAll("#changelist-form table.list td:has(> bdi)")]
    .filter(cell => cell.clientWidth < 120).map(cell => cell.textContent.trim())"""


@pytest.fixture
def keys(transactional_db: Any) -> dict[str, Any]:
    """The key of a row of each model, about people and a message that nobody hopes for."""
    long, mallory = make_user(HOSTILE_NAME), make_user(MALLORY)
    message = write(long, mallory, "<script>alert(1)</script> https://example.org/" + "a" * 300)
    answer(message, "Z\u0301\u0302\u0303\u0304" * 60 + " pay to \u202etxt.exe\u202c now\u200b")
    message.content = "x" * 20_000
    message.save()
    return keys_of_rows(long, mallory, message)


def shown_as_pages(client: Client, keys: dict[str, Any], turn: int, turns: int) -> list[str]:
    """The addresses of one of the turns that answer with a page, not a part of one, a file, or the way to another."""
    asked = {address(name, keys): name for name in sorted(opened_by("rosa"))[turn::turns]}
    for at, name in asked.items():
        if name not in IS_PAGE:
            answered = client.get(at)
            shown = answered.status_code == 200 and not answered.streaming and b"</html>" in answered.content
            IS_PAGE[name] = shown
    return [at for at, name in asked.items() if IS_PAGE[name]]


def sign_in_as(page: Page, client: Client) -> None:
    """The session of a test client, in which somebody has confirmed that it is they."""
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": watch_of(page).origin}])


@pytest.mark.parametrize("turn", range(len(VARIANTS)))
def test_every_page_is_accessible_and_fits(open_page: OpenPage, keys: dict[str, Any], turn: int) -> None:
    """As a superuser, who sees the most: every page in one of the variants, each of which has many pages."""
    client = confirm(signed_in("rosa"), "rosa")
    pages = shown_as_pages(client, keys, turn, len(VARIANTS))
    assert len(pages) > 20
    page = open_page(*VARIANTS[turn])
    sign_in_as(page, client)
    faults = []
    for at in pages:
        page.goto(at)
        try:
            assert_accessible(page)
            assert_fits(page)
            assert page.evaluate(SQUEEZED) == []
        except AssertionError as fault:
            faults.append(f"{at}: {fault}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("turn", range(len(VARIANTS)))
def test_every_page_fits_in_other_languages(page: Page, keys: dict[str, Any], turn: int) -> None:
    """As a superuser, and at either width; and Home of every role."""
    client, turns = confirm(signed_in("rosa"), "rosa"), len(VARIANTS)
    pages = shown_as_pages(client, keys, turn, turns)
    faults = []
    for language in (ACCENTED, MIRRORED):
        with speaking(language):
            for who in ("rosa", *list(ROLE_OF)[turn::turns]):
                sign_in_as(page, client if who == "rosa" else signed_in(who))
                faults += [
                    f"{language}, {who}, {at}: {fault}"
                    for at in (pages if who == "rosa" else ["/console/"])
                    for fault in does_not_fit(page, at)
                ]
    assert not faults, "\n".join(faults)


def does_not_fit(page: Page, at: str) -> Iterator[AssertionError]:
    """What is wider than its window on a page, at either width. The next page begins at the width of this one."""
    page.goto(at)
    for _ in in_each_look(page, WIDTHS):
        try:
            assert_fits(page)
        except AssertionError as fault:
            yield fault
