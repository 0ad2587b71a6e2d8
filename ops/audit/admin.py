"""The audit trail in the console: a list to narrow, a page for each entry, an export. Nothing of it can be changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import quote
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header

from ops.audit.models import Entry
from ops.audit.recorded_admin import RecordedChanges, RecordedSearches
from ops.audit.screens import exporting, filters, reading, searching, targets
from ops.audit.screens.forms import ExportForm
from ops.console.addresses import searched_words
from ops.console.keyset import UNKNOWN_FILTER, KeysetAdmin, KeysetChangeList
from ops.console.readonly import ReadOnlyPermissions

LIST = "admin:audit_entry_changelist"


class EntryChangeList(KeysetChangeList):
    """The list of entries: few filters are links, one is a choice, the others come from links on rows and pages."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = EntryAdmin.section

    @property
    def filter_choices(self) -> list[tuple[str, list[Any]]]:
        """Only the dates: thirty events side by side would be a wall, and the rest cannot be listed."""
        return [(str(spec.title), list(spec.choices(self))) for spec in self.filter_specs if type(spec) is filters.When]

    @property
    def what(self) -> Any:
        """The filter by event, for a field with its choices."""
        return next(spec for spec in self.filter_specs if isinstance(spec, filters.What))

    @property
    def actor_name(self) -> str:
        """Whom the list is narrowed to, for a field."""
        chosen = (spec for spec in self.filter_specs if isinstance(spec, filters.Actor))
        return next((str(spec.lookup_choices[0][1]) for spec in chosen), "")

    @property
    def kept(self) -> dict[str, str]:
        """What a form that narrows further leaves as it is."""
        return {name: value for name, value in self.params.items() if name != "event"}

    @property
    def understood_filters(self) -> dict[str, str]:
        """The filters that narrow this list, by name: what an entry says about it."""
        specs: list[Any] = self.filter_specs
        return {spec.parameter_name: spec.value() for spec in specs if spec.value() in dict(spec.lookup_choices)}


@admin.register(Entry)
class EntryAdmin(ReadOnlyPermissions, RecordedChanges, RecordedSearches, KeysetAdmin):
    """What people did and read. Looking at it is recorded as well, before anything is shown."""

    section = "Audit trail"
    keyset = ("-at", "id")
    list_filter = (filters.What, filters.When, filters.Actor, filters.About, filters.Action)
    list_select_related = ("seal", "unsealed")
    search_fields = ("actor_name",)  # shows the search box; ``searching`` decides what is searched
    search_help_text = searching.HELP
    change_list_template = "audit/entries.html"
    rows_template = "audit/entry_rows.html"
    change_form_template = "audit/entry.html"
    empty_words = "Nothing was recorded yet. What staff do and read in the console appears here."
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
        words = searched_words(search_term)
        return (searching.matching(queryset, words) if words else queryset), False

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Exporting takes the trail out of the console: a permission of its own, besides that of reading it."""
        return self.has_view_permission(request) and request.user.has_perm("audit.export_entry")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; a username that was typed becomes the filter by that account."""
        if "person" in request.GET:
            return self._narrowed_to_person(request)
        context = {"may_export": self.has_export_permission(request), **(extra_context or {})}
        response = super().changelist_view(request, context)
        changes = getattr(response, "context_data", {}).get("cl")
        # A search, or a narrower list, has been recorded as such.
        if changes is not None and not (changes.query or changes.active_filters):
            reading.record_reading(Entry, by=request.user)
        return response

    def _narrowed_to_person(self, request: HttpRequest) -> HttpResponse:
        asked = request.GET.copy()
        username = searched_words(asked.pop("person")[-1])
        if username and username == filters.actor_name(asked.get("actor", "")):
            # As it was, which matters where the account is gone.
            return HttpResponseRedirect(f"{request.path}?{asked.urlencode()}")
        asked.pop("actor", None)
        account = get_user_model()._default_manager.filter(username=username).first() if username else None
        if account is not None:
            asked["actor"] = str(account.pk)
        elif username:
            # Nothing was narrowed to this name: what others did is no answer to that question.
            messages.warning(request, f"No account is called “{username}”. A search finds names of accounts long gone.")
        return HttpResponseRedirect(f"{request.path}?{asked.urlencode()}")

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        entry = context["original"]
        reading.record_reading(entry, by=request.user)
        context["target_address"] = self._address_of_target(request, entry)
        context["title"] = entry.get_event_display()
        context["same_action"] = Entry.objects.filter(action=entry.action).exclude(pk=entry.pk).count()
        return super().render_change_form(request, context, *args, **kwargs)

    def _address_of_target(self, request: HttpRequest, entry: Entry) -> str | None:
        """The page of what an entry is about, for whoever may open it; it may be gone by now."""
        model_admin = targets.registered(entry, self.admin_site)
        if model_admin is None or not model_admin.has_view_permission(request):
            return None
        name = f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_change"
        return reverse(name, args=[quote(entry.target_id)])

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """Say what would be exported and ask why; send it when that is answered."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        try:
            changes: Any = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            self.message_user(request, UNKNOWN_FILTER, messages.WARNING)
            return HttpResponseRedirect(reverse(LIST))
        form = ExportForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            return self._export(request, changes, form.cleaned_data["reason"])
        context = {
            **self.admin_site.each_context(request),
            "title": "Export the audit trail",
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
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
