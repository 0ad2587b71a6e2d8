"""Users and groups in the console."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse

from ops.accounts.forms import UserAddForm, UserChangeForm
from ops.accounts.models import User
from ops.accounts.roles import NAMES
from ops.audit.recorded_admin import RecordedChanges, RecordedReading, RecordedSearches
from ops.console.addresses import searched_words
from ops.console.filters import PresetDates, YesNoFilter
from ops.console.keyset import KeysetAdmin

ROLE_FIELDS = ("is_staff", "is_superuser", "groups")  # whoever may change these can give themselves everything
KEPT = "This is a role of the console: every set-up makes it what it is here. For other permissions, add another group."


class Staff(YesNoFilter):
    title = "staff"
    parameter_name = "staff"

    def yes(self, rows: QuerySet) -> QuerySet:
        return rows.filter(is_staff=True)

    def no(self, rows: QuerySet) -> QuerySet:
        return rows.filter(is_staff=False)


class Active(YesNoFilter):
    title = "active"
    parameter_name = "active"

    def yes(self, rows: QuerySet) -> QuerySet:
        return rows.filter(is_active=True)

    def no(self, rows: QuerySet) -> QuerySet:
        return rows.filter(is_active=False)


class Joined(PresetDates):
    title = "joined"
    field = "date_joined"


@admin.register(User)
class UserAdmin(RecordedChanges, RecordedReading, RecordedSearches, KeysetAdmin, DjangoUserAdmin):
    """Users with their activity."""

    keyset = ("username",)
    ordering = ("username",)
    list_display = ("username",)
    list_filter = (Staff, Active, Joined)
    search_fields = ("username", "email")
    search_help_text = "Part of a username or of an e-mail address."
    rows_template = "accounts/user_rows.html"
    change_form_template = "accounts/user.html"
    empty_words = "No user matches."
    actions: tuple[str, ...] = ()
    form = UserChangeForm
    add_form = UserAddForm
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "email", "password")}),
        ("May do", {"fields": ("is_active", *ROLE_FIELDS)}),
        ("Since", {"fields": ("date_joined", "last_login")}),
    )
    readonly_fields = ("date_joined", "last_login")

    class Media:
        css = {"all": ("accounts/accounts.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows: Any = super().get_queryset(request)
        return rows.with_activity()

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else (*fields, *ROLE_FIELDS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Anonymised accounts stay as they are, for superusers too."""
        gone = obj is not None and obj.anonymised_at is not None
        return super().has_change_permission(request, obj) and self._is_theirs(request, obj) and not gone

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._is_theirs(request, obj)

    def _is_theirs(self, request: HttpRequest, obj: User | None) -> bool:
        """Only superusers touch a superuser's account."""
        return obj is None or request.user.is_superuser or not obj.is_superuser

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Without the password for everybody who may not set it."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or (request.user.is_superuser and obj.anonymised_at is None):
            return fieldsets
        return [
            (name, {**options, "fields": tuple(field for field in options["fields"] if field != "password")})
            for name, options in fieldsets
        ]

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """For superusers only: whoever sets a password can sign in as that person."""
        if not request.user.is_superuser:
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, widget=forms.CheckboxSelectMultiple, **kwargs)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet, bool]:
        words = searched_words(search_term)
        return (queryset.matching(words) if words else queryset), False

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> dict[str, Any]:
        """Without Django's own deletion, which loads what it deletes. Only Django 6.1 passes ``action_location``."""
        place = () if action_location is None else (action_location,)
        actions = super().get_actions(request, *place)
        actions.pop("delete_selected", None)
        return actions

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page's title is the username."""
        user = self.get_object(request, unquote(object_id))
        title = {"title": user.get_username()} if user is not None else {}
        return super().change_view(request, object_id, form_url, {**title, **(extra_context or {})})


def _is_role(group: Group | None) -> bool:
    return group is not None and group.name in NAMES


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(RecordedChanges, KeysetAdmin, DjangoGroupAdmin):
    """Groups, with checkboxes for permissions: Django's two-list widget is not accessible.

    The groups of roles are read-only: the next ``setup_roles`` would undo a change.
    """

    keyset = ("name",)
    rows_template = "accounts/group_rows.html"
    empty_words = "No group yet. Make those of the roles with “manage.py setup_roles”."
    search_help_text = "Part of a name."
    actions = None
    filter_horizontal = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        counted = {"people": Count("user", distinct=True), "may": Count("permissions", distinct=True)}
        return super().get_queryset(request).annotate(**counted)

    def prepare_rows(self, rows: list[Any]) -> None:
        for row in rows:
            row.is_role = row.name in NAMES

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_change_permission(request, obj) and not _is_role(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_role(obj)

    def get_fieldsets(self, request: HttpRequest, obj: Group | None = None) -> Any:
        if not _is_role(obj):
            return super().get_fieldsets(request, obj)
        return [(None, {"fields": ("name", "permissions"), "description": KEPT})]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, widget=forms.CheckboxSelectMultiple, **kwargs)
