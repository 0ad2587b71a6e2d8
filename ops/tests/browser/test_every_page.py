"""Every page of the console in a real browser: hostile names and texts, languages longer than English or right to
left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page

from messaging.tests.browsing import (
    NARROW,
    WIDE,
    OpenPage,
    Scheme,
    assert_accessible,
    assert_fits,
    wear,
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
IS_PAGE: dict[str, bool] = {}  # by the name of an address, shared by the tests
MALLORY = "<b>mallory</b>" + "\u0627" * 40
# Cells of a wide list that are so narrow that a name breaks after every second letter.
SQUEEZED = """() => innerWidth < 1000 ? [] : [...document.querySelectorAll("#changelist-form table.list td:has(> bdi)")]
    .filter(cell => cell.clientWidth < 120).map(cell => cell.textContent.trim())"""


@pytest.fixture
def keys(transactional_db: Any) -> dict[str, Any]:
    """Return the key of a row of each model, about hostile people and a hostile message."""
    long, mallory = make_user(HOSTILE_NAME), make_user(MALLORY)
    message = write(long, mallory, "<script>alert(1)</script> https://example.org/" + "a" * 300)
    answer(message, "Z\u0301\u0302\u0303\u0304" * 60 + " pay to \u202etxt.exe\u202c now\u200b")
    message.content = "x" * 20_000
    message.save()
    return keys_of_rows(long, mallory, message)


def shown_as_pages(client: Client, keys: dict[str, Any], turn: int, turns: int) -> list[str]:
    """Return the addresses of one turn that answer with a page, not a part of one, a file or a redirect."""
    asked = {address(name, keys): name for name in sorted(opened_by("rosa"))[turn::turns]}
    for at, name in asked.items():
        if name not in IS_PAGE:
            answered = client.get(at)
            shown = answered.status_code == 200 and not answered.streaming and b"</html>" in answered.content
            IS_PAGE[name] = shown
    return [at for at, name in asked.items() if IS_PAGE[name]]


def sign_in_as(page: Page, client: Client) -> None:
    """Sign in on a page with the session of a test client whose user has confirmed the password."""
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": watch_of(page).origin}])


@pytest.mark.parametrize("turn", range(len(VARIANTS)))
def test_every_page_is_accessible_and_fits_in_other_languages(
    open_page: OpenPage, keys: dict[str, Any], turn: int
) -> None:
    """A superuser, who sees the most, opens every page.

    Each page is checked at either width; the other checks run in one of the variants, among which the pages are
    divided. The languages are a third longer than English, so English fits as well. Home is checked for every role.
    """
    client, look = confirm(signed_in("rosa"), "rosa"), VARIANTS[turn]
    pages = shown_as_pages(client, keys, turn, len(VARIANTS))
    assert len(pages) > 20
    page = open_page(*look)
    faults = []
    for language in (ACCENTED, MIRRORED):
        with speaking(language):
            for who in ("rosa", *list(ROLE_OF)[turn :: len(VARIANTS)]):
                sign_in_as(page, client if who == "rosa" else signed_in(who))
                for at in pages if who == "rosa" else ["/console/"]:
                    checks = [assert_fits, assert_accessible, assert_not_squeezed]
                    found = faults_of(page, at, look, checks if (language, who) == (ACCENTED, "rosa") else checks[:1])
                    faults += [f"{language}, {who}, {at}: {fault}" for fault in found]
    assert not faults, "\n".join(faults)


def faults_of(
    page: Page, at: str, look: tuple[int, Scheme], checks: Sequence[Callable[[Page], None]]
) -> Iterator[AssertionError]:
    """Yield the faults that these checks find on a page in one look, or at the other width."""
    wear(page, *look)
    page.goto(at)
    try:
        for check in checks:
            check(page)
        wear(page, NARROW if look[0] == WIDE else WIDE, look[1])
        assert_fits(page)
    except AssertionError as fault:
        yield fault


def assert_not_squeezed(page: Page) -> None:
    assert page.evaluate(SQUEEZED) == [], "names are broken after every second letter"
