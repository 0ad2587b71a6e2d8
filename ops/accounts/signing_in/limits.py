"""Session limits: an idle time, and a total time after signing in."""

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
NOTED_EVERY = 60  # seconds: activity is written once a minute, not on each page


class SessionLimitsMiddleware:
    """Signs out users whose session is over, with the reason on the sign-in page, which leads back.

    Every request counts as activity, a page that the server kept in its cache too. What a browser shows from its own
    memory is no request, and does not; neither does a page that asks by itself how far a job is, or how long the
    session lasts.
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
            # Another page of theirs has found already that the session is over.
            late = ended_account(request.session, now())
            if late is not None:
                return _to_sign_in(request, _("You were signed out."), late)
        return self.get_response(request)


def begin(request: HttpRequest) -> None:
    """Start both limits: somebody has just signed in."""
    request.session[SIGNED_IN_AT] = request.session[SEEN_AT] = now()
    if request.session.pop(ENDED, None):
        request.session.set_expiry(None)


def ends(session: Any, at: int) -> tuple[int, int]:
    """When a session ends without activity, and when it ends whatever its owner does, in seconds since the epoch."""
    idle = session.get(SEEN_AT, at) + settings.SESSION_IDLE_MINUTES * 60
    return idle, session.get(SIGNED_IN_AT, at) + settings.SESSION_HOURS * 3600


def ended_account(session: Any, at: int) -> str | None:
    """The key of the account whose session in this browser reached a limit less than an hour ago, or None."""
    account, ended = session.get(ENDED, ("", 0))
    return account if account and at - ended < KEPT_SECONDS else None


def why_over(session: Any, at: int) -> str | None:
    """The sentence that says why a session is over ``at`` a time (seconds since the epoch), or None.

    One without times, from before there were limits, begins with its next request.
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
    """The time in seconds since the epoch, as sessions hold it."""
    return int(timezone.now().timestamp())


def _is_news(request: HttpRequest, at: int) -> bool:
    """Whether this request is activity that is to be noted. Whoever asks to stay must not be a minute too early."""
    if request.path == reverse("session"):
        return request.method == "POST"
    return at - request.session.get(SEEN_AT, 0) >= min(NOTED_EVERY, settings.SESSION_IDLE_MINUTES * 15)


def _is_signing_in(request: HttpRequest) -> bool:
    return request.path in (reverse("login"), reverse("admin:login"), reverse("logout"), reverse("session"))


def _end(request: HttpRequest, at: int) -> str:
    """Sign out. The browser's new session knows whose ended, so that what they send late is kept for them; returns the
    key of that account."""
    account = request.session[SESSION_KEY]
    logout(request)
    request.session[ENDED] = (account, at)
    request.session.set_expiry(KEPT_SECONDS)
    return account


def _to_sign_in(request: HttpRequest, reason: str, account: str) -> HttpResponse:
    """Redirect to the sign-in page of the console or of participants, with the reason; what was sent is kept."""
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
