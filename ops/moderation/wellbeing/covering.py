"""Which texts come covered: those that were reported or decided with a label that is hard to read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext as _

from ops.moderation.models import CoveredMessage, Flag, Outcome, comfort_of


def covers_for(user: Any) -> bool:
    """Whether such texts come covered for ``user``, unless they chose otherwise."""
    return not comfort_of(user).uncovers


def warnings_on(user: Any, ids: Collection[int]) -> Mapping[int, str]:
    """The words of warning on those of these messages that come covered for ``user``, by id."""
    flagged = Flag.objects.filter(message__in=ids, label__hard_to_read=True).order_by()
    flagged = flagged.exclude(outcome__in=[Outcome.DISMISSED, Outcome.WITHDRAWN])
    decided = CoveredMessage.objects.filter(message__in=ids, decision__in_force=True).order_by()
    decided = decided.filter(decision__label__hard_to_read=True)
    found = defaultdict(set)
    names = flagged.values_list("message", "label__name")
    # Ordered by a column of both: Django 6.1 sorts a union by the order of the model else, which is not in it.
    for pk, name in names.union(decided.values_list("message", "decision__label__name")).order_by("message"):
        found[pk].add(name.lower())
    if not found or not covers_for(user):
        return {}
    words = _("Hard to read (%(labels)s)")
    return {pk: words % {"labels": ", ".join(sorted(names))} for pk, names in found.items()}
