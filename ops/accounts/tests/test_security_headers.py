"""Security headers of every response: pages load only our own files, send no referrer elsewhere, and use HTTPS only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from ops.content_security import HEADER, ContentSecurityPolicyMiddleware
from ops.tests.test_settings import PRODUCTION, start

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
# Requests without a template: templates need the static files, which production collects only when it is set up.
ASK = """
import json
from django.conf import settings
from django.test import Client
headers = dict(Client().get("/sign-out/", secure=True, headers={"host": "console.example.org"}).headers)
cookies = {
    name: [getattr(settings, f"{name}_COOKIE_{rule}") for rule in ("SECURE", "HTTPONLY", "SAMESITE")]
    for name in ("SESSION", "CSRF")
}
there = Client().get("/sign-in/", headers={"host": "console.example.org"})
print(json.dumps([headers, cookies, [there.status_code, there["Location"]]]))
"""


@pytest.mark.parametrize(
    "address", ["/sign-in/", "/console/login/", "/", "/nowhere/", "/sign-out/", "/console/messaging/conversation/"]
)
def test_every_response_has_the_policy(client: Client, rita: Any, address: str) -> None:
    for person in (None, rita):
        if person:
            client.force_login(person)
        assert client.get(address)[HEADER] == POLICY


def test_an_error_response_has_the_policy(client: Client, rita: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client.force_login(rita)
    client.raise_request_exception = False
    monkeypatch.setattr("ops.console.site.ConsoleSite.index", None)
    monkeypatch.setattr("messaging.participants.inbox.inbox", None)
    answer = client.get(reverse("messaging:inbox"))
    assert (answer.status_code, answer[HEADER]) == (500, POLICY)


def answered(answer: HttpResponse) -> HttpResponse:
    def view(request: HttpRequest) -> HttpResponse:
        return answer

    return ContentSecurityPolicyMiddleware(view)(RequestFactory().get("/"))


def test_a_policy_set_by_a_view_stays() -> None:
    assert answered(HttpResponse(headers={HEADER: "sandbox"}))[HEADER] == "sandbox"


def test_only_the_debug_error_page_has_no_policy(settings: Any) -> None:
    settings.DEBUG = True
    assert HEADER not in answered(HttpResponse(status=500))
    assert HEADER in answered(HttpResponse(status=404))


def test_console_pages_have_no_inline_scripts(client: Client, rosa: Any) -> None:
    """The policy blocks nothing on the pages: they have no inline scripts or event handlers."""
    client.force_login(rosa)
    for address in ("/console/", "/console/accounts/user/", f"/console/accounts/user/{rosa.pk}/change/", "/confirm/"):
        page = client.get(address).content.decode()
        assert "<script>" not in page
        assert " onclick=" not in page and " onload=" not in page


def test_production_sends_strict_headers_and_secure_cookies(tmp_path: Path) -> None:
    asked = start(tmp_path, "shell", "--verbosity", "0", "-c", ASK, **PRODUCTION)
    headers, cookies, plain = json.loads(asked.stdout.splitlines()[-1])
    assert headers[HEADER] == POLICY
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert cookies == {"SESSION": [True, True, "Lax"], "CSRF": [True, True, "Lax"]}
    assert plain == [301, "https://console.example.org/sign-in/"]


def test_development_cookies_are_http_only_and_same_site(client: Client, alice: Any) -> None:
    client.post("/sign-in/", {"username": "alice", "password": "alice's password"})
    for name in ("sessionid", "csrftoken"):
        cookie = client.cookies[name]
        assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", "")
