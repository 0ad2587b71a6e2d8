"""Browser tests of all apps: a Chromium whose pages fail the test on any error, and checks of a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any, Literal, Protocol

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from django.db.backends.signals import connection_created
from django.test import Client, testcases
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from messaging.tests.answers import AXE, Refusals, refusals_are_noted, static_files_are_kept
from messaging.tests.windows import HEIGHT, NARROW, WIDE, Windows, watch_of

# Debian's chromium-headless-shell draws the same pages as its chromium, with a third less work for each.
PROGRAMS = [Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium")]
# Each window would load two hidden pages for Chromium's address bar, which is two thirds of its work. Only the last
# --disable-features counts, so the features that Playwright disables are repeated here.
DISABLED_FEATURES = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
# A page is left before any of its scripts, such as axe, has run often enough for optimisation to pay off.
SCRIPTS_RUN_ONCE = "--no-opt --no-maglev --min-semi-space-size=32 --max-semi-space-size=64"
ARGUMENTS = [
    f"--disable-features={','.join(DISABLED_FEATURES)}",
    f"--js-flags={SCRIPTS_RUN_ONCE}",
    "--no-sandbox",
    "--disable-gpu",
    "--in-process-gpu",  # without a GPU, drawing in this process saves passing each picture to another one
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",  # no other host answers
]
REFUSALS = Refusals()

# With "preload", axe would load style sheets again, and their imports from URLs that do not exist. With all
# "resultTypes", the results of a hundred passed rules would go through three processes as JSON.
RUN_AXE = """async address => {
    if (!window.axe) await new Promise((loaded, failed) => {
        const script = document.createElement("script");
        script.onload = loaded;
        script.onerror = () => failed(Error("axe was not loaded"));
        script.src = address;
        document.head.append(script);
        script.remove();
    });
    return (await axe.run({ preload: false, resultTypes: ["violations"] })).violations;
}"""

Scheme = Literal["light", "dark"]
# Two looks cover both widths and both schemes, instead of four.
LOOKS: list[tuple[int, Scheme]] = [(WIDE, "light"), (NARROW, "dark")]
WIDTHS: list[tuple[int, Scheme]] = [(WIDE, "light"), (NARROW, "light")]


class OpenPage(Protocol):
    def __call__(
        self, width: int = WIDE, scheme: Scheme = "light", javascript: bool = True, *, own: bool = False
    ) -> Page: ...


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The one Chromium of a test process: the project's conftest.py imports it once, and browser tests run last."""
    program = next(filter(Path.exists, PROGRAMS), None)
    if program is None:
        pytest.skip("Browser tests need Debian's chromium: apt-get install chromium-headless-shell")
    with pytest.MonkeyPatch.context() as patch:
        # Playwright runs an event loop in this thread, where Django refuses to use the database otherwise.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
            yield chromium
            chromium.close()


class OneAtATime(WSGIHandler):
    """Serve one request after another.

    Each has its own connection to the in-memory database, which immediately refuses a second writer, for example when a
    page loads while the request that the previous page sent on leaving is still running.
    """

    answering = Lock()

    def __call__(self, *args: Any) -> Any:
        with self.answering:
            return super().__call__(*args)


def wait_for_no_writer(connection: Any, **_: Any) -> None:
    """Let a connection read uncommitted data.

    An in-memory database refuses reads while another connection writes, as when the test reads while a page loads.
    """
    if connection.vendor == "sqlite":
        connection.connection.execute("PRAGMA read_uncommitted = 1")


@pytest.fixture(scope="session")
def windows(chromium: Browser) -> Iterator[Windows]:
    """The windows of that Chromium, imported once like it. The live server starts after them."""
    windows = Windows(chromium)
    for connection in connections.all(initialized_only=True):
        if connection.connection is not None:
            wait_for_no_writer(connection)
    connection_created.connect(wait_for_no_writer)
    with static_files_are_kept(), refusals_are_noted(REFUSALS), pytest.MonkeyPatch.context() as patch:
        patch.setattr(testcases, "WSGIHandler", OneAtATime)
        yield windows
    connection_created.disconnect(wait_for_no_writer)
    windows.close()


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    """The Chromium in which a test opens its pages."""
    return chromium


@pytest.fixture
def open_page(windows: Windows, live_server: Any) -> Iterator[OpenPage]:
    """Return a function that opens a page, in which ``page.goto("/…")`` requests from the test's server.

    A test that changes its page for good (another clock, scripts that run before the page's own, listeners, a second
    page in the window) needs a window of its ``own``. The test fails at its end if anything went wrong on one of the
    pages.
    """
    pages: list[Page] = []
    REFUSALS.begin()

    def open_page(width: int = WIDE, scheme: Scheme = "light", javascript: bool = True, *, own: bool = False) -> Page:
        page = windows.take(live_server.url, width, scheme, javascript=javascript, own=own)
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        windows.give_back(page)
    faults = [*REFUSALS.faults, *(fault for page in pages for fault in watch_of(page).faults)]
    assert not faults, "On the pages of this test:\n" + "\n".join(faults)


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A page 1280 px wide in the light scheme, which fails the test if anything goes wrong on it."""
    return open_page()


def expect_status(*statuses: int) -> None:
    """From now on, do not fail the test for responses with these statuses (404, 403, …)."""
    REFUSALS.expected.update(statuses)


def sign_in(page: Page, user: Any) -> None:
    """Sign ``user`` in on this page, without the form and the password."""
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    url = watch_of(page).origin
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])


def open_from_menu(page: Page, place: str, name: str | None = None) -> None:
    """Open a section of the console from its menu and then, if ``name`` is given, a list in it."""
    for words in (place, name):
        if words is not None:
            button = page.locator(".menu-button > summary")
            if button.is_visible() and not page.get_by_role("navigation", name="Main").is_visible():
                button.click()
            page.get_by_role("navigation", name="Main").get_by_role("link", name=words, exact=True).click()
            page.wait_for_load_state()


def open_filters(page: Page) -> None:
    """Show the filters of a list of the console, which a narrow screen keeps behind a button."""
    button = page.locator(".filters-button > summary")
    if button.is_visible():
        button.click()


def assert_accessible(page: Page, *, without: Callable[[dict[str, Any]], bool] = lambda violation: False) -> None:
    """Fail on any violation that axe finds, with the rule, its help and the elements.

    ``without`` returns whether to leave out a violation (none of our own pages needs it).
    """
    page.wait_for_load_state()  # a click returns when the next page starts to load, before it has a heading
    found = page.evaluate(RUN_AXE, AXE)
    violations = [violation for violation in found if not without(violation)]
    report = [
        f"{violation['id']} ({violation['impact']}): {violation['help']}\n"
        + "\n".join(f"    {node['html']}\n        {node['failureSummary']}" for node in violation["nodes"][:5])
        for violation in violations
    ]
    assert not report, f"axe on {page.url}:\n" + "\n".join(report)


def assert_fits(page: Page) -> None:
    """Fail if the page is wider than its window and would scroll sideways."""
    width, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width <= window, f"{page.url} is {width} px wide in a window of {window} px"


def check(page: Page) -> None:
    """Fail if a page is not accessible, or wider than its window."""
    assert_accessible(page)
    assert_fits(page)


def wear(page: Page, width: int, scheme: Scheme) -> None:
    """Change the width and scheme of a page without reloading it."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.emulate_media(color_scheme=scheme)


def click_in_each_look(page: Page, place: Locator, looks: list[tuple[int, Scheme]] = LOOKS) -> None:
    """Check in each look that this element can be clicked, and click it in the last one."""
    for look in looks:
        wear(page, *look)
        place.click(trial=True)
    place.click()


def in_each_look(page: Page, looks: list[tuple[int, Scheme]] = LOOKS) -> Iterator[int]:
    """Give a page each of the looks in turn, without reloading it, and yield the width of each.

    Starts with the page's current look and keeps the last one, so every second page of a journey is loaded narrow.
    """
    now = page.evaluate("innerWidth")
    for width, scheme in sorted(looks, key=lambda look: look[0] != now):
        wear(page, width, scheme)
        yield width


def check_in_each_look(page: Page, looks: list[tuple[int, Scheme]] = LOOKS) -> None:
    """Fail if a page is not accessible, or wider than its window, in one of the looks."""
    for _ in in_each_look(page, looks):
        check(page)
