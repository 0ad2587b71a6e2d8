"""Marking notices as read when their recipient opens the page of their target."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse

from ops.notices import reading
from ops.notices.kinds import all_kinds


class SeenMiddleware:
    """Marks notices about the row whose page is shown, before the page and its bell are rendered. Costs one query on
    such pages, plus an update if there are any, and none on others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_template_response(self, request: HttpRequest, response: Any) -> Any:
        match: Any = request.resolver_match
        if request.method == "GET" and response.status_code == 200 and match is not None:
            model = _pages().get(match.url_name or "") if match.app_name == "admin" else None
            if model is not None and request.user.is_authenticated and "HX-Request" not in request.headers:
                reading.mark_seen(request.user, (model, next(iter(match.kwargs.values()))))
        return response


@cache
def _pages() -> dict[str, str]:
    """Return the models that notices are about, by the URL name of their rows' pages."""
    about = [kind for kind in all_kinds().values() if kind.target]
    return {kind.page.partition(":")[2] or f"{kind.target.replace('.', '_')}_change": kind.target for kind in about}
