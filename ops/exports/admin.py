"""Exports in the console: of the lists of conversations and messages, of one person's data, and the list of exports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.forms import Media
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from ops.audit.details import chosen
from ops.audit.readings import record_search
from ops.audit.recorded_admin import RecordedLists, TrailHistory
from ops.console.addresses import whole_number
from ops.console.confirming import confirmed_recently
from ops.console.filters import ValueFilter
from ops.console.keyset import CURSOR_PARAMS, KeysetAdmin
from ops.console.limits.query_time import unlimited_while_sent
from ops.console.lists.dates import Within
from ops.console.readonly import ReadOnlyPermissions
from ops.exports import contents, home, person, requests, selections
from ops.exports.forms import ExportForm, ReasonForm
from ops.exports.models import Export
from ops.exports.personal import approval, views
from ops.exports.reviews.tables import may_export_reviews
from ops.exports.selections import ExportRefused
from ops.files import private_files
from ops.jobs.leases import UNDER_WAY

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

CSS: dict[str, Sequence[str]] = {"all": ("exports/exports.css",)}
FETCH = "fetch"  # query parameter with which an export's page starts the download
PERMISSIONS = (selections.PERMISSION, selections.REQUESTS, approval.PERMISSION)  # each opens the list of exports
MOST_CHOSEN = 50  # selected rows, as many as a page has
MAX_COUNTED = 100_000  # messages; for more, the page shows "more than 100,000"
TITLES = {
    Export.Scope.MESSAGES: gettext_lazy("Export messages"),
    Export.Scope.CONVERSATIONS: gettext_lazy("Export conversations"),
}


class ExportedList(RecordedLists):
    """A list that can be exported: selected rows, or all rows that match its search and filters."""

    export_scope = ""
    actions = ("export_chosen",)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/", self.admin_site.admin_view(self.export_view), name=name), *super().get_urls()]

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may export messages and see this list."""
        return selections.may_export(request.user, self.export_scope)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        offered = {"export_address": self._export_address() if self.has_export_permission(request) else ""}
        return super().changelist_view(request, {**offered, **(extra_context or {})})

    @admin.action(description=gettext_lazy("Export selected…"), permissions=["export"])
    def export_chosen(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse:
        """Redirect to the form that exports these rows."""
        if request.POST.get("select_across") == "1":
            return HttpResponseRedirect(f"{self._export_address()}?{_list_query(request)}")
        query = request.GET.copy()  # with the search and filters, for the link back to the list
        query.setlist("id", list(map(str, queryset.order_by("pk").values_list("pk", flat=True)[:MOST_CHOSEN])))
        return HttpResponseRedirect(f"{self._export_address()}?{query.urlencode()}")

    def export_view(self, request: HttpRequest) -> Any:
        """Show the form of an export; on POST, submit the export. Asks for the password first."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        return self._form_or_export(request)

    @method_decorator(confirmed_recently)
    def _form_or_export(self, request: HttpRequest) -> Any:
        if "id" not in request.GET:
            self.ask_before_search(request)
        of_conversations = self.export_scope == Export.Scope.CONVERSATIONS
        data = request.POST if request.method == "POST" else None
        allowed = selections.may_export_histories(request.user)
        reviews = may_export_reviews(request.user)
        form = ExportForm(data, of_conversations=of_conversations, with_histories=allowed, with_reviews=reviews)
        try:
            if form.is_valid():
                return _deliver(requests.submit(self._draft(request, **form.options)))
        except ExportRefused as refusal:
            form.add_error(None, str(refusal))
        try:
            draft = self._draft(request)
        except ExportRefused as refusal:
            self.message_user(request, str(refusal), messages.WARNING)
            return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))
        context = self._context(request, form, draft)
        if draft.terms or draft.filters:  # the page shows how many messages match, so the search is recorded
            filters = chosen(draft.filters)
            record_search(
                self.model, actor=request.user, terms=draft.terms, filters=filters, results=context["counted"]
            )
        return TemplateResponse(request, "exports/options.html", context)

    def _draft(self, request: HttpRequest, **options: Any) -> requests.Draft:
        rows: dict[str, Any] = {"query": _list_query(request)}
        if "id" in request.GET:
            keys = [key for key in map(whole_number, request.GET.getlist("id")) if key is not None]
            rows = {"ids": keys[:MOST_CHOSEN]}
        return requests.draft(by=request.user, scope=self.export_scope, **rows, **options)

    def _context(self, request: HttpRequest, form: ExportForm, draft: requests.Draft) -> dict[str, Any]:
        counted = draft.messages.order_by()[: MAX_COUNTED + 1].count()
        ids = draft.export.selection.get("ids")
        return {
            **self.admin_site.each_context(request),
            "title": TITLES[Export.Scope(self.export_scope)],
            "opts": self.opts,
            "form": form,
            "descriptions": draft.descriptions,
            "chosen": None if ids is None else len(ids),
            "counted": min(counted, MAX_COUNTED),
            "more": counted > MAX_COUNTED,
            "at_once": requests.STREAM_LIMIT,
            "media": Media(css=CSS),
            "of_conversations": self.export_scope == Export.Scope.CONVERSATIONS,
            "back": f"../?{_list_query(request)}",
        }

    def _export_address(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_export")


def _list_query(request: HttpRequest) -> str:
    """Return the query string of a list, without the page and the selected rows."""
    query = request.GET.copy()
    for name in (*CURSOR_PARAMS, "id"):
        query.pop(name, None)
    return query.urlencode()


def _deliver(export: Export) -> HttpResponse:
    """Redirect to the page of an export, which starts the download of a small one and shows the progress of others."""
    # A file as the response to the form would leave the form on the screen.
    if requests.can_stream(export):
        return _redirect_to(export, f"?{FETCH}")
    return _redirect_to(requests.start(export))


def _redirect_to(export: Export, query: str = "") -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:exports_export_change", args=[export.pk]) + query)


class ToApprove(admin.SimpleListFilter):
    """Filters exports that the user can approve, or can make because somebody approved them."""

    title = gettext_lazy("approval")
    parameter_name = "approval"
    TO_APPROVE, TO_MAKE = "to-approve", "to-make"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        offered = [(self.TO_APPROVE, _("To approve"))] if request.user.has_perm(approval.PERMISSION) else []
        if selections.may_request(request.user):
            offered.append((self.TO_MAKE, _("Approved, to make")))
        if request.user.has_perm(selections.VIEW_ALL):
            offered.append((Export.Approval.REQUESTED.value, str(Export.Approval.REQUESTED.label)))
        return offered

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == Export.Approval.REQUESTED:
            return queryset.filter(approval=Export.Approval.REQUESTED)
        chosen = {self.TO_APPROVE: approval.awaiting, self.TO_MAKE: approval.to_make}.get(self.value() or "")
        rows = chosen(request.user) if chosen else None
        return queryset if rows is None else queryset.filter(pk__in=rows.order_by().values("pk"))


class OfScope(ValueFilter):
    title = gettext_lazy("of")
    parameter_name = field = "scope"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(scope.value, str(scope.label)) for scope in Export.Scope]


class RequestedAt(Within):
    title = gettext_lazy("asked for")
    parameter_name = "asked"
    field = "created_at"


class FileFilter(admin.SimpleListFilter):
    """Filters the user's own exports whose file can still be downloaded."""

    title = gettext_lazy("file")
    parameter_name = "file"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(home.READY, _("Ready for you to download"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        ready = Export.objects.to_download(request.user).order_by().values("pk")
        return queryset.filter(pk__in=ready) if self.value() else queryset


@admin.register(Export)
class ExportAdmin(ReadOnlyPermissions, TrailHistory, KeysetAdmin):
    """The user's own exports, with the file until it expires, and others' exports that the user may approve.

    A superuser sees everybody's exports, without their files.
    """

    section = gettext_lazy("Exports")
    keyset = ("-created_at", "id")
    more_filters = (OfScope, RequestedAt)
    list_filter = (ToApprove, FileFilter, *more_filters)
    rows_template = "exports/rows.html"
    change_list_template = "exports/exports.html"
    change_form_template = "exports/export.html"
    how_many = ngettext_lazy("%(number)s export", "%(number)s exports", "n")
    more_than = gettext_lazy("More than %(number)s exports")
    empty_text = gettext_lazy(
        "You exported nothing yet. Begin at the list of conversations or messages, or at a user's page."
    )
    fields = ("file_name",)
    actions = None

    class Media:
        css = CSS

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("of-person/<int:pk>/request/", wrap(views.RequestView.as_view()), name="exports_export_request"),
            path("of-person/<str:user_id>/", wrap(self.person_view), name="exports_export_person"),
            path("<uuid:pk>/approve/", wrap(views.ApproveView.as_view()), name="exports_export_approve"),
            path("<uuid:pk>/refuse/", wrap(views.RefuseView.as_view()), name="exports_export_refuse"),
            path("<uuid:pk>/make/", wrap(views.MakeView.as_view()), name="exports_export_make"),
            path("<uuid:export_id>/download/", wrap(self.download_view), name="exports_export_download"),
            *super().get_urls(),
        ]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return any(request.user.has_perm(permission) for permission in PERMISSIONS)

    def has_view_permission(self, request: HttpRequest, obj: Export | None = None) -> bool:
        mine = obj is None or obj.by_id == request.user.pk or request.user.is_superuser
        decides = obj is not None and bool(obj.approval) and request.user.has_perm(approval.PERMISSION)
        return (mine or decides) and self.has_module_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        exports = super().get_queryset(request).select_related("by", "job", "person")
        if request.user.is_superuser:
            return exports
        to_approve = approval.awaiting(request.user)
        mine = Q(by=request.user)
        return exports.filter(mine if to_approve is None else mine | Q(pk__in=to_approve.order_by().values("pk")))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Export | None:
        """Return any export, also somebody else's; ``has_view_permission`` decides who may see it."""
        try:
            return Export.objects.select_related("by", "job", "person").filter(pk=object_id).first()
        except ValidationError:
            return None

    def prepare_rows(self, rows: list[Any]) -> None:
        now = timezone.now()
        for row in rows:
            row.status = status(row, now)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        export = context["original"]
        context |= {
            "title": export.file_name or _("Removed export"),
            "export": export,
            "whose": _person_name(export),
            "status": status(export, timezone.now()),
            "own": export.by_id == request.user.pk,
            "why_not": _why_not(export, by=request.user),
            "fetch": FETCH in request.GET,
            "until": export.created_at + requests.STREAM_WINDOW,
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def download_view(self, request: HttpRequest, export_id: Any) -> Any:
        """Send the file, only to the user who requested it, while it is available and they may export."""
        export = Export.objects.filter(pk=export_id).first()
        if not self.has_view_permission(request, export):
            raise PermissionDenied
        if export is None:
            raise Http404
        if export.by_id != request.user.pk:
            raise PermissionDenied
        if export.removed:
            self.message_user(request, str(selections.REMOVED), messages.WARNING)
            return _redirect_to(export)
        try:
            selections.check_export(export)
        except ExportRefused as refusal:
            raise PermissionDenied from refusal
        now = status(export, timezone.now())
        if now == "sending":
            return self._stream(request, export)
        if now != "ready":
            self.message_user(request, _("This file is no longer available: export it again."), messages.WARNING)
            return _redirect_to(export)
        file = private_files.path(export.file).open("rb")
        kind = contents.CONTENT_TYPES[contents.suffix(export)]
        return FileResponse(file, as_attachment=True, filename=export.file_name, content_type=kind)

    def _stream(self, request: HttpRequest, export: Export) -> Any:
        """Stream a small export as it is made."""
        try:
            lines = requests.stream(export)
        except ExportRefused as refusal:
            self.message_user(request, str(refusal), messages.WARNING)
            return _redirect_to(export)
        headers = {"Content-Disposition": content_disposition_header(True, export.file_name) or "attachment"}
        return StreamingHttpResponse(
            unlimited_while_sent(lines), content_type=contents.CONTENT_TYPES[contents.suffix(export)], headers=headers
        )

    def person_view(self, request: HttpRequest, user_id: str) -> Any:
        """Show the form to export one person's data; on POST, start the export. Asks for the password first."""
        if not selections.may_export(request.user, Export.Scope.PERSON):
            raise PermissionDenied
        user = get_user_model()._default_manager.filter(pk=whole_number(user_id) or 0).first()
        if user is None:
            raise Http404
        return self._form_or_export_person(request, user)

    @method_decorator(confirmed_recently)
    def _form_or_export_person(self, request: HttpRequest, user: Any) -> HttpResponse:
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                return _redirect_to(requests.person_zip(user, by=request.user, reason=form.cleaned_data["reason"]))
            except ExportRefused as refusal:
                form.add_error(None, str(refusal))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Export one person’s data"),
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "person": user,
            "counts": person.counts_of(user),
        }
        return TemplateResponse(request, "exports/person.html", context)


def _person_name(export: Export) -> str:
    """Return the username of the person whose data it is; "" for other exports and if the account was deleted."""
    if export.scope != Export.Scope.PERSON:
        return ""
    user = get_user_model()._default_manager.filter(pk=export.selection.get("person")).first()
    return user.get_username() if user else ""


def _why_not(export: Export, *, by: Any) -> StrOrPromise | None:
    """Return why ``by`` cannot take the next step of a requested export (approve it, or make it), or None."""
    if export.approval == Export.Approval.APPROVED:
        return approval.why_not_make(export, by=by)
    return approval.why_not_approve(export, by=by)


def status(export: Export, now: Any) -> str:
    """Return the status of an export: "made" (being made), "ready", "expired", "failed", or "removed" by an erasure.

    A streamed export is "sending" while it can be downloaded, then "sent". An export that a second person must approve
    is first "requested", "approved" or "refused".
    """
    if export.removed:
        return "removed"
    if export.approval and export.approval != Export.Approval.USED:
        return str(export.approval)
    if export.size is not None:
        kept = export.expires_at is not None and now < export.expires_at and private_files.exists(export.file)
        return "ready" if kept else "expired"
    if export.job is not None:
        return "made" if export.job.state in UNDER_WAY else "failed"
    if export.file:
        return "failed"
    return "sending" if requests.can_still_stream(export, now) else "sent"
