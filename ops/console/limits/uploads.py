"""Limits of uploads: only declared pages accept files; other pages read nothing larger than a form from the network.

A page that accepts files is declared by ``takes_files``, and receives them only from users who may send them. The
handler in FILE_UPLOAD_HANDLERS accepts none, so that a file sent to another page is never stored. A page whose form
holds the text of a message is declared by ``takes_texts``: that form may be larger than others.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from messaging.limits import LONGEST_TEXT
from ops.console import refusals
from ops.files.uploads import size_in_words

ROOM_FOR_A_FORM = 2**16  # bytes of a multipart form around its fields
# The longest text of a message, if each character takes four bytes, and each byte three characters in a form (%F0).
MOST_OF_A_TEXT = 12 * LONGEST_TEXT
TEXT_FORM = "application/x-www-form-urlencoded"


class NoFiles(FileUploadHandler):
    """The handler in FILE_UPLOAD_HANDLERS: stop reading the request at the first file."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        assert self.request is not None
        self.request.sent_files = True  # type: ignore[attr-defined]
        raise StopUpload(connection_reset=True)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Never called, because new_file stops the upload."""

    def file_complete(self, file_size: int) -> None:
        """Never called, because new_file stops the upload."""


def takes_files(
    view: Callable[..., Any],
    *,
    site: Any,
    may: Callable[[HttpRequest], bool],
    receive: Callable[[HttpRequest], object],
) -> Any:
    """Return ``view`` as a page of an admin ``site`` that accepts files from users who ``may`` send them.

    ``receive`` sets the request's upload handlers. The CSRF check runs after it, because the check reads the form.
    """

    @csrf_exempt
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method == "POST":
            if not site.has_permission(request):
                return redirect_to_login(request.get_full_path(), f"{site.name}:login")
            if not may(request):
                raise PermissionDenied
            receive(request)
        return site.admin_view(view)(request, *args, **kwargs)

    page.takes_files = True  # type: ignore[attr-defined]
    return page


def takes_texts(may: Callable[[HttpRequest], bool]) -> Callable[[Callable[..., Any]], Any]:
    """Decorator: the form of this view (or admin view method) may hold the text of a message, if the user ``may``."""

    def mark(view: Any) -> Any:
        view.takes_texts = may
        return view

    return mark


class UploadsMiddleware:
    """Refuse, unread, a request larger than a form to a page that accepts no files; runs before the CSRF check."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if getattr(view, "takes_files", False):
            return None
        most, announced = settings.DATA_UPLOAD_MAX_MEMORY_SIZE, _announced(request)
        may = getattr(view, "takes_texts", None)
        if may is not None and announced > most and request.content_type == TEXT_FORM and may(request):
            most = MOST_OF_A_TEXT
            if announced <= most + ROOM_FOR_A_FORM:
                _read_form(request)
                return None
        if announced > most + ROOM_FOR_A_FORM:
            return refusals.refusal(
                request, _("Not read, and nothing was changed"), "too_large", status=413, most=size_in_words(most)
            )
        if request.content_type == "multipart/form-data" and request.method == "POST":
            with suppress(UnreadablePostError):  # the CSRF check reports it
                request.POST  # noqa: B018 - reading it finds out whether it holds a file
            if getattr(request, "sent_files", False):
                return refusals.refusal(request, _("Not read, and nothing was changed"), "takes_no_files", status=400)
        return None


def _announced(request: HttpRequest) -> int:
    """Return the request's Content-Length in bytes; anything beyond it is not read."""
    length = request.META.get("CONTENT_LENGTH") or ""
    return int(length) if length.isdecimal() else 0


def _read_form(request: HttpRequest) -> None:
    """Read a form larger than DATA_UPLOAD_MAX_MEMORY_SIZE: Django checks that only if it reads the body itself."""
    with suppress(UnreadablePostError):  # the CSRF check reports it
        request._body = request.read()
