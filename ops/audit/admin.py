"""The read-only admin of the audit trail: the list with its filters, the page of an entry, and the export."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from ops.audit.models import Entry
from ops.audit.recorded_admin import RecordedChanges, RecordedLists
from ops.audit.screens import exporting, filters, reading, searching, targets
from ops.audit.screens.forms import ExportForm
from ops.console.addresses import clean_search_term
from ops.console.confirming import confirmed_recently
from ops.console.declared_lists import UNKNOWN_FILTER
from ops.console.keyset import KeysetChangeList, Order
from ops.console.limits.query_time import unlimited_while_sent
from ops.console.lists.people import PeopleAdmin
from ops.console.person import tabs
from ops.console.readonly import ReadOnlyPermissions

LIST = "admin:audit_entry_changelist"


class EntryChangeList(KeysetChangeList):
    """The list of entries. Links filter by date, a form by event and actor, and links on rows by everything else."""

    @property
    def filter_choices(self) -> list[tuple[str, list[Any]]]:
        """The date filter only: there are too many events for links, and the other filters have no choices."""
        return [
            (str(spec.title), list(spec.choices(self)))
            for spec in self.filter_specs
            if type(spec) is filters.DateFilter
        ]

    @property
    def event_filter(self) -> Any:
        """The filter by event, for a select with its choices."""
        return next(spec for spec in self.filter_specs if isinstance(spec, filters.EventFilter))

    @property
    def actor_filter(self) -> Any:
        """The filter by user, for the form."""
        return next(spec for spec in self.filter_specs if isinstance(spec, filters.ActorFilter))

    @property
    def other_params(self) -> dict[str, str]:
        """The parameters that the filter form keeps."""
        return {name: value for name, value in self.params.items() if name != "event"}


@admin.register(Entry)
class EntryAdmin(ReadOnlyPermissions, RecordedChanges, RecordedLists, PeopleAdmin):
    """The audit trail. Opening the list or an entry is recorded too, before anything is shown."""

    section = gettext_lazy("Audit trail")
    orders = (
        Order("newest", gettext_lazy("Newest first"), ("-at", "id")),
        Order("oldest", gettext_lazy("Oldest first"), ("at", "id")),
    )
    list_filter = (
        filters.EventFilter,
        filters.DateFilter,
        filters.ActorFilter,
        filters.TargetFilter,
        filters.ActionFilter,
        filters.UnusualFilter,
        filters.RefusedFilter,
        filters.PeriodFilter,
    )
    list_select_related = ("seal", "unsealed")
    search_fields = ("actor_name",)  # shows the search box; searching.matching() does the search
    search_help_text = searching.HELP
    change_list_template = "audit/entries.html"
    rows_template = "audit/entry_rows.html"
    change_form_template = "audit/entry.html"
    unknown_person = gettext_lazy("No account is called “%(name)s”.")
    unknown_help = gettext_lazy("A search finds names of accounts long gone.")
    how_many = ngettext_lazy("%(number)s entry", "%(number)s entries", "n")
    more_than = gettext_lazy("More than %(number)s entries")
    empty_text = gettext_lazy("Nothing was recorded yet. What staff do and read in the console appears here.")
    fields = ("at",)
    actions = None

    class Media:
        css = {"all": ("audit/audit.css",)}

    def get_urls(self) -> list[URLPattern]:
        export = path("export/", self.admin_site.admin_view(self.export_view), name="audit_entry_export")
        return [export, *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[EntryChangeList]:
        return EntryChangeList

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related(*self.list_select_related)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        text = clean_search_term(search_term)
        return (searching.matching(queryset, text) if text else queryset), False

    def findable(self, request: HttpRequest) -> Any:
        return filters.findable(request.user)

    def people_named(self, request: HttpRequest, text: str) -> Any:
        """Return staff whose names begin with ``text``: almost all recorded acts are theirs."""
        return self.findable(request).filter(is_staff=True).beginning_with(text)

    def person_named(self, request: HttpRequest, text: str) -> Any:
        return self.findable(request).filter(username=text).first()

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may export, which needs its own permission besides the one to view."""
        return self.has_view_permission(request) and request.user.has_perm("audit.export_entry")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"may_export": self.has_export_permission(request), **(extra_context or {})}
        response = super().changelist_view(request, context)
        changes = getattr(response, "context_data", {}).get("cl")
        # A search or filter has been recorded by RecordedLists.
        if changes is not None and not (changes.query or changes.active_filters):
            reading.record_reading(Entry, by=request.user)
        return response

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        entry = context["original"]
        reading.record_reading(entry, by=request.user)
        context["target_address"] = self._target_url(request, entry)
        context["title"] = entry.get_event_display()
        context["same_action"] = Entry.objects.filter(action=entry.action).exclude(pk=entry.pk).count()
        return super().render_change_form(request, context, *args, **kwargs)

    def _target_url(self, request: HttpRequest, entry: Entry) -> str | None:
        """Return the URL of the target's page, or None if the user may not open it. The target may be deleted."""
        if targets.is_person(entry):
            return tabs.address_of(entry.target_id, user=request.user) or None
        model_admin = targets.admin_for(entry, self.admin_site)
        if model_admin is None or not model_admin.has_view_permission(request):
            return None
        name = f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_change"
        return reverse(name, args=[quote(entry.target_id)])

    def export_view(self, request: HttpRequest) -> Any:
        """Show how many entries would be exported and ask for a reason; a valid POST sends the file. Requires a recent
        confirmation of the password."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        return self._form_or_export(request)

    @method_decorator(confirmed_recently)
    def _form_or_export(self, request: HttpRequest) -> Any:
        try:
            changes: Any = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            self.message_user(request, UNKNOWN_FILTER, messages.WARNING)
            return HttpResponseRedirect(reverse(LIST))
        form = ExportForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            return self._export(request, changes, form.cleaned_data["reason"])
        self.record_narrowing(request, changes)  # the page shows how many entries match
        context = {
            **self.admin_site.each_context(request),
            "title": _("Export the audit trail"),
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "cl": changes,
            "rows": changes.queryset.order_by().count(),
            "back": f"{reverse(LIST)}{changes.get_query_string()}",
        }
        return TemplateResponse(request, "audit/export.html", context)

    def _export(self, request: HttpRequest, changes: EntryChangeList, reason: str) -> StreamingHttpResponse:
        lines = exporting.export(
            changes.queryset,
            by=request.user,
            reason=reason,
            filters=changes.understood_filters,
            terms=changes.query,
        )
        name = exporting.file_name(request.user, timezone.now())
        headers = {"Content-Disposition": content_disposition_header(True, name) or "attachment"}
        return StreamingHttpResponse(
            unlimited_while_sent(lines), content_type="text/csv; charset=utf-8", headers=headers
        )
