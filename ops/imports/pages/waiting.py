"""Imports that await their uploader's decision, and the filters of the list of imports."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ops.console.filters import ValueFilter
from ops.console.rooms import PendingWork
from ops.imports.models import Import

NEEDED = "needed"


def decisions(user: Any) -> QuerySet[Import]:
    """Return the checked imports of ``user`` whose file was not imported, discarded, or deleted after a day."""
    return Import.objects.filter(by=user, state=Import.State.CHECKED).exclude(upload="")


def waiting_decisions(user: Any) -> list[PendingWork]:
    """Return what the menu counts; nothing for people who may not import."""
    if not user.has_perm("imports.import_messages"):
        return []
    return [
        PendingWork(
            "imports.Import",
            decisions(user),
            lambda n: ngettext("import needs your decision", "imports need your decision", n),
            f"decision={NEEDED}",
        )
    ]


class DecisionFilter(admin.SimpleListFilter):
    """The imports that await a decision of the current user."""

    title = gettext_lazy("decision")
    parameter_name = "decision"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(NEEDED, _("Needs your decision"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(pk__in=decisions(request.user).values("pk")) if self.value() else queryset


class InState(ValueFilter):
    title = gettext_lazy("state")
    parameter_name = field = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, str(state.label)) for state in Import.State]
