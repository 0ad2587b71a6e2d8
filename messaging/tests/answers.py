"""Responses of the live server in browser tests: cacheable static files, among them axe, and a record of refused
requests.

The server records the refusals itself. When Chromium reported each request and each response, about fifty per page,
Python and Playwright took a fifth of a page's time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

# axe spends half of its time on the same few colours, which it parses again for each element: cache the results.
READ_COLOURS_ONCE = """
const colours = axe.commons.color.Color.prototype, read = colours.parseString, known = new Map();
colours.parseString = function (text) {
    if (known.has(text)) [this.r, this.g, this.b, this.alpha] = known.get(text);
    else { read.call(this, text); known.set(text, [this.r, this.g, this.b, this.alpha]); }
    return this;
};"""
# axe spends an eighth of its time on the data of each colour, compiled for old browsers to one weak map per field, slow
# to read and to collect. Here each object keeps its own data.
KEEP_ON_THE_OBJECT = """
class WeakMap {
    key = Symbol();
    has(owner) { return Object(owner) === owner && this.key in owner; }
    get(owner) { return owner[this.key]; }
    set(owner, value) { owner[this.key] = value; return this; }
    add(owner) { return this.set(owner, true); }
    delete(owner) { return delete owner[this.key]; }
}
const WeakSet = WeakMap;"""
# Tested pages load axe, half a megabyte of script, from here, so that Chromium caches it, compiled.
AXE = "/static/of-browser-tests/axe.js"
SCRIPT_OF_AXE = f"{{{KEEP_ON_THE_OBJECT}\n{AXE_SCRIPT}\n{READ_COLOURS_ONCE}\n}}"


class Refusals:
    """The responses with a status of 400 or more to the requests of one test.

    ``expected`` holds the statuses that the test requests on purpose, from now on.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Discard the refusals of the previous test; its late responses are still recorded with that test."""
        self.expected: set[int] = set()
        self.faults: list[str] = []

    def noting(self, request: str, start_response: Callable[..., Any]) -> Callable[..., Any]:
        """Return a ``start_response`` that records a refusal of ``request`` before any of the response is sent."""
        expected, faults = self.expected, self.faults

        def start(status: str, *rest: Any) -> Any:
            code = int(status.partition(" ")[0])
            # Browsers request /favicon.ico on their own.
            if code >= 400 and code not in expected and "favicon.ico" not in request:
                faults.append(f"status {code}: {request}")
            return start_response(status, *rest)

        return start


@contextmanager
def refusals_are_noted(refusals: Refusals) -> Iterator[None]:
    """Record the refusals of live servers within this block, for pages as well as static files."""
    call = StaticFilesHandler.__call__

    def noting(handler: StaticFilesHandler, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        request = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        return call(handler, environ, refusals.noting(request, start_response))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StaticFilesHandler, "__call__", noting)
        yield


@contextmanager
def static_files_are_kept() -> Iterator[None]:
    """Let Chromium cache each static file, as in production, and serve axe beside them.

    Django's development server sends no Cache-Control. If the files are new, as in a fresh clone, Chromium would
    request all of them again for each page, which takes as long as the page.
    """
    serve = StaticFilesHandler.serve

    def serve_to_keep(handler: StaticFilesHandler, request: HttpRequest) -> HttpResponseBase:
        is_axe = request.path == AXE
        response = HttpResponse(SCRIPT_OF_AXE, "text/javascript") if is_axe else serve(handler, request)
        response["Cache-Control"] = "max-age=3600"
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StaticFilesHandler, "serve", serve_to_keep)
        yield
