"""The team's views in Settings, with import and export between installations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext_lazy

from ops.audit.recorded_admin import RecordedLists
from ops.audit.reference_data.admin import ReferenceDataAdmin
from ops.audit.reference_data.resources import ReferenceResource
from ops.console.keyset import KeysetAdmin
from ops.moderation.models import View
from ops.moderation.saved import parameters


class ViewResource(ReferenceResource):
    """Rows of a file as views of the team, matched by slug. Personal views are left out."""

    class Meta:
        model = View
        import_id_fields = ("slug",)
        fields = ("slug", "name", "filters", "order", "sort_order", "active")

    def get_queryset(self) -> QuerySet:
        return View.objects.team()

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        """Normalise the filters, so that their order alone does not count as a change."""
        if row.get("filters"):
            filters = parameters.parse(str(row["filters"]))
            row["filters"] = parameters.written(filters) if filters else row["filters"]


@admin.register(View)
class ViewAdmin(ReferenceDataAdmin, RecordedLists, KeysetAdmin):
    """Views of the team. Personal views have their own pages (ops/moderation/saved/pages.py)."""

    section = gettext_lazy("Team views")
    resource_classes = [ViewResource]
    keyset = ("sort_order", "id")
    rows_template = "moderation/view_rows.html"
    how_many = ngettext_lazy("%(number)s view", "%(number)s views", "n")
    more_than = gettext_lazy("More than %(number)s views")
    empty_text = gettext_lazy(
        "The team has no views yet. Filter the queue and choose “Save as view…”, or import a file of views."
    )
    fields = ("name", "slug", "filters", "order", "sort_order", "active")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(owner=None)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Sequence[str]]:
        return {"slug": ("name",)} if obj is None else {}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("slug",)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Render the form with the view's name as the page title."""
        if context["original"] is not None:
            context["title"] = str(context["original"])
        return super().render_change_form(request, context, *args, **kwargs)

    def prepare_rows(self, rows: list[Any]) -> None:
        known = parameters.Known()
        for row in rows:
            row.in_words = parameters.in_words(row.parsed, row.order, known)
            row.fault = parameters.fault_of(row.parsed, row.order, known)
