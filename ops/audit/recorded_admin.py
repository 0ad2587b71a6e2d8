"""Admin classes that record every change, reading and search, in the one place to look."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from ops.audit.events import Event
from ops.audit.recording import record, record_reading, record_search


def changed_fields(message: Any) -> list[str]:
    """The names of the fields that Django's description of a change names; none where it is free text."""
    if not isinstance(message, list):
        return []
    return [name for part in message for name in part.get("changed", {}).get("fields", ())]


class TrailHistory(admin.ModelAdmin):
    """Django's history page leads to what the audit trail says of the same thing, which has its own permission."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if not request.user.has_perm("audit.view_entry"):
            raise PermissionDenied
        target = {"target": f"{self.opts.label_lower}:{object_id}"}
        return HttpResponseRedirect(f"{reverse('admin:audit_entry_changelist')}?{urlencode(target)}")


class RecordedChanges(TrailHistory):
    """What is added, changed and deleted here goes to the audit trail, instead of Django's own log.

    Django writes its log in the transaction of the change, so here too: no entry, no act.
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
        """What an entry says of a change: the names of the fields, never what they hold."""
        return {"fields": fields}

    def log_deletions(self, request: HttpRequest, queryset: QuerySet) -> Any:
        return [record(Event.RECORD_DELETED, actor=request.user, target=obj) for obj in queryset]


class RecordedReading(TrailHistory):
    """Whoever opens a row leaves an entry before they see it; where that cannot be stored, the page is refused."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row, loaded once for each request."""
        opened = getattr(request, "opened_row", None)
        if opened is None or str(opened.pk) != object_id:
            opened = self.load_row(request, object_id, from_field)
            request.opened_row = opened  # type: ignore[attr-defined]
        return opened

    def load_row(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row from the database, or None."""
        return super().get_object(request, object_id, from_field)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        opened = self.get_object(request, unquote(object_id))
        # Whatever the method: a form that is refused shows the page, too.
        if opened is not None and self.has_view_or_change_permission(request, opened):
            record_reading(opened, actor=request.user)
        return super().change_view(request, object_id, form_url, extra_context)


class RecordedSearches(admin.ModelAdmin):
    """Whoever searches or filters a list, or looks a row up from a form, leaves an entry before they see the result."""

    def record_lookup(self, request: HttpRequest, *, terms: str, results: int) -> None:
        """Record a look-up from an ``autocomplete_fields`` widget."""
        record_search(self.model, actor=request.user, terms=terms, filters={}, results=results)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        # Every page of what was found: whoever asks for the last page first has searched, too.
        response = super().changelist_view(request, extra_context)
        changes = getattr(response, "context_data", {}).get("cl")
        if changes is not None and (changes.query or changes.active_filters):
            record_search(
                self.model,
                actor=request.user,
                terms=changes.query,
                filters={name: request.GET[name] for name in request.GET if name != "q"},
                results=changes.counted,
            )
        return response
