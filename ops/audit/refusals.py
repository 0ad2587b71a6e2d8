"""What cannot be recorded does not happen, and whoever asked for it reads a sentence."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from ops.audit.recording import NotRecorded
from ops.console.refusals import refusal


class RefusalMiddleware:
    """Answers with a page that says why, where a view raises NotRecorded; its transaction was rolled back by then."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, NotRecorded):
            return None
        title = "Not shown, and nothing was changed"
        return refusal(request, title, "not_recorded", status=503, sentence=str(exception))
