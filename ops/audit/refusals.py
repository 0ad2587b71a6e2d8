"""The pages shown when an action or reading could not be recorded, and when something went wrong."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token

from ops.audit import context
from ops.audit.recording import NotRecorded
from ops.console.refusals import refusal


@requires_csrf_token
def went_wrong(request: HttpRequest) -> HttpResponse:
    """Show, as handler500, a page with the reference that the log has too; runs no query."""
    # Rendered without the request, because context processors may have caused the error.
    return render(None, "500.html", {"reference": context.current().request_id}, status=500)


class RefusalMiddleware:
    """Shows a page with the reason if a view raises NotRecorded. Its transaction has been rolled back by then."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, NotRecorded):
            return None
        title = _("Not shown, and nothing was changed")
        return refusal(request, title, "not_recorded", status=503, sentence=str(exception))
