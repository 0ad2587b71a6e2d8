"""The content security policy: what a page may load and run, said with every answer."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

HEADER = "Content-Security-Policy"


class ContentSecurityPolicyMiddleware:
    """Sends ``settings.SECURE_CSP``, written as Django 6 wants it: its own middleware can follow once 5.2 is left.

    A stricter policy that a view has set itself stays. In development the page of an error is left alone, whose
    scripts are within the page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.policy = "; ".join(" ".join([name, *sources]) for name, sources in settings.SECURE_CSP.items())

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not (settings.DEBUG and response.status_code == 500):
            response.headers.setdefault(HEADER, self.policy)
        return response
