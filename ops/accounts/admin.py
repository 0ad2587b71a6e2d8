"""Users and roles in the console."""

from __future__ import annotations

from copy import copy
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from messaging.languages import moments
from ops.accounts.forms import PasswordForm, PermissionsField, UserAddForm, UserChangeForm
from ops.accounts.models import User, one_superuser_stays
from ops.accounts.person.between import BetweenView
from ops.accounts.person.lists import ConversationsTab, EditsTab, MessagesTab
from ops.accounts.person.log import LogTab
from ops.accounts.person.page import load, page_of
from ops.accounts.person.tabs import ACCOUNT
from ops.accounts.roles import NAMES, in_words
from ops.audit.recorded_admin import RecordedChanges, RecordedLists, RecordedReading
from ops.console.addresses import clean_search_term, whole_number
from ops.console.confirming import ConfirmedChanges, confirmed_recently
from ops.console.filters import PresetDates, YesNoFilter
from ops.console.keyset import KeysetAdmin, Order
from ops.console.person import tabs

ROLE_FIELDS = ("is_staff", "is_superuser", "groups")  # anybody able to change these can give themselves everything
KEPT = gettext_lazy(
    "This is a built-in role: every set-up makes it what it is here. For other permissions, add another role."
)


class Staff(YesNoFilter):
    title = gettext_lazy("staff")
    parameter_name = "staff"

    def yes(self, rows: QuerySet) -> QuerySet:
        return rows.filter(is_staff=True)

    def no(self, rows: QuerySet) -> QuerySet:
        return rows.filter(is_staff=False)


class Active(YesNoFilter):
    title = gettext_lazy("active")
    parameter_name = "active"

    def yes(self, rows: QuerySet) -> QuerySet:
        return rows.filter(is_active=True)

    def no(self, rows: QuerySet) -> QuerySet:
        return rows.filter(is_active=False)


class Joined(PresetDates):
    title = gettext_lazy("joined")
    field = "date_joined"


@admin.register(User)
class UserAdmin(ConfirmedChanges, RecordedChanges, RecordedReading, RecordedLists, KeysetAdmin, DjangoUserAdmin):
    """Users with their activity. Superusers, who can grant anything, confirm their own password before changes."""

    orders = (
        Order("name", gettext_lazy("Name"), ("name_key", "id")),
        Order("newest", gettext_lazy("Joined last"), ("-date_joined", "id")),
        Order("oldest", gettext_lazy("Joined first"), ("date_joined", "id")),
    )
    ordering = ("username",)
    list_display = ("username",)
    list_filter = (Staff, Active, Joined)
    search_fields = ("username", "email")
    search_help_text = gettext_lazy("Searches usernames and e-mail addresses.")
    rows_template = "accounts/user_rows.html"
    change_form_template = "accounts/user.html"
    how_many = ngettext_lazy("%(number)s user", "%(number)s users", "n")
    more_than = gettext_lazy("More than %(number)s users")
    empty_text = gettext_lazy("No user matches.")
    actions: tuple[str, ...] = ()
    form = UserChangeForm
    add_form = UserAddForm
    change_password_form = PasswordForm
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "email", "password")}),
        (gettext_lazy("Access"), {"fields": ("is_active", *ROLE_FIELDS)}),
        (gettext_lazy("Dates"), {"fields": ("date_joined", "last_sign_in")}),
    )
    readonly_fields = ("date_joined", "last_sign_in", "roles")
    empty_value_display = gettext_lazy("none")

    class Media:
        css = {"all": ("accounts/accounts.css", "accounts/person.css")}

    def get_urls(self) -> list[URLPattern]:
        """Add the tabs of a person's page, and replace Django's redirect from the shortest address to the form by one
        to the first tab that the user may open."""
        wrap = self.admin_site.admin_view

        def page(route: str, view: Any, name: str) -> URLPattern:
            return path(f"<int:pk>/{route}", wrap(view.as_view()), name=f"accounts_user_{name}")

        *others, _last = super().get_urls()
        return [
            page("conversations/", ConversationsTab, "conversations"),
            page("messages/", MessagesTab, "messages"),
            page("edits/", EditsTab, "edits"),
            page("log/", LogTab, "log"),
            page("between/<int:other>/", BetweenView, "between"),
            *others,
            path("<path:object_id>/", wrap(self.person_view)),
        ]

    def person_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Redirect to the first tab of a person's page."""
        if not tabs.open_to(request.user):
            raise PermissionDenied
        (user,) = load(whole_number(object_id) or 0, by=request.user)
        return HttpResponseRedirect(tabs.address_of(user.pk, user=request.user))

    @admin.display(description=gettext_lazy("last sign-in"))
    def last_sign_in(self, user: User) -> str:
        """The time of the last sign-in, in the language's format."""
        moment = user.last_login
        return moments.day_and_time(timezone.localtime(moment)) if moment else _("never")

    @admin.display(description=gettext_lazy("roles"))
    def roles(self, user: User) -> str:
        """The names of the roles, for users who may not change them."""
        return ", ".join(sorted(user.groups.values_list("name", flat=True))) or _("none")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows: Any = super().get_queryset(request)
        return rows.with_activity()

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else (*fields, *ROLE_FIELDS)

    def asks_before_change(self, request: HttpRequest, obj: User) -> bool:
        """Ask only superusers: the fields that others may change give nobody power."""
        return request.user.is_superuser

    def may_change_when_confirmed(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Return False also for anonymised accounts, which not even superusers change."""
        gone = obj is not None and obj.anonymised_at is not None
        return super().may_change_when_confirmed(request, obj) and self._is_theirs(request, obj) and not gone

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._is_theirs(request, obj)

    def _is_theirs(self, request: HttpRequest, obj: User | None) -> bool:
        """Return whether the user may change this account: only superusers change accounts of staff, even their own."""
        return obj is None or request.user.is_superuser or not (obj.is_superuser or obj.is_staff)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Leave out the password for users who may not set it, and an empty address that cannot be changed; show roles
        that cannot be changed as text."""
        fieldsets: Any = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        may_change = self.has_change_permission(request, obj)
        gives_power = request.user.is_superuser and obj.anonymised_at is None
        left_out = set() if gives_power else {"password"}
        fixed = set() if may_change else {"email", "groups"}
        fixed |= set(self.get_readonly_fields(request, obj))
        if "email" in fixed and not obj.email:
            left_out.add("email")
        words = {"groups": "roles"} if "groups" in fixed else {}
        return [
            (
                name,
                {
                    **options,
                    "fields": [words.get(field, field) for field in options["fields"] if field not in left_out],
                },
            )
            for name, options in fieldsets
        ]

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Set a password; only for superusers, since it allows signing in as that person.

        Superusers change their own on the page that requires the old one.
        """
        if not request.user.is_superuser:
            raise PermissionDenied
        with one_superuser_stays(locking=[whole_number(unquote(id))]):
            # Compare with the loaded row: the same key can be written in several ways in an address.
            user = self.get_object(request, unquote(id))
            if user is not None and user.pk == request.user.pk:
                return HttpResponseRedirect(reverse("admin:password_change"))
            return self._set_password(request, id, form_url)

    @method_decorator(confirmed_recently)
    def _set_password(self, request: HttpRequest, id: str, form_url: str) -> Any:
        return super().user_change_password(request, id, form_url)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, widget=forms.CheckboxSelectMultiple, **kwargs)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet, bool]:
        words = clean_search_term(search_term)
        return (queryset.matching(words) if words else queryset), False

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> dict[str, Any]:
        """Remove Django's own deletion, which loads what it deletes. Only Django 6.1 passes ``action_location``."""
        place = () if action_location is None else (action_location,)
        actions = super().get_actions(request, *place)
        actions.pop("delete_selected", None)
        return actions

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Use the username as the page's title. A POST is checked against the stored account, which is locked."""
        if request.method in ("GET", "HEAD"):
            return self._titled(request, object_id, form_url, extra_context)
        with one_superuser_stays(locking=[whole_number(unquote(object_id))]):
            return self._titled(request, object_id, form_url, extra_context)

    def _titled(self, request: HttpRequest, object_id: str, form_url: str, extra_context: dict[str, Any] | None) -> Any:
        user = self.get_object(request, unquote(object_id))
        title = {"title": user.get_username()} if user is not None else {}
        return super().change_view(request, object_id, form_url, {**title, **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Render the form as the tab “Account” of a person's page."""
        user = context["original"]
        if user is not None:
            # The head shows the stored account, not the values of a refused form.
            (stored,) = load(user.pk, by=request.user) if request.method == "POST" else (user,)
            context |= {"page": page_of(request, stored, here=ACCOUNT.name)}
        return super().render_change_form(request, context, *args, **kwargs)


def _is_role(group: Group | None) -> bool:
    return group is not None and group.name in NAMES


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(ConfirmedChanges, RecordedChanges, RecordedLists, KeysetAdmin, DjangoGroupAdmin):
    """Django's groups, called roles, with checkboxes for permissions: Django's two-list widget is not accessible.

    The built-in roles are read-only: the next ``setup_roles`` would undo a change. Every other change here gives or
    takes power, so it requires the password first.
    """

    section = gettext_lazy("Roles")
    keyset = ("name",)
    rows_template = "accounts/group_rows.html"
    change_form_template = "console/confirmed_form.html"
    how_many = ngettext_lazy("%(number)s role", "%(number)s roles", "n")
    more_than = gettext_lazy("More than %(number)s roles")
    empty_text = gettext_lazy("No role yet. Make the built-in ones with “manage.py setup_roles”.")
    search_help_text = gettext_lazy("Part of a name.")
    actions = None
    filter_horizontal = ()

    def __init__(self, model: type[Group], site: admin.AdminSite) -> None:
        super().__init__(model, site)
        # Django's titles, buttons and messages use these names; a copy, because the model is Django's.
        self.opts = copy(self.opts)
        self.opts.verbose_name = gettext_lazy("role")
        self.opts.verbose_name_plural = gettext_lazy("roles")

    def response_add(self, request: HttpRequest, obj: Group, post_url_continue: str | None = None) -> HttpResponse:
        """Have Django's message call the new row a role: it reads the options of the row, not of the admin."""
        obj._meta = self.opts  # type: ignore[misc]
        return super().response_add(request, obj, post_url_continue)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        counted = {"people": Count("user", distinct=True), "may": Count("permissions", distinct=True)}
        return super().get_queryset(request).annotate(**counted)

    def prepare_rows(self, rows: list[Any]) -> None:
        for row in rows:
            row.is_role = row.name in NAMES

    def may_change_when_confirmed(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().may_change_when_confirmed(request, obj) and not _is_role(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_role(obj)

    def get_fieldsets(self, request: HttpRequest, obj: Group | None = None) -> Any:
        if self._are_chosen(request, obj):
            return super().get_fieldsets(request, obj)
        return [(None, {"fields": ("name", "its_permissions"), "description": KEPT if _is_role(obj) else ""})]

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if self._are_chosen(request, obj) else (*fields, "its_permissions")

    def _are_chosen(self, request: HttpRequest, obj: Group | None) -> bool:
        """Return whether this page has checkboxes, instead of only listing the permissions."""
        return obj is None or self.has_change_permission(request, obj)

    @admin.display(description=gettext_lazy("permissions"))
    def its_permissions(self, obj: Group) -> str:
        """The permissions as text, shown instead of checkboxes that may not be changed."""
        return ", ".join(map(in_words, obj.permissions.select_related("content_type")))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any) -> Any:
        shown = {"widget": forms.CheckboxSelectMultiple, "form_class": PermissionsField}
        return super().formfield_for_manytomany(db_field, request, **shown, **kwargs)
