"""How soon reports must be reviewed, by the severity of their label (the setting REVIEW_TARGETS)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.utils.translation import ngettext

from messaging.languages.wording import numbered
from ops.moderation.models import Severity

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def target_of(severity: str) -> timedelta:
    """Return how soon a case of this severity must be reviewed once it is pending."""
    target: timedelta = settings.REVIEW_TARGETS[Severity(severity).value]
    return target


def worst(severities: Iterable[str]) -> Severity:
    """Return the worst of some severities, which a case with several labels has. Raises ValueError for none."""
    order = list(Severity)
    return min((Severity(one) for one in severities), key=order.index)


def in_words(target: timedelta) -> str:
    """Return a target in its largest whole unit, such as "15 minutes" or "72 hours"."""
    number, rest = divmod(target, HOUR)
    if not rest:
        return numbered(ngettext("%(number)s hour", "%(number)s hours", number), number)
    number, rest = divmod(target, MINUTE)
    if not rest:
        return numbered(ngettext("%(number)s minute", "%(number)s minutes", number), number)
    raise ValueError("A target is a whole number of minutes.")
