"""Session limits: an idle time, and a total time after signing in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from ops.console.numbers import counted
from ops.jobs.progress import is_polling

SIGNED_IN_AT, SEEN_AT = "signed_in_at", "seen_at"  # in the session: seconds since the epoch
NOTED_EVERY = 60  # seconds: activity is written once a minute, not on each page


class SessionLimitsMiddleware:
    """Signs out users whose session is over, with the reason on the sign-in page, which leads back.

    Every request counts as activity, a page that the server kept in its cache too. What a browser shows from its own
    memory is no request, and does not; neither does a page that asks by itself how far a job is.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Reading the session, not the user, costs no query on anonymous pages.
        if SESSION_KEY in request.session:
            now = _now()
            reason = why_over(request.session, now)
            if reason:
                logout(request)
                if request.path not in (reverse("login"), reverse("admin:login"), reverse("logout")):
                    return _to_sign_in(request, reason)
            elif now - request.session.get(SEEN_AT, 0) >= NOTED_EVERY and not is_polling(request.path):
                request.session[SEEN_AT] = now
                request.session.setdefault(SIGNED_IN_AT, now)
        return self.get_response(request)


def begin(request: HttpRequest) -> None:
    """Start both limits: somebody has just signed in."""
    request.session[SIGNED_IN_AT] = request.session[SEEN_AT] = _now()


def why_over(session: Any, now: int) -> str | None:
    """The sentence that says why a session is over at ``now`` (seconds since the epoch), or None.

    One without times, from before there were limits, begins with its next request.
    """
    minutes, hours = settings.SESSION_IDLE_MINUTES, settings.SESSION_HOURS
    if now - session.get(SEEN_AT, now) >= minutes * 60:
        return f"You were signed out after {counted(minutes, 'minute')} without activity."
    if now - session.get(SIGNED_IN_AT, now) >= hours * 3600:
        return f"You were signed out because you signed in {counted(hours, 'hour')} ago."
    return None


def _now() -> int:
    return int(timezone.now().timestamp())


def _to_sign_in(request: HttpRequest, reason: str) -> HttpResponse:
    """Redirect to the sign-in page of the console or of participants, with the reason."""
    if "HX-Request" in request.headers:
        # htmx would put the sign-in page into a part of this one: reload the whole page instead.
        messages.warning(request, f"{reason} Sign in to go on.")
        return HttpResponse(headers={"HX-Refresh": "true"})
    sent = request.method not in ("GET", "HEAD")
    rest = "What you sent was not stored: sign in, and send it again." if sent else "Sign in to go on."
    messages.warning(request, f"{reason} {rest}")
    sign_in = "admin:login" if request.path.startswith(reverse("admin:index")) else "login"
    address = _page_before(request) if sent else request.get_full_path()
    return HttpResponseRedirect(f"{reverse(sign_in)}?{urlencode({'next': address})}")


def _page_before(request: HttpRequest) -> str:
    """The page that a form was sent from, if it is ours: the form's own URL need not be a page."""
    referer = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(referer, {request.get_host()}, require_https=request.is_secure()):
        return reverse("home")
    page = urlsplit(referer)
    return f"{page.path}?{page.query}" if page.query else page.path
