"""The content security policy: a header of every response that limits what a page may load and run."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

HEADER = "Content-Security-Policy"


class ContentSecurityPolicyMiddleware:
    """Sends ``settings.SECURE_CSP``, in the format of Django 6, whose own middleware can replace this one after 5.2.

    A policy that a view has set itself stays. Django's error page in development gets none, because its scripts are
    inline.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.policy = "; ".join(" ".join([name, *sources]) for name, sources in settings.SECURE_CSP.items())

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not (settings.DEBUG and response.status_code == 500):
            response.headers.setdefault(HEADER, self.policy)
        return response
