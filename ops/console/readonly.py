"""Read-only admin classes. They are the default in the console; write access is granted class by class."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect


class ReadOnlyPermissions:
    """A mixin with which nobody may add, change or delete, not even superusers."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LeadsElsewhere:
    """A list whose rows have no page of their own, because another page shows everything about them."""

    def address_of(self, request: HttpRequest, row: Any) -> str:
        """Return the address of that page."""
        raise NotImplementedError

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect users who may see the row to that page."""
        admin: Any = self
        row = admin.get_object(request, object_id)
        if row is None or not admin.has_view_permission(request, row):
            refused: HttpResponse = super().change_view(request, object_id, form_url, extra_context)  # type: ignore[misc]
            return refused
        return HttpResponseRedirect(self.address_of(request, row))


class DisplayFormSet(BaseInlineFormSet):
    """A formset without forms, for inlines that only show a template. Posted data is ignored."""

    def get_queryset(self) -> QuerySet:
        """Return no rows: the template loads what it shows."""
        return super().get_queryset().none()

    def initial_form_count(self) -> int:
        return 0

    def total_form_count(self) -> int:
        return 0

    def is_valid(self) -> bool:
        return True

    def save(self, commit: bool = True) -> list[Any]:
        self.new_objects: list[Any] = []
        self.changed_objects: list[Any] = []
        self.deleted_objects: list[Any] = []
        return []


class ReadOnlyInline(ReadOnlyPermissions, admin.StackedInline):
    """A read-only inline, rendered by its own template."""

    formset = DisplayFormSet
    extra = 0
    max_num = 0
    can_delete = False
