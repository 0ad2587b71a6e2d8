"""Which pages may be sent files. Of all others nothing that is larger than a form is read from the network.

A page that takes files says so (``takes_files``), and receives them only from whoever may send some. The handler in
FILE_UPLOAD_HANDLERS receives none, so that a file which is sent elsewhere is written nowhere. A page that takes the
text of a message says so as well (``takes_texts``): such a form may be larger than others.
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
# The longest text of a message, of characters that take four bytes, three signs each in a form.
MOST_OF_A_TEXT = 12 * LONGEST_TEXT
TEXT_FORM = "application/x-www-form-urlencoded"


class NoFiles(FileUploadHandler):
    """The handler of FILE_UPLOAD_HANDLERS: at the first file it ends the reading of what was sent."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        assert self.request is not None
        self.request.sent_files = True  # type: ignore[attr-defined]
        raise StopUpload(connection_reset=True)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Nothing arrives here."""

    def file_complete(self, file_size: int) -> None:
        """Nothing arrives here."""


def takes_files(
    view: Callable[..., Any],
    *,
    site: Any,
    may: Callable[[HttpRequest], bool],
    receive: Callable[[HttpRequest], object],
) -> Any:
    """``view`` as a page of an admin ``site`` that takes files from whoever ``may`` send them.

    ``receive`` sets the request's upload handlers. The CSRF check comes after it, because it reads the form.
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
    """A view, or a view method of an admin, whose form may hold the text of a message if who sends it ``may``."""

    def mark(view: Any) -> Any:
        view.takes_texts = may
        return view

    return mark


class UploadsMiddleware:
    """Refuses, unread, what is larger than a form and was sent to a page that takes no files; before the CSRF check."""

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
            with suppress(UnreadablePostError):  # the CSRF check says so
                request.POST  # noqa: B018 - reading it finds out whether it holds a file
            if getattr(request, "sent_files", False):
                return refusals.refusal(request, _("Not read, and nothing was changed"), "takes_no_files", status=400)
        return None


def _announced(request: HttpRequest) -> int:
    """How many bytes the request says that it sends; what it sends beyond that is not read."""
    length = request.META.get("CONTENT_LENGTH") or ""
    return int(length) if length.isdecimal() else 0


def _read_form(request: HttpRequest) -> None:
    """Read a form that is larger than the setting allows: Django compares only what it reads by itself with that."""
    with suppress(UnreadablePostError):  # the CSRF check says so
        request._body = request.read()
