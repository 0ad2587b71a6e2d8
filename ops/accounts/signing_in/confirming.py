"""“Confirm your password”: dangerous pages ask for it, at most once in 15 minutes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

VALID = timedelta(minutes=15)
CONFIRMED_AT = "confirmed_at"  # in the session: seconds since the epoch

View = Callable[..., HttpResponseBase]


def confirm(request: HttpRequest) -> None:
    """Note in the session that the user has just entered their password."""
    request.session[CONFIRMED_AT] = int(timezone.now().timestamp())


def is_confirmed(request: HttpRequest) -> bool:
    """Whether the user confirmed their password within the last 15 minutes. Signing in does not count."""
    since = timezone.now().timestamp() - request.session.get(CONFIRMED_AT, 0)
    return 0 <= since < VALID.total_seconds()


def confirmed_recently(view: View) -> View:
    """Decorator: asks for the password before ``view``. Afterwards the page opens by GET; a POST is not repeated.

    Goes inside what checks permissions: nobody is asked for the sake of a page that they may not open. For methods, use
    Django's ``method_decorator``.
    """

    @wraps(view)
    def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if is_confirmed(request):
            return view(request, *args, **kwargs)
        if request.method not in ("GET", "HEAD"):
            messages.warning(
                request, "Nothing was done yet: too long ago you confirmed that it is you. Do so, and send it again."
            )
        return HttpResponseRedirect(f"{reverse('confirm')}?{urlencode({'next': request.get_full_path()})}")

    return asking
