"""Admin classes that record changes, readings and searches in the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from ops.audit.details import Key, chosen
from ops.audit.events import Event
from ops.audit.readings import Shown, ask_before_search, record_list, record_reading, record_search
from ops.audit.reasons import gate
from ops.audit.recording import record
from ops.console.addresses import clean_search_term


def changed_fields(message: Any) -> list[str]:
    """Return the field names in Django's change message; none if it is free text."""
    if not isinstance(message, list):
        return []
    return [name for part in message for name in part.get("changed", {}).get("fields", ())]


class TrailHistory(admin.ModelAdmin):
    """Redirects Django's history page to the object's entries in the audit trail; needs the permission to read it."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if not request.user.has_perm("audit.view_entry"):
            raise PermissionDenied
        target = {"target": f"{self.opts.label_lower}:{object_id}"}
        return HttpResponseRedirect(f"{reverse('admin:audit_entry_changelist')}?{urlencode(target)}")


class RecordedChanges(TrailHistory):
    """Records additions, changes and deletions in the audit trail instead of Django's own log.

    Django calls the log methods in the transaction of the change, so an entry that cannot be stored rolls it back.
    """

    change_event: str = Event.RECORD_CHANGED

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return record(Event.RECORD_ADDED, actor=request.user, target=obj)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        fields = changed_fields(message)
        if not fields:
            return None
        return record(self.change_event, actor=request.user, target=obj, details=self.change_details(obj, fields))

    def change_details(self, obj: Any, fields: list[str]) -> dict[str, Any]:
        """Return the details of a change: the names of the fields, never their values."""
        return {"fields": [Key(name) for name in fields]}

    def log_deletions(self, request: HttpRequest, queryset: QuerySet) -> Any:
        return [record(Event.RECORD_DELETED, actor=request.user, target=obj) for obj in queryset]


class RecordedReading(TrailHistory):
    """Records that somebody opens a row, before it is shown; if the entry cannot be stored, the page is refused."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row, loaded once per request."""
        row = getattr(request, "opened_row", None)
        if row is None or str(row.pk) != object_id:
            row = self.load_row(request, object_id, from_field)
            request.opened_row = row  # type: ignore[attr-defined]
        return row

    def load_row(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Load the row from the database; None if it does not exist."""
        return super().get_object(request, object_id, from_field)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        # For POST too: an invalid form shows the page again.
        if row is not None and self.has_view_or_change_permission(request, row):
            record_reading(row, actor=request.user, shown=self.shown_on_page(request, row))
            self.record_further(request, row)
        return super().change_view(request, object_id, form_url, extra_context)

    def shown_on_page(self, request: HttpRequest, row: Any) -> Shown:
        """Return the messages whose texts the page of ``row`` is about to show."""
        return Shown()

    def record_further(self, request: HttpRequest, row: Any) -> None:
        """Record what else the page of ``row`` is about to show. Called after any reason that is needed was checked."""


class RecordedLists(admin.ModelAdmin):
    """Records lists that show texts, searches, filters and autocomplete look-ups before their results are shown."""

    searches_texts = False  # whether search results reveal what texts say: a search then needs a reason first

    def shown_in_list(self, rows: Sequence[Any]) -> Shown:
        """Return the messages whose texts these rows of a page are about to show."""
        return Shown()

    def withhold(self, rows: Sequence[Any]) -> bool:
        """Remove the texts of rows to be shown without a reason, and return True; False shows no list without one."""
        return False

    def cover(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """Remove the texts that this user sees covered from these rows, before the shown texts are recorded."""

    def record_lookup(self, request: HttpRequest, *, terms: str, results: int) -> None:
        """Record a look-up by an ``autocomplete_fields`` widget."""
        record_search(self.model, actor=request.user, terms=terms, filters={}, results=results)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if self.has_view_or_change_permission(request):
            self.ask_before_search(request)
        # Recorded on every page of the results, because somebody may open the last page first.
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", {})
        if context.get("cl") is not None:
            self._record_page(request, context)
        return response

    def ask_before_search(self, request: HttpRequest) -> None:
        """Check that the search in the query string may run. Raises NotRecorded, or ReasonNeeded for the list."""
        if self.searches_texts:
            terms = clean_search_term(request.GET.get(SEARCH_VAR, ""))
            ask_before_search(self.model, actor=request.user, terms=terms)

    def response_action(self, request: HttpRequest, queryset: QuerySet, *args: Any, **kwargs: Any) -> Any:
        """Record the search or filters, because the page after an action reveals which rows they found."""
        self.record_narrowing(request, self.get_changelist_instance(request))
        return super().response_action(request, queryset, *args, **kwargs)

    def record_narrowing(self, request: HttpRequest, changes: Any) -> None:
        """Record a search or filters whose result shows no text. ``changes`` is the change list."""
        filters = chosen(changes.understood_filters)
        if changes.query or filters:
            record_search(
                self.model, actor=request.user, terms=changes.query, filters=filters, results=changes.result_count
            )

    def _record_page(self, request: HttpRequest, context: dict[str, Any]) -> None:
        changes = context["cl"]
        rows = list(changes.result_list)
        self.cover(request, rows)
        shown = self.shown_in_list(rows)
        if not (shown.messages or shown.histories):
            self.record_narrowing(request, changes)
            return
        filters, counts = chosen(changes.understood_filters), {"rows": len(rows), "results": changes.result_count}
        try:
            record_list(self.model, actor=request.user, shown=shown, terms=changes.query, filters=filters, **counts)
        except gate.ReasonNeeded as needed:
            # Search results reveal what the texts say, so they are not shown even without the texts.
            if changes.query or not self.withhold(rows):
                raise
            self.record_narrowing(request, changes)
            context["reason_address"] = gate.address_to_ask(request, needed.scope)
