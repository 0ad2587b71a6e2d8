"""The admin of deletion requests, holds and deleted accounts, and what deletions add to the admin of users."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from messaging.languages.wording import numbered
from ops.accounts.admin import UserAdmin
from ops.accounts.models import User
from ops.audit.recorded_admin import RecordedLists, TrailHistory
from ops.console.addresses import clean_search_term
from ops.console.keyset import KeysetAdmin
from ops.console.lists.dates import Within
from ops.console.readonly import ReadOnlyPermissions
from ops.deletion import approval, holds, requests
from ops.deletion.models import BEFORE_ERASURE, AccountDeletion, DeletionRequest, Hold, State, with_standing
from ops.deletion.views import groups, pages, receipts
from ops.deletion.views import holds as hold_views
from ops.deletion.views import requests as views
from ops.deletion.views.holds import FindPersonView, HoldView
from ops.deletion.views.requests import RequestDeletionView, request_url

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOST_ALIKE = 5  # names in one sentence


class InState(admin.SimpleListFilter):
    """Filters requests by state, with extra choices such as “on hold”."""

    title = gettext_lazy("state")
    parameter_name = "state"
    HELD, OPEN = "held", "open"
    TO_APPROVE, MINE = "to-approve", "mine"  # for the current user

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, StrOrPromise]]:
        approves = [(self.TO_APPROVE, _("To approve"))] if request.user.has_perm(approval.PERMISSION) else []
        mine = [(self.MINE, _("Requested by you, open"))] if request.user.has_perm("accounts.delete_user") else []
        return [*approves, *mine, (self.OPEN, _("Open")), *State.choices, (self.HELD, _("On hold"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        if self.value() == self.HELD:
            return queryset.held()
        if self.value() == self.OPEN:
            return queryset.open()
        if self.value() == self.TO_APPROVE:
            mine = approval.awaiting(request.user)
            return queryset.none() if mine is None else queryset.filter(pk__in=mine.order_by().values("pk"))
        if self.value() == self.MINE:
            return queryset.open().filter(requested_by=request.user.pk)
        return queryset.filter(state=self.value()) if self.value() in State.values else queryset


class Requested(Within):
    title = gettext_lazy("requested")
    parameter_name = "requested"
    field = "requested_at"


class Ended(Within):
    """Filters requests by when they were done, cancelled or refused."""

    title = gettext_lazy("ended")
    parameter_name = "ended"
    field = "ended_at"


@admin.register(DeletionRequest)
class DeletionRequestAdmin(ReadOnlyPermissions, TrailHistory, RecordedLists, KeysetAdmin):
    """Requests, read-only: approving, refusing, cancelling and placing holds have their own pages."""

    section = gettext_lazy("Deletions")
    keyset = ("-requested_at", "id")
    more_filters = (Requested, Ended)
    list_filter = (InState, *more_filters)
    search_fields = ("username",)
    search_help_text = gettext_lazy("Part of a username. Erased accounts no longer have one.")
    change_list_template = "deletion/deletions.html"
    rows_template = "deletion/request_rows.html"
    how_many = ngettext_lazy("%(number)s deletion request", "%(number)s deletion requests", "n")
    more_than = gettext_lazy("More than %(number)s deletion requests")
    empty_text = gettext_lazy(
        "No deletions have been requested yet. Open a user, or select several in the list of users, to request one."
    )
    actions = None

    class Media:
        css = {"all": ("accounts/accounts.css",)}

    def get_urls(self) -> list[URLPattern]:
        return [*_pages(self.admin_site.admin_view), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> Any:
        rows: Any = super().get_queryset(request)
        return rows.for_list()

    def prepare_rows(self, rows: list[Any]) -> None:
        pages.for_display(rows)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the page of one request. Refuses POST."""
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        deletion = self.get_object(request, object_id)
        if deletion is None:
            raise Http404
        context = {**self.admin_site.each_context(request), "opts": self.opts, **_page_of(deletion, by=request.user)}
        return TemplateResponse(request, "deletion/request.html", {**context, **(extra_context or {})})


def _page_of(deletion: DeletionRequest, *, by: Any) -> dict[str, Any]:
    """Return the context of a request's page."""
    standing = list(Hold.objects.of(deletion.user_id).order_by("-placed_at"))
    people = pages.people_of(deletion, standing)
    account = views.account_of(deletion)
    held_for_others = deletion.is_open and deletion.holds.for_others
    to_come = account is not None and deletion.state in BEFORE_ERASURE
    return {
        **pages.facts(deletion),
        "title": _("Deletion of %(name)s") % {"name": pages.display_name(deletion)},
        "deletion": deletion,
        "whose": pages.display_name(deletion),
        "account": account,
        "live": pages.has_running_job(deletion),
        "starts_soon": pages.starts_soon(deletion),
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
    """Return the URLs of the pages about requests, holds and receipts, below the list's."""

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


class HoldState(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, StrOrPromise]]:
        return [("open", _("Open")), ("lifted", _("Lifted"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return {"open": queryset.open, "lifted": queryset.lifted}.get(self.value() or "", queryset.all)()


@admin.register(Hold)
class HoldAdmin(ReadOnlyPermissions, TrailHistory, RecordedLists, KeysetAdmin):
    """Holds, open and lifted, read-only: placing and lifting have their own pages."""

    section = gettext_lazy("Holds")
    keyset = ("-placed_at", "id")
    list_filter = (HoldState,)
    search_fields = ("user",)  # shows the search box; get_search_results() searches
    search_help_text = gettext_lazy("Part of a username.")
    change_list_template = "deletion/holds.html"
    rows_template = "deletion/hold_rows.html"
    how_many = ngettext_lazy("%(number)s hold", "%(number)s holds", "n")
    more_than = gettext_lazy("More than %(number)s holds")
    empty_text = gettext_lazy("No holds have been placed yet.")
    actions = None

    class Media:
        css = {"all": ("accounts/accounts.css",)}

    def get_urls(self) -> list[URLPattern]:
        find = path("person/", self.admin_site.admin_view(FindPersonView.as_view()), name="deletion_hold_person")
        return [find, *super().get_urls()]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        text = clean_search_term(search_term)
        return (queryset.on_people_called(text) if text else queryset), False

    def prepare_rows(self, rows: list[Any]) -> None:
        """Add the usernames of the account and of the users who placed and lifted the hold, in one query."""
        pages.name_people_of_holds(rows)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the page of one hold. Refuses POST."""
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        hold = self.get_object(request, object_id)
        if hold is None:
            raise Http404
        context = {**self.admin_site.each_context(request), "opts": self.opts, **hold_views.page_of(hold)}
        return TemplateResponse(request, "deletion/hold_page.html", {**context, **(extra_context or {})})


@admin.register(AccountDeletion)
class AccountDeletionAdmin(ReadOnlyPermissions, TrailHistory, KeysetAdmin):
    """Records of deleted accounts: when, by whom and how many rows, but not whose account it was."""

    section = gettext_lazy("Deleted accounts")
    keyset = ("-deleted_at", "id")
    rows_template = "deletion/deletion_rows.html"
    change_form_template = "deletion/account_deletion.html"
    how_many = ngettext_lazy("%(number)s account deletion", "%(number)s account deletions", "n")
    more_than = gettext_lazy("More than %(number)s account deletions")
    empty_text = gettext_lazy("No accounts have been deleted yet.")
    fields = ("deleted_at", "deleted_by", "counts")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("deleted_by")

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        counts = pages.count_rows(context["original"].counts)
        context |= {"title": _("A deleted account"), "counts": counts}
        return super().render_change_form(request, context, *args, **kwargs)


admin.site.unregister(User)


@admin.register(User)
class DeletableUserAdmin(UserAdmin):
    """Users, with the deletion and holds of their accounts. Deleting is replaced by requesting a deletion."""

    rows_template = "deletion/user_rows.html"
    actions = ("delete_accounts",)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        ask = path("delete/", wrap(RequestDeletionView.as_view()), name="accounts_user_delete_many")
        hold = path("<int:pk>/hold/", wrap(HoldView.as_view()), name="accounts_user_hold")
        return [ask, hold, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return with_standing(super().get_queryset(request))

    def prepare_rows(self, rows: list[Any]) -> None:
        """Add ``reads_like`` to each row: other usernames that read like this one."""
        super().prepare_rows(rows)
        alike = User.objects.look_alikes(rows)
        for row in rows:
            row.reads_like = alike.get(row.pk, [])

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save, and warn if a new username reads like somebody else's."""
        super().save_model(request, obj, form, change)
        alike = User.objects.look_alikes([obj]).get(obj.pk) if "username" in form.changed_data else None
        if alike:
            names = ", ".join(_("“%(name)s”") % {"name": name} for name in alike[:MOST_ALIKE])
            sentence = _("“%(name)s” reads like %(names)s. Rename one of them if people might take it for the other.")
            self.message_user(request, sentence % {"name": obj.username, "names": names}, messages.WARNING)

    def load_row(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the user with ``deletion``, the open request for the account, or None."""
        user = super().load_row(request, object_id, from_field)
        if user is not None:
            user.deletion = DeletionRequest.objects.open().with_holds().filter(user=user.pk).first()
        return user

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Add the name, address and active flag while a request is open."""
        # Cancelling reopens the closed account, and the erasure looks for the name that was approved.
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "username", "email", "is_active") if getattr(obj, "deletion", None) is not None else fields

    @admin.action(description=gettext_lazy("Request deletion of selected…"), permissions=["delete"])
    def delete_accounts(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """Redirect to the page that shows what will be removed and asks for a reason."""
        most = requests.MOST_AT_ONCE
        keys = list(queryset.order_by("pk").values_list("pk", flat=True)[: most + 1])
        if len(keys) > most:
            sentence = ngettext(
                "At most %(number)s account can be deleted at once. Select fewer.",
                "At most %(number)s accounts can be deleted at once. Select fewer.",
                most,
            )
            self.message_user(request, numbered(sentence, most), messages.ERROR)
            return None
        return HttpResponseRedirect(request_url(keys))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # The head of the page has a button for the request, instead of Django's.
        context = {"show_delete": False, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Redirect from Django's delete page to the form that requests a deletion."""
        if not self.has_delete_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(request_url([object_id]))
