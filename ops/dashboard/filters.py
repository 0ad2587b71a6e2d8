"""Filters that the dashboard adds to the list of conversations: when each began, which it stores anyway."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from messaging.models import Conversation
from ops.console.lists.dates import Within
from ops.dashboard.models import Beginning


class Began(Within):
    """Conversations whose first remaining message was sent in a period, as of the last round."""

    title = gettext_lazy("started")
    parameter_name = "began"
    kinds: dict[str, bool] = {}

    def narrowed(self, rows: Any, first: datetime, after: datetime) -> QuerySet:
        begun = Beginning.objects.filter(began_at__gte=first, began_at__lt=after, **self.kinds)
        return rows.filter(pk__in=begun.values("conversation"))


class BeganHere(Began):
    """The same, without conversations whose first message was imported."""

    title = gettext_lazy("started, without imports")
    parameter_name = "began_here"
    kinds = {"imported": False}


def of_list(model: str) -> Iterable[type]:
    """Return the filters for the list of a model."""
    return (Began, BeganHere) if model == Conversation._meta.label_lower else ()
