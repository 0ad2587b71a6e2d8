"""The current editor, whom histories record: the signed-in user of the request.

Signal receivers and ``QuerySet.update()`` have no access to the request, so a context variable holds its user.
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
    """Record ``user`` as the editor of all edits within this block: a user (lazy or anonymous too), or None."""
    token = _editor.set(user)
    try:
        yield
    finally:
        _editor.reset(token)


def current_editor() -> Any:
    """Return the user who is editing, or None outside a request or if nobody is signed in."""
    user = _editor.get()
    return user if user is not None and user.is_authenticated else None


def current_editor_id() -> Any:
    """Return the primary key of the user who is editing, or None."""
    user = current_editor()
    return user.pk if user is not None else None


class EditorMiddleware:
    """Middleware that makes the signed-in user the editor of a request's changes; loads the user only for a change."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with editing_as(request.user):
            return self.get_response(request)
