"""Which texts come covered: those that were reported or decided with a label that is hard to read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.utils.translation import gettext as _

from messaging.database.statements import Statement, written
from messaging.writing import ids_given, ids_slot
from ops.moderation.models import CoveredMessage, Flag, Outcome, comfort_of


def covers_for(user: Any) -> bool:
    """Whether such texts come covered for ``user``, unless they chose otherwise."""
    return not comfort_of(user).uncovers


def warnings_on(user: Any, ids: Collection[int]) -> Mapping[int, str]:
    """The words of warning on those of these messages that come covered for ``user``, by id."""
    found = defaultdict(set)
    given = ids_given(ids, using=DEFAULT_DB_ALIAS)
    for pk, name in _hard_labels(DEFAULT_DB_ALIAS).ask(using=DEFAULT_DB_ALIAS, reported=given, decided=given):
        found[pk].add(name)
    if not found or not covers_for(user):
        return {}
    words = _("Hard to read (%(labels)s)")
    return {pk: words % {"labels": ", ".join(sorted(names))} for pk, names in found.items()}


@cache
def _hard_labels(using: str) -> Statement:
    """The labels that are hard to read of reported and of decided messages, by id. Written once: every page that shows
    texts asks for them."""
    flagged = Flag.objects.filter(message__in=ids_slot("reported", using=using), label__hard_to_read=True).order_by()
    flagged = flagged.exclude(outcome__in=[Outcome.DISMISSED, Outcome.WITHDRAWN])
    decided = CoveredMessage.objects.filter(message__in=ids_slot("decided", using=using), decision__in_force=True)
    decided = decided.filter(decision__label__hard_to_read=True).order_by()
    names = flagged.values_list("message", "label__name")
    # Ordered by a column of both: Django 6.1 sorts a union by the order of the model else, which is not in it.
    both = names.union(decided.values_list("message", "decision__label__name")).order_by("message")
    return written(both, using=using)
