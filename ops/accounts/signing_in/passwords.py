"""The one check of the password of somebody who is signed in: counted, throttled and recorded like a sign-in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from ops.accounts.signing_in import throttling

WRONG = gettext_lazy("Wrong password.")


def refusal(request: HttpRequest, password: str) -> str | None:
    """The sentence that says why this is not accepted as the password of whoever is signed in, or None where it is.

    Too many wrong ones are refused whatever comes next, from the same address and for the same account as at signing
    in. The right one takes the failures back.
    """
    user: Any = request.user
    setattr(request, throttling.CONFIRMING, user)
    found = authenticate(request, username=user.get_username(), password=password)
    if found is not None and found.pk != user.pk:  # somebody else bears the name meanwhile
        throttling.fail(request, user.get_username())
        found = None
    if found is None:
        until = throttling.refused_until(request, user.get_username())
        return throttling.sentence(until) if until else str(WRONG)
    throttling.forgive(request, user.get_username())
    return None
