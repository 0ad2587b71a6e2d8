"""The time left of a session, for the notice before its end. Querying it is no activity; choosing to stay is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.generic import View

from messaging.languages import moments
from messaging.languages.wording import numbered
from ops.accounts.signing_in import limits

NOTICE = 5 * 60  # seconds before the end
ENDED = gettext_lazy(
    "Your session has ended. What you send from this page within an hour is kept, and filled in again after you sign "
    "in."
)
SIGNED_OUT = gettext_lazy("You are signed out. Copy what you have typed before you sign in again.")


@dataclass(frozen=True)
class TimeLeft:
    """The time left of a session: ``seconds`` (0: none), whether activity extends it, and the sentence to show."""

    seconds: int
    extends: bool
    sentence: str


def time_left(session: Any, now: int) -> TimeLeft:
    """Return the time left of ``session`` at ``now`` (seconds since the epoch)."""
    if SESSION_KEY not in session or limits.why_over(session, now):
        ended = SESSION_KEY in session or limits.ended_account(session, now) is not None
        return TimeLeft(0, extends=False, sentence=str(ENDED if ended else SIGNED_OUT))
    idle, total = limits.ends(session, now)
    end = min(idle, total)
    at = moments.clock_time(timezone.localtime(datetime.fromtimestamp(end, UTC)))
    sentence = _("Your session ends at %(time)s.") % {"time": at} if idle < total else _final(at)
    return TimeLeft(end - now, extends=idle < total, sentence=sentence)


def _final(at: str) -> str:
    """Return the sentence for a session that activity does not extend."""
    hours = settings.SESSION_HOURS
    sentence = ngettext(
        "Your session ends at %(time)s, %(number)s hour after you signed in. It cannot be extended. Send what you are "
        "working on, then sign out and sign in again. What you send later is kept for an hour, and filled in again "
        "after you sign in.",
        "Your session ends at %(time)s, %(number)s hours after you signed in. It cannot be extended. Send what you are "
        "working on, then sign out and sign in again. What you send later is kept for an hour, and filled in again "
        "after you sign in.",
        hours,
    )
    return numbered(sentence, hours, time=at)


@method_decorator(never_cache, name="dispatch")
class SessionView(View):
    """GET returns how long this browser's session lasts, as JSON; POST does too, and counts as activity."""

    http_method_names = ["get", "head", "post", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        rest = time_left(request.session, limits.now())
        notice = min(NOTICE, settings.SESSION_IDLE_MINUTES * 30)  # half of a very short limit
        return JsonResponse(
            {
                "seconds": rest.seconds,
                "notice": notice,
                "extends": rest.extends,
                "sentence": rest.sentence,
                "sign_in": "" if rest.seconds else reverse("home"),
            }
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """Respond like GET: the middleware has already stored the activity, unless the session was over."""
        return self.get(request)
