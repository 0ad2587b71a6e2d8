"""The list of openings without a report, for those who oversee what staff read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from ops.audit.models import Entry
from ops.audit.reasons.page import Why
from ops.audit.recorded_admin import RecordedLists, TrailHistory
from ops.audit.screens import filters, reading
from ops.console.filters import ChoiceFilter, PresetDates
from ops.console.lists import dates
from ops.console.lists.people import PeopleAdmin
from ops.console.readonly import LeadsElsewhere, ReadOnlyPermissions
from ops.moderation.models import Opening


class Reader(filters.ActorFilter):
    """Filters by the reader, whose account may have been deleted."""

    title: Any = gettext_lazy("reader")
    parameter_name = "reader"

    @classmethod
    def entries_of(cls, user_id: Any) -> Any:
        return Entry.objects.filter(pk__in=Opening.objects.filter(reader=user_id).values("entry"))


class Glass(ChoiceFilter):
    title = gettext_lazy("break-glass")
    parameter_name = "glass"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("Only these"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return queryset.with_broken_glass() if self.value() else queryset


class OpenedAt(PresetDates):
    title = gettext_lazy("when")
    field = "at"


@admin.register(Opening)
class OpeningAdmin(LeadsElsewhere, ReadOnlyPermissions, TrailHistory, RecordedLists, PeopleAdmin):
    """Openings of texts that nobody else had reported, and broken glass. Viewing this list is recorded, like reading
    the audit trail."""

    section = gettext_lazy("Openings without a report")
    keyset = ("-at", "id")
    more_filters = (Reader, *dates.days("at", gettext_lazy("opened from"), gettext_lazy("opened to")))
    list_filter = (OpenedAt, Glass, *more_filters)
    rows_template = "moderation/opening_rows.html"
    how_many = ngettext_lazy("%(number)s opening without a report", "%(number)s openings without a report", "n")
    more_than = gettext_lazy("More than %(number)s openings without a report")
    empty_text = gettext_lazy("Nobody has opened a conversation without a report.")
    unknown_person = gettext_lazy("No account is called “%(name)s”.")
    actions = None

    class Media:
        css = {"all": ("audit/audit.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("entry", "given")

    def prepare_rows(self, rows: list[Any]) -> None:
        """Set ``why``, the chosen reason, and ``words``, the reader's own; both are "" if no reason was asked for."""
        for row in rows:
            said = row.entry if row.broke_glass else row.given
            chosen = said.details.get("why", "") if said else ""
            row.why = dict(Why.choices).get(chosen, _("Export") if chosen else "")
            row.words = said.reason if said else ""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        if getattr(response, "context_data", {}).get("cl") is not None:
            reading.record_reading(Entry, by=request.user)
        return response

    def address_of(self, request: HttpRequest, row: Any) -> str:
        """The URL of the audit entry, or of this list for a user who may not read the audit trail."""
        if request.user.has_perm("audit.view_entry"):
            return reverse("admin:audit_entry_change", args=[row.entry_id])
        return reverse("admin:moderation_opening_changelist")

    def findable(self, request: HttpRequest) -> Any:
        return filters.findable(request.user)

    def people_named(self, request: HttpRequest, text: str) -> Any:
        """Suggest staff only: nobody else can open anything here."""
        return self.findable(request).filter(is_staff=True).beginning_with(text)

    def person_named(self, request: HttpRequest, text: str) -> Any:
        return self.findable(request).filter(username=text).first()
