"""What the server of the browser tests answers: static files that Chromium keeps, axe among them, and which requests it
refused.

The server tells of refusals itself: told by Chromium of each request and each answer, of which a page has fifty, Python
and Playwright took a fifth of the time of a page.
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

# Half of axe's time goes into the same few colours, which it reads anew for each element that it looks at.
READ_COLOURS_ONCE = """
const colours = axe.commons.color.Color.prototype, read = colours.parseString, known = new Map();
colours.parseString = function (text) {
    if (known.has(text)) [this.r, this.g, this.b, this.alpha] = known.get(text);
    else { read.call(this, text); known.set(text, [this.r, this.g, this.b, this.alpha]); }
    return this;
};"""
# An eighth of it goes into what belongs to each colour, written for old browsers with a weak map for each part of it:
# slow to ask, and slow to collect. Here each object keeps its own.
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
# Pages that are looked at ask for axe, half a megabyte of script: Chromium keeps it, and what it compiled of it.
AXE = "/static/of-browser-tests/axe.js"
SCRIPT_OF_AXE = f"{{{KEEP_ON_THE_OBJECT}\n{AXE_SCRIPT}\n{READ_COLOURS_ONCE}\n}}"


class Refusals:
    """The answers of a status from 400 on to what this test requested.

    ``expected`` holds the statuses that it asks for on purpose, from now on.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget what the test before requested; what it left unanswered belongs to it."""
        self.expected: set[int] = set()
        self.faults: list[str] = []

    def noting(self, request: str, start_response: Callable[..., Any]) -> Callable[..., Any]:
        """``start_response`` of a request, which notes a refusal before a byte of it is sent."""
        expected, faults = self.expected, self.faults

        def start(status: str, *rest: Any) -> Any:
            code = int(status.partition(" ")[0])
            # Browsers ask for /favicon.ico by themselves.
            if code >= 400 and code not in expected and "favicon.ico" not in request:
                faults.append(f"status {code}: {request}")
            return start_response(status, *rest)

        return start


@contextmanager
def refusals_are_noted(refusals: Refusals) -> Iterator[None]:
    """Live servers that answer within note what they refuse, pages as well as static files."""
    call = StaticFilesHandler.__call__

    def noting(handler: StaticFilesHandler, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        request = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        return call(handler, environ, refusals.noting(request, start_response))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StaticFilesHandler, "__call__", noting)
        yield


@contextmanager
def static_files_are_kept() -> Iterator[None]:
    """Chromium asks for each static file once, as in production, and finds axe beside them.

    Django's server for development says nothing of that. Where a file is new, as in a fresh clone, Chromium would ask
    again for all of them at each page, which takes as long as the page.
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
