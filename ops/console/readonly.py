"""Read-only admin classes. They are the default in the console; write access is granted class by class."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest


class ReadOnlyPermissions:
    """Nobody may add, change or delete here, not even superusers."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DisplayFormSet(BaseInlineFormSet):
    """A formset without forms, for inlines that only show a template. Posted data is ignored."""

    def get_queryset(self) -> QuerySet:
        """No rows: the template loads what it shows."""
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
    """A read-only inline, shown by a template of its own."""

    formset = DisplayFormSet
    extra = 0
    max_num = 0
    can_delete = False
