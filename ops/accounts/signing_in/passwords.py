"""The check of a signed-in user's password: counted, throttled and recorded like a sign-in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from ops.accounts.signing_in import throttling

WRONG = gettext_lazy("Wrong password.")


def refusal(request: HttpRequest, password: str) -> str | None:
    """Return a sentence why ``password`` is not accepted as the signed-in user's, or None if it is.

    After too many wrong ones every password is refused, by the same limits for address and account as at signing in.
    The right password deletes the failures.
    """
    user: Any = request.user
    setattr(request, throttling.CONFIRMING, user)
    found = authenticate(request, username=user.get_username(), password=password)
    if found is not None and found.pk != user.pk:  # the username belongs to another account by now
        throttling.send_failure(request, user.get_username())
        found = None
    if found is None:
        until = throttling.refused_until(request, user.get_username())
        return throttling.sentence(until) if until else str(WRONG)
    throttling.delete_failures(request, user.get_username())
    return None
