"""The list of reports: label, source, time and outcome. Each row links to its case."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy, pgettext_lazy

from ops.audit.recorded_admin import RecordedLists, TrailHistory
from ops.console.filters import ChoiceFilter, ValueFilter
from ops.console.lists import dates
from ops.console.lists.people import PeopleAdmin, PersonFilter
from ops.console.readonly import LeadsElsewhere, ReadOnlyPermissions
from ops.moderation.labels.admin import OfLabel
from ops.moderation.models import Flag, Outcome, Source
from ops.moderation.saved import parameters

SEES = "moderation.view_case"  # the page of a case shows its reports


class Became(ValueFilter):
    title = pgettext_lazy("reports", "now")
    parameter_name = "now"
    field = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(value, str(words)) for value, words in Outcome.choices]


class CameFrom(ChoiceFilter):
    """Filters by the source of reports."""

    title = pgettext_lazy("reports", "from")
    parameter_name = "source"
    NOT_IMPORTED = "not-imported"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [*((value, str(words)) for value, words in Source.choices), (self.NOT_IMPORTED, _("No import"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        if self.value() == self.NOT_IMPORTED:
            return queryset.exclude(source=Source.IMPORT)
        return queryset.filter(source=self.value()) if self.value() else queryset


class ReportedBy(PersonFilter):
    title = gettext_lazy("reported by")
    parameter_name = "reporter"
    typed_name = "reported_by"

    def narrow(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return queryset.filter(reporter=self.value())


@admin.register(Flag)
class FlagAdmin(LeadsElsewhere, ReadOnlyPermissions, TrailHistory, RecordedLists, PeopleAdmin):
    """Reports, without their notes and the texts of messages, which only the pages of cases show."""

    section = gettext_lazy("Reports")
    how_many = ngettext_lazy("%(number)s report", "%(number)s reports", "n")
    more_than = gettext_lazy("More than %(number)s reports")
    keyset = ("-created_at", "id")
    list_select_related = ("label", "reporter")
    more_filters = (
        OfLabel,
        ReportedBy,
        *dates.days("created_at", pgettext_lazy("reports", "made from"), pgettext_lazy("reports", "made to")),
    )
    list_filter = (Became, CameFrom, *more_filters)
    rows_template = "moderation/report_rows.html"
    unknown_person = gettext_lazy("Nobody who reported anything is called “%(name)s”.")
    empty_text = gettext_lazy("Nothing was reported yet.")
    actions = None

    class Media:
        css = {"all": ("moderation/labels.css", "moderation/desk.css")}

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(SEES))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def findable(self, request: HttpRequest) -> Any:
        return parameters.reporters()

    def address_of(self, request: HttpRequest, row: Any) -> str:
        """The URL of the report's case."""
        return reverse("admin:moderation_case_change", args=[row.case_id])
