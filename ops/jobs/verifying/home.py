"""The home page's section on the audit trail's chain, with the button that verifies it."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from ops.console.frame.home import Section
from ops.jobs.verifying import kind


def last_verification(request: HttpRequest) -> dict[str, kind.Verification | None] | None:
    """Return the ``last`` verification (None before the first); None for users who may not read the trail."""
    if not request.user.has_perm(kind.PERMISSION):
        return None
    return {"last": next(iter(kind.latest(1)), None)}


SECTION = Section(
    "verification",
    gettext_lazy("The audit trail’s chain"),
    75,
    template="jobs/home/verification.html",
    content=last_verification,
)
