"""Windows of the browser tests' Chromium, reused by one test after another.

A page in a new window takes three times as long as the next one: a new process has no scripts and styles cached.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request

WIDE, NARROW, HEIGHT = 1280, 400, 900  # pixels; every screen works at both widths
# Methods whose effect would last into the next test.
KEPT_ON_A_PAGE = ("add_init_script", "expose_binding", "expose_function", "on", "once", "route")
# Navigates to an empty page without sending beacons. Returns whether the page's clock was replaced.
LEAVE = """() => {
    navigator.sendBeacon = () => true;
    if (location.protocol.startsWith("http")) { localStorage.clear(); sessionStorage.clear(); }
    setTimeout(() => location.replace("about:blank"));
    return "__pwClock" in window;
}"""
NEEDS_ITS_OWN = "This stays on the page for the next test: ask for open_page(…, own=True)."


class Watch:
    """Collects errors of a page: errors in scripts and the console, and requests without a response.

    Requests to other hosts are among them, because Chromium resolves none. The server records refused requests.
    """

    def __init__(self, page: Page, origin: str) -> None:
        self.origin = origin
        self.begin()
        page.on("pageerror", lambda error: self.faults.append(f"error of a script: {error}"))
        page.on("console", self.check_console)
        page.on("requestfailed", self.check_failure)
        page.on("load", self.count_load)

    def begin(self) -> None:
        """Clear the records of the previous test."""
        self.faults: list[str] = []
        self.loads = 0

    def check_console(self, message: ConsoleMessage) -> None:
        # Chromium repeats a bad status in its console, without the URL; the server records it with the URL.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(f"error in the console: {message.text}")

    def check_failure(self, request: Request) -> None:
        # Downloads and leaving a page early abort requests: neither is an error.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"no answer: {request.url} ({request.failure})")

    def count_load(self, _: Page) -> None:
        self.loads += 1


class Windows:
    """Gives each test a page, in a window without cookies or stored data, and takes it back."""

    def __init__(self, chromium: Browser) -> None:
        self.chromium = chromium
        self.free: list[Page] = []

    def take(self, origin: str, width: int, scheme: Any, *, javascript: bool, own: bool) -> Page:
        """Return a page of this width and scheme, in which ``page.goto("/…")`` requests from ``origin``."""
        if self.free and watch_of(self.free[0]).origin != origin:
            self.close()
        if self.free and javascript and not own:
            page = self.free.pop()
            watch_of(page).begin()
        else:
            page = self._new(origin, width, scheme, javascript)
            if javascript and not own:
                for name in KEPT_ON_A_PAGE:
                    setattr(page, name, _refuse)
            else:
                page.is_own = True  # type: ignore[attr-defined]
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.emulate_media(media="null", color_scheme=scheme, reduced_motion="reduce")
        return page

    def give_back(self, page: Page) -> None:
        """Leave the page, so that nothing more happens on it, and keep its window for another test."""
        if not hasattr(page, "is_own") and page.context.pages == [page] and self._is_left(page):
            self.free.append(page)
        else:
            page.context.close()

    def close(self) -> None:
        while self.free:
            self.free.pop().context.close()

    def _new(self, origin: str, width: int, scheme: Any, javascript: bool) -> Page:
        context = self.chromium.new_context(
            base_url=origin,
            viewport={"width": width, "height": HEIGHT},
            color_scheme=scheme,
            java_script_enabled=javascript,
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.watch = Watch(page, origin)  # type: ignore[attr-defined]
        _hear_keys(page)
        return page

    @staticmethod
    def _is_left(page: Page) -> bool:
        """Leave the page; return False if that fails because it shows an error of Chromium or does not respond."""
        try:
            has_another_clock = page.evaluate(LEAVE)
            page.wait_for_url("about:blank")
            page.context.clear_cookies()
            page.mouse.move(-1, -1)
        except Error:
            return False
        if has_another_clock:
            page.context.close()
            raise AssertionError(NEEDS_ITS_OWN)
        return True


def watch_of(page: Page) -> Watch:
    watch: Watch = page.watch  # type: ignore[attr-defined]
    return watch


def _refuse(*arguments: Any, **options: Any) -> None:
    raise AssertionError(NEEDS_ITS_OWN)


def _hear_keys(page: Page) -> None:
    """Press each key only once the page has loaded: a page shows its text before its script listens to keys."""
    press = page.keyboard.press

    def press_on_loaded(*arguments: Any, **options: Any) -> None:
        page.wait_for_load_state()
        press(*arguments, **options)

    page.keyboard.press = press_on_loaded  # type: ignore[method-assign]
