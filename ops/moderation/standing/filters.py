"""Filters of the lists of conversations and messages by reports and cases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, pgettext_lazy

from ops.console.filters import ChoiceFilter
from ops.moderation.models import Label
from ops.moderation.standing import standings


class ByCase(ChoiceFilter):
    """Whether something was reported, and how its case stands."""

    title = pgettext_lazy("moderation", "case")
    parameter_name = "case"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(value, str(name)) for value, name in standings.CHOICES]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        value = self.value()
        return standings.matching(queryset, value) if value else queryset


class ByLabel(ChoiceFilter):
    """What something was reported for; labels that are switched off too, which older reports have."""

    title = gettext_lazy("reported for")
    parameter_name = "label"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return list(Label.objects.values_list("slug", "name"))

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        value = self.value()
        return standings.of_label(queryset, value) if value else queryset
