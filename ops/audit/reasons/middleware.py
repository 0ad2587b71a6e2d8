"""The middleware that asks for a reason if a page needs one before it shows texts."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from ops.audit.reasons import gate


class ReasonMiddleware:
    """Lets the reasons given in a session open texts, and redirects to the page that asks for a missing one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with gate.read_by(request):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, gate.ReasonNeeded):
            return None
        return HttpResponseRedirect(gate.address_to_ask(request, exception.scope))
