"""Closed by default: admin classes that show and change nothing; write access is granted on purpose, class by class."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest


class ReadOnlyPermissions:
    """Nobody may add, change or delete here, whatever their role."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ShownFormSet(BaseInlineFormSet):
    """A formset without forms: its inline is drawn by a template, and nothing that is posted to it counts."""

    def get_queryset(self) -> QuerySet:
        """No row: what is shown is the template's business, and loads its own."""
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
    """Rows of a related model, shown by a template of their own."""

    formset = ShownFormSet
    extra = 0
    max_num = 0
    can_delete = False
