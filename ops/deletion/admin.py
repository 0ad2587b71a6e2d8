"""Deletion requests, deleted accounts, and what deletions add to the users of the console."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from ops.accounts.admin import UserAdmin
from ops.accounts.models import User
from ops.audit.recorded_admin import RecordedSearches, TrailHistory
from ops.console.keyset import KeysetAdmin, KeysetChangeList
from ops.console.readonly import ReadOnlyPermissions
from ops.deletion import holds, pages, requests
from ops.deletion.holds import open_holds
from ops.deletion.models import BEFORE_ERASURE, AccountDeletion, DeletionRequest, Hold, State, with_standing
from ops.deletion.views import groups, receipts
from ops.deletion.views import holds as hold_views
from ops.deletion.views import requests as views
from ops.deletion.views.holds import HoldView
from ops.deletion.views.requests import AskView, address_to_ask


class SectionChangeList(KeysetChangeList):
    """A list whose title is the name of its section."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = self.model_admin.section  # type: ignore[attr-defined]


class InState(admin.SimpleListFilter):
    """State of a request; “on hold” is an extra choice."""

    title = "state"
    parameter_name = "state"
    HELD = "held"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [*State.choices, (self.HELD, "On hold")]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        if self.value() == self.HELD:
            return queryset.held()
        return queryset.filter(state=self.value()) if self.value() in State.values else queryset


@admin.register(DeletionRequest)
class DeletionRequestAdmin(ReadOnlyPermissions, TrailHistory, RecordedSearches, KeysetAdmin):
    """Requests, read-only: approving, refusing, cancelling and holds have pages of their own."""

    section = "Deletions"
    keyset = ("-requested_at", "id")
    list_filter = (InState,)
    search_fields = ("username",)
    search_help_text = "Part of a username; erased accounts have none any more."
    change_list_template = "deletion/deletions.html"
    rows_template = "deletion/request_rows.html"
    empty_words = (
        "No deletion was asked for yet. Open a user, or choose some in the list of users, and ask for it there."
    )
    actions = None

    class Media:
        css = {"all": ("accounts/accounts.css",)}

    def get_urls(self) -> list[URLPattern]:
        return [*_pages(self.admin_site.admin_view), *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return SectionChangeList

    def get_queryset(self, request: HttpRequest) -> Any:
        rows: Any = super().get_queryset(request)
        return rows.for_list()

    def prepare_rows(self, rows: list[Any]) -> None:
        pages.for_display(rows)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one request. POST is refused."""
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        deletion = self.get_object(request, object_id)
        if deletion is None:
            raise Http404
        context = {**self.admin_site.each_context(request), "opts": self.opts, **_page_of(deletion, by=request.user)}
        return TemplateResponse(request, "deletion/request.html", {**context, **(extra_context or {})})


def _page_of(deletion: DeletionRequest, *, by: Any) -> dict[str, Any]:
    """The context of a request's page."""
    standing = list(Hold.objects.of(deletion.user_id).order_by("-placed_at"))
    people = pages.people_of(deletion, standing)
    account = views.account_of(deletion)
    held_for_others = deletion.is_open and deletion.holds.for_others
    to_come = account is not None and deletion.state in BEFORE_ERASURE
    return {
        **pages.facts(deletion),
        "title": f"Deletion of {pages.display_name(deletion)}",
        "deletion": deletion,
        "whose": pages.display_name(deletion),
        "account": account,
        "live": pages.is_worked_on(deletion),
        "begins_soon": pages.begins_soon(deletion),
        "in_group": deletion.group.requests.count(),
        "timeline": pages.timeline(deletion, people),
        "exchanged": holds.correspondents_on_hold(deletion.user_id, holds.open_by_account()) if held_for_others else [],
        "holds": [(hold, people.name(hold.placed_by_id), people.name(hold.lifted_by_id)) for hold in standing],
        "offers": pages.offers(deletion, to=by),
        "why_not": pages.why_not_approve(deletion, by=by),
        "plan": requests.plan([account], by=by)[0] if to_come else None,
        "counts": pages.count_rows(deletion.progress.get("counts", {})),
        "outcomes": pages.outcome_rows(deletion.progress.get("steps", [])),
        "receipt": deletion.receipt,
    }


def _pages(wrap: Any) -> list[URLPattern]:
    """The URLs of the pages about requests, holds and receipts, below the list's."""

    def page(route: str, view: Any, name: str) -> URLPattern:
        return path(route, wrap(view.as_view()), name=f"deletion_{name}")

    return [
        page("erased/", receipts.LookUpView, "erased"),
        page("erased/<int:pk>/lift/", receipts.LiftIdentifierView, "erasedidentifier_lift"),
        page("receipt/<uuid:pk>/", receipts.ReceiptView, "receipt"),
        page("receipt/<uuid:pk>/print/", receipts.PrintedReceiptView, "receipt_print"),
        page("receipt/<uuid:pk>/json/", receipts.ReceiptFileView, "receipt_json"),
        page("hold/<uuid:pk>/lift/", hold_views.LiftHoldView, "hold_lift"),
        page("group/<uuid:pk>/", groups.GroupView, "deletiongroup"),
        page("group/<uuid:pk>/approve/", groups.ApproveGroupView, "deletiongroup_approve"),
        page("group/<uuid:pk>/cancel/", groups.CancelGroupView, "deletiongroup_cancel"),
        page("group/<uuid:pk>/progress/", groups.GroupProgressView, "deletiongroup_progress"),
        page("<uuid:pk>/progress/", views.ProgressView, "deletionrequest_progress"),
        page("<uuid:pk>/approve/", views.ApproveView, "deletionrequest_approve"),
        page("<uuid:pk>/refuse/", views.RefuseView, "deletionrequest_refuse"),
        page("<uuid:pk>/cancel/", views.CancelView, "deletionrequest_cancel"),
    ]


@admin.register(AccountDeletion)
class AccountDeletionAdmin(ReadOnlyPermissions, TrailHistory, KeysetAdmin):
    """Records of deleted accounts: when, by whom, how many rows; never whose account it was."""

    section = "Deleted accounts"
    keyset = ("-deleted_at", "id")
    rows_template = "deletion/deletion_rows.html"
    change_form_template = "deletion/account_deletion.html"
    empty_words = "No account was deleted yet."
    fields = ("deleted_at", "deleted_by", "counts")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return SectionChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("deleted_by")

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        counts = pages.count_rows(context["original"].counts)
        context |= {"title": "A deleted account", "counts": counts}
        return super().render_change_form(request, context, *args, **kwargs)


admin.site.unregister(User)


@admin.register(User)
class DeletableUserAdmin(UserAdmin):
    """Users, each with the deletion and the holds of the account. Nothing is deleted here: a request is made."""

    rows_template = "deletion/user_rows.html"
    change_form_template = "deletion/user.html"
    actions = ("delete_accounts",)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        ask = path("delete/", wrap(AskView.as_view()), name="accounts_user_delete_many")
        hold = path("<int:pk>/hold/", wrap(HoldView.as_view()), name="accounts_user_hold")
        return [ask, hold, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return with_standing(super().get_queryset(request))

    def load_row(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The user with ``deletion``: the open request for the account, or None."""
        user = super().load_row(request, object_id, from_field)
        if user is not None:
            user.deletion = DeletionRequest.objects.open().with_holds().filter(user=user.pk).first()
        return user

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """While a request is open the account stays closed (cancelling reopens it) and keeps its name: the erasure
        looks for the name that was approved."""
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "username", "email", "is_active") if getattr(obj, "deletion", None) is not None else fields

    @admin.action(description="Delete the chosen accounts…", permissions=["delete"])
    def delete_accounts(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """Lead to the page that says what will be removed and asks why."""
        most = requests.MOST_AT_ONCE
        keys = list(queryset.order_by("pk").values_list("pk", flat=True)[: most + 1])
        if len(keys) > most:
            sentence = f"At most {most} accounts are deleted at once: choose fewer."
            self.message_user(request, sentence, messages.ERROR)
            return None
        return HttpResponseRedirect(address_to_ask(keys))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # The page leads to the request in words of its own, instead of Django's button.
        context = {"show_delete": False, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """With the request to delete the account, its holds, and whether this person may make a request."""
        user = context["original"]
        if user is not None:
            context |= {
                "deletion": user.deletion,
                "standing": open_holds(user.pk),
                "may_ask": self.has_delete_permission(request, user),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Django's page of deleting leads to the page that asks for a deletion."""
        if not self.has_delete_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(address_to_ask([object_id]))
