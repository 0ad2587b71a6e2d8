"""Who is editing: known from the signed-in user of the request, so that histories can name the editor.

Signal receivers and ``QuerySet.update()`` have no request; a context variable carries the user to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest, HttpResponse

_editor: ContextVar[Any] = ContextVar("messaging_editor", default=None)


@contextmanager
def editing_as(user: Any) -> Iterator[None]:
    """Within this block, edits of messages are recorded as made by ``user`` (a user, a lazy user or None)."""
    token = _editor.set(user)
    try:
        yield
    finally:
        _editor.reset(token)


def current_editor() -> Any:
    """Whoever is editing, or None: nobody is signed in, or no person caused it."""
    user = _editor.get()
    return user if user is not None and user.is_authenticated else None


def current_editor_id() -> Any:
    """The primary key of whoever is editing, or None."""
    user = current_editor()
    return user.pk if user is not None else None


class EditorMiddleware:
    """Names the signed-in user as the editor of whatever a request changes; costs no query unless something is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with editing_as(request.user):
            return self.get_response(request)
