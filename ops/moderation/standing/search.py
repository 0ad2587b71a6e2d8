"""Search filters by reports and decisions, for users who may see cases."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.search import periods
from messaging.search.filters import Filter, Reader, Refused, period
from ops.moderation.models import CoveredMessage, Label
from ops.moderation.standing import standings

MESSAGES = "messaging.message"


def search_filters(request: HttpRequest) -> Iterable[Filter]:
    """Return the search filters that this user may use."""
    return FILTERS if request.user.has_perm("moderation.view_case") else ()


def _reported_for(text: str, reader: Reader) -> Q:
    slug = _slug_of(text)
    if slug is None:
        labels = _labels()
        if not labels:
            raise Refused(_("There is no label “%(text)s”. The labels are not made yet.") % {"text": text})
        words = _("There is no label “%(text)s”. The labels are %(labels)s.")
        raise Refused(words % {"text": text, "labels": labels})
    return Q(standings.reported(MESSAGES, label__slug=slug))


def _decided(text: str, reader: Reader) -> Q:
    slug = _slug_of(text)
    if slug is not None:
        return Q(_covered(label__slug=slug))
    try:
        when = period(text, reader)
    except Refused:
        labels = _labels()
        if not labels:
            words = _("Write a label (not made yet), or when it was decided. %(how)s")
            raise Refused(words % {"how": periods.HOW}) from None
        words = _("Write a label (%(labels)s), or when it was decided. %(how)s")
        raise Refused(words % {"labels": labels, "how": periods.HOW}) from None
    return Q(_covered(decided_at__gte=when.beginning, decided_at__lt=when.end))


def _covered(**decisions: object) -> Exists:
    """Return the condition that a decision in force covers the message."""
    of_decision = {f"decision__{name}": value for name, value in {"in_force": True, **decisions}.items()}
    return Exists(CoveredMessage.objects.filter(message=OuterRef("pk"), **of_decision))


def _slug_of(text: str) -> str | None:
    return Label.objects.filter(slug=text.lower()).values_list("slug", flat=True).first()


def _labels() -> str:
    return ", ".join(Label.objects.values_list("slug", flat=True))


FILTERS = (
    Filter(
        "is", gettext_lazy("reported by somebody"), lambda text, by: Q(standings.reported(MESSAGES)), value="flagged"
    ),
    Filter("label", gettext_lazy("reported for this label"), _reported_for, example="spam"),
    Filter("decided", gettext_lazy("a decision is in force"), lambda text, by: Q(_covered()), value="any"),
    Filter("decided", gettext_lazy("decided with this label, or at this time"), _decided, example="spam"),
)
