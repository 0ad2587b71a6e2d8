"""Filters by reports and cases, for the lists of conversations and messages."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, pgettext_lazy

from messaging.database.statements import Statement, compiled_statement
from ops.console.filters import ChoiceFilter
from ops.moderation.models import Label
from ops.moderation.standing import standings


@cache
def _labels(using: str) -> Statement:
    return compiled_statement(Label.objects.values_list("slug", "name"), using=using)  # cached: every list runs it


class ByCase(ChoiceFilter):
    """Filters by whether a row was reported, and by the standing of its case."""

    title = pgettext_lazy("moderation", "case")
    parameter_name = "case"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(value, str(name)) for value, name in standings.CHOICES]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        value = self.value()
        return standings.matching(queryset, value) if value else queryset


class ByLabel(ChoiceFilter):
    """Filters by the label of reports. Includes labels that are switched off, since older reports have them."""

    title = gettext_lazy("reported for")
    parameter_name = "label"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(slug, name) for slug, name in _labels(DEFAULT_DB_ALIAS).ask(using=DEFAULT_DB_ALIAS)]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        value = self.value()
        return standings.of_label(queryset, value) if value else queryset
