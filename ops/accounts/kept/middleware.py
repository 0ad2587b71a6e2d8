"""The middleware that fills in kept forms on the pages from which they were sent, until they are sent again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from ops.accounts.kept import storing
from ops.accounts.kept.filling import fill
from ops.accounts.kept.keeping import MARKS


class KeptFormsMiddleware:
    """Fills in a user's kept forms. Costs nothing without any: the session lists them.

    Only the response that is sent is filled in; the page cache keeps the page unchanged.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        marks: list[list[str]] = request.session.get(MARKS, [])
        response = self.get_response(request)
        if not marks:
            return response
        place = request.get_full_path()
        if request.method == "GET" and response.status_code == 200:
            if ids := [key for key, page, _ in marks if page == place]:
                _fill_in(request, response, ids)
        elif request.method == "POST" and response.status_code < 400:
            _forget(request, {key for key, _, address in marks if address == place})
        return response


def _fill_in(request: HttpRequest, response: HttpResponse, ids: list[str]) -> None:
    """Fill in the newest of these kept forms that has a form on this page."""
    if response.streaming or not response.headers.get("Content-Type", "").startswith("text/html"):
        return
    html = response.content.decode(response.charset)
    for kept in storing.kept_for(request.user):
        if str(kept.id) not in ids:
            continue
        note = render_to_string("accounts/kept/note.html", {"kept": kept})
        sent = kept.sent
        filled = fill(html, page=sent.page, address=sent.address, fields=sent.fields, note=note)
        if filled is not None:
            response.content = filled.encode(response.charset)
            return


def _forget(request: HttpRequest, ids: set[str]) -> None:
    """Delete kept forms that were sent again. If that request signed the user out, the session has no marks left."""
    if not ids:
        return
    storing.forget(list(ids))
    left: list[Any] = [mark for mark in request.session.get(MARKS, []) if mark[0] not in ids]
    if MARKS in request.session:
        request.session[MARKS] = left
