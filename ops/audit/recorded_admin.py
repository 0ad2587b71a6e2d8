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
    """Redirects Django's history page to the object's entries in the audit trail, which needs its own permission."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if not request.user.has_perm("audit.view_entry"):
            raise PermissionDenied
        target = {"target": f"{self.opts.label_lower}:{object_id}"}
        return HttpResponseRedirect(f"{reverse('admin:audit_entry_changelist')}?{urlencode(target)}")


class RecordedChanges(TrailHistory):
    """Records additions, changes and deletions in the audit trail instead of Django's own log.

    Django calls the log methods within the transaction of the change, so an entry that fails rolls the change back.
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
    """Records that somebody opens a row before it is shown; if that fails, the page is refused."""

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
            self.record_besides(request, row)
        return super().change_view(request, object_id, form_url, extra_context)

    def shown_on_page(self, request: HttpRequest, row: Any) -> Shown:
        """The messages whose texts the page of ``row`` is about to show."""
        return Shown()

    def record_besides(self, request: HttpRequest, row: Any) -> None:
        """Record what else the page of ``row`` is about to tell. What needs a reason was given one by then."""


class RecordedLists(admin.ModelAdmin):
    """Records lists that show texts, searches, filters and autocomplete look-ups before their results are shown."""

    searches_texts = False  # whether what a search finds tells what texts say: it then asks for a reason first

    def shown_in_list(self, rows: Sequence[Any]) -> Shown:
        """The messages whose texts these rows of a page are about to show."""
        return Shown()

    def withhold(self, rows: Sequence[Any]) -> bool:
        """Take the texts off these rows and return True, for who has given no reason to read them. A list that does not
        know how is not shown before there is one."""
        return False

    def cover(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """Take those texts off these rows that come covered for whoever asks, before it is recorded what is shown."""

    def record_lookup(self, request: HttpRequest, *, terms: str, results: int) -> None:
        """Record a look-up by an ``autocomplete_fields`` widget."""
        record_search(self.model, actor=request.user, terms=terms, filters={}, results=results)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if self.has_view_or_change_permission(request):
            self.ask_before_search(request)
        # On every page of the results, because somebody may open the last page first.
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", {})
        if context.get("cl") is not None:
            self._record_page(request, context)
        return response

    def ask_before_search(self, request: HttpRequest) -> None:
        """Let the search in the address of ``request`` begin. Raises NotRecorded, or ReasonNeeded for the list."""
        if self.searches_texts:
            terms = clean_search_term(request.GET.get(SEARCH_VAR, ""))
            ask_before_search(self.model, actor=request.user, terms=terms)

    def response_action(self, request: HttpRequest, queryset: QuerySet, *args: Any, **kwargs: Any) -> Any:
        """Where an action leads tells which rows a search or filter found."""
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
            # What a search finds tells what the texts say.
            if changes.query or not self.withhold(rows):
                raise
            self.record_narrowing(request, changes)
            context["reason_address"] = gate.address_to_ask(request, needed.scope)
