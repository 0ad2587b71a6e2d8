"""Covering texts that were reported or decided with a label that is hard to read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.utils.translation import gettext as _

from messaging.database.statements import Statement, compiled_statement
from messaging.writing import ids_given, ids_slot
from ops.moderation.models import CoveredMessage, Flag, Outcome, comfort_of


def covers_for(user: Any) -> bool:
    """Return whether hard texts are covered for ``user``: they are, unless the user chose otherwise."""
    return not comfort_of(user).uncovers


def warnings_on(user: Any, ids: Collection[int]) -> Mapping[int, str]:
    """Return the warnings, by message id, on those of these messages that are covered for ``user``."""
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
    """The query for the hard labels of reported and decided messages, by id. Cached: every page with texts runs it."""
    flagged = Flag.objects.filter(message__in=ids_slot("reported", using=using), label__hard_to_read=True).order_by()
    flagged = flagged.exclude(outcome__in=[Outcome.DISMISSED, Outcome.WITHDRAWN])
    decided = CoveredMessage.objects.filter(message__in=ids_slot("decided", using=using), decision__in_force=True)
    decided = decided.filter(decision__label__hard_to_read=True).order_by()
    names = flagged.values_list("message", "label__name")
    # Ordered explicitly: Django 6.1 would sort the union by the model's ordering, whose column it does not select.
    both = names.union(decided.values_list("message", "decision__label__name")).order_by("message")
    return compiled_statement(both, using=using)
