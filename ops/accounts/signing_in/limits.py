"""Session limits: an idle time, and a total time since signing in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.languages.wording import numbered
from ops.accounts.kept.keeping import is_by_script, keep, page_before
from ops.accounts.signing_in.sessions import ENDED, KEPT_SECONDS
from ops.jobs.progress import is_polling

SIGNED_IN_AT, SEEN_AT = "signed_in_at", "seen_at"  # in the session: seconds since the epoch
NOTED_EVERY = 60  # seconds: activity is stored once a minute, not on each page


class SessionLimitsMiddleware:
    """Signs out users whose session is over; the sign-in page shows the reason and leads back.

    Every request counts as activity, including one for a page in the server's cache, except polling by a page for the
    progress of a job or the time left of the session. Pages from a browser's own cache make no request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Reading the session, not the user, costs no query on anonymous pages.
        if SESSION_KEY in request.session:
            at = now()
            reason = why_over(request.session, at)
            asks_for_rest = request.path == reverse("session")
            if reason and not asks_for_rest:
                account = _end(request, at)
                if not _is_signing_in(request):
                    return _to_sign_in(request, reason, account)
            elif not reason and _is_news(request, at) and not is_polling(request.path):
                request.session[SEEN_AT] = at
                request.session.setdefault(SIGNED_IN_AT, at)
        elif request.method == "POST" and not _is_signing_in(request) and not is_by_script(request):
            # A request from another page of theirs has already ended the session.
            late = ended_account(request.session, now())
            if late is not None:
                return _to_sign_in(request, _("You were signed out."), late)
        return self.get_response(request)


def begin(request: HttpRequest) -> None:
    """Start both limits, after a sign-in."""
    request.session[SIGNED_IN_AT] = request.session[SEEN_AT] = now()
    if request.session.pop(ENDED, None):
        request.session.set_expiry(None)


def ends(session: Any, at: int) -> tuple[int, int]:
    """Return when a session ends without activity, and when it ends in any case, in seconds since the epoch."""
    idle = session.get(SEEN_AT, at) + settings.SESSION_IDLE_MINUTES * 60
    return idle, session.get(SIGNED_IN_AT, at) + settings.SESSION_HOURS * 3600


def ended_account(session: Any, at: int) -> str | None:
    """Return the key of the account whose session in this browser reached a limit within the last hour, or None."""
    account, ended = session.get(ENDED, ("", 0))
    return account if account and at - ended < KEPT_SECONDS else None


def why_over(session: Any, at: int) -> str | None:
    """Return the sentence why a session is over ``at`` a time (seconds since the epoch), or None.

    A session without times, from before there were limits, starts with its next request.
    """
    idle, total = ends(session, at)
    if at >= idle:
        sentence = ngettext(
            "You were signed out after %(number)s minute without activity.",
            "You were signed out after %(number)s minutes without activity.",
            settings.SESSION_IDLE_MINUTES,
        )
        return numbered(sentence, settings.SESSION_IDLE_MINUTES)
    if at >= total:
        sentence = ngettext(
            "You were signed out because you signed in %(number)s hour ago.",
            "You were signed out because you signed in %(number)s hours ago.",
            settings.SESSION_HOURS,
        )
        return numbered(sentence, settings.SESSION_HOURS)
    return None


def now() -> int:
    """Return the time in seconds since the epoch, as sessions store it."""
    return int(timezone.now().timestamp())


def _is_news(request: HttpRequest, at: int) -> bool:
    """Return whether to store this request as activity. A request to stay is stored even within NOTED_EVERY."""
    if request.path == reverse("session"):
        return request.method == "POST"
    return at - request.session.get(SEEN_AT, 0) >= min(NOTED_EVERY, settings.SESSION_IDLE_MINUTES * 15)


def _is_signing_in(request: HttpRequest) -> bool:
    return request.path in (reverse("login"), reverse("admin:login"), reverse("logout"), reverse("session"))


def _end(request: HttpRequest, at: int) -> str:
    """Sign out; return the key of the account. The browser's new session stores it, so that forms sent late are kept
    for that account."""
    account = request.session[SESSION_KEY]
    logout(request)
    request.session[ENDED] = (account, at)
    request.session.set_expiry(KEPT_SECONDS)
    return account


def _to_sign_in(request: HttpRequest, reason: str, account: str) -> HttpResponse:
    """Redirect to the sign-in page of the console or of participants, with the reason; keep a form that was sent."""
    posted = request.method not in ("GET", "HEAD")
    sent = posted and not is_by_script(request)  # by a person
    page = page_before(request) if posted else request.get_full_path()
    rest = _("Sign in to go on.")
    if sent and keep(request, account, page):
        rest = _("What you sent was not passed on, but is kept for an hour: sign in, check it and send it again.")
    elif sent:
        rest = _("What you sent was not stored: sign in, and send it again.")
    messages.warning(request, f"{reason} {rest}")
    if "HX-Request" in request.headers:
        # htmx would put the sign-in page into a part of this one: reload the whole page instead.
        return HttpResponse(headers={"HX-Refresh": "true"})
    sign_in = "admin:login" if request.path.startswith(reverse("admin:index")) else "login"
    return HttpResponseRedirect(f"{reverse(sign_in)}?{urlencode({'next': page or reverse('home')})}")
