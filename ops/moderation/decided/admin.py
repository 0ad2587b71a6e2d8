"""The list of decisions: who decided what, and whether it still holds. Each row links to the page of its case."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy, ngettext_lazy, pgettext_lazy

from ops.audit.recorded_admin import RecordedLists, TrailHistory
from ops.console.filters import ChoiceFilter
from ops.console.lists import dates
from ops.console.lists.people import PeopleAdmin, PersonFilter
from ops.console.readonly import LeadsElsewhere, ReadOnlyPermissions
from ops.moderation.labels.admin import OfLabel
from ops.moderation.measures.registry import attach_summaries
from ops.moderation.models import Cause, Decision

BY_COLLEAGUES = Q(reversed_by__decided_by__isnull=False, decided_by__isnull=False) & ~Q(
    reversed_by__decided_by=F("decided_by")
)
BECAME = {
    "in-force": (pgettext_lazy("decisions", "In force"), Q(in_force=True)),
    "lapsed": (gettext_lazy("Lapsed: a text changed"), Q(cause=Cause.TEXT_CHANGED)),
    "undone": (pgettext_lazy("decisions", "Undone"), Q(reversed_by__isnull=False)),
    "overturned": (gettext_lazy("Undone by a colleague"), BY_COLLEAGUES),
}


class Became(ChoiceFilter):
    """Filter by what became of a decision, as the dashboards count it."""

    title = pgettext_lazy("what became of a decision", "now")
    parameter_name = "now"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(name, str(words)) for name, (words, _condition) in BECAME.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return queryset.filter(BECAME[self.value() or ""][1]) if self.value() else queryset


class DecidedBy(PersonFilter):
    title = gettext_lazy("decided by")
    parameter_name = "by"
    typed_name = "reviewer"

    def narrow(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return queryset.filter(decided_by=self.value())


@admin.register(Decision)
class DecisionAdmin(LeadsElsewhere, ReadOnlyPermissions, TrailHistory, RecordedLists, PeopleAdmin):
    """Decisions, except those that only undo one: the row of the undone decision shows the undo."""

    section = gettext_lazy("Decisions")
    keyset = ("-decided_at", "id")
    list_select_related = ("label", "reversed_by")
    more_filters = (
        OfLabel,
        DecidedBy,
        *dates.days("decided_at", gettext_lazy("decided from"), gettext_lazy("decided to")),
    )
    list_filter = (Became, *more_filters)
    rows_template = "moderation/decision_rows.html"
    unknown_person = gettext_lazy("Nobody who decided anything is called “%(name)s”.")
    how_many = ngettext_lazy("%(number)s decision", "%(number)s decisions", "n")
    more_than = gettext_lazy("More than %(number)s decisions")
    empty_text = gettext_lazy("Nothing was decided yet. Open the next case in the queue to do so.")
    actions = None

    class Media:
        css = {"all": ("moderation/labels.css", "moderation/desk.css")}

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(reverses=None)

    def prepare_rows(self, rows: list[Any]) -> None:
        attach_summaries(rows)

    def findable(self, request: HttpRequest) -> Any:
        people: Any = get_user_model()._default_manager
        return people.filter(Exists(Decision.objects.filter(decided_by=OuterRef("pk"))))

    def address_of(self, request: HttpRequest, row: Any) -> str:
        """Return the address of its case."""
        return reverse("admin:moderation_case_change", args=[row.case_id])
