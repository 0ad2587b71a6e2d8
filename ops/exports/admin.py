"""Exports in the console: from the lists of conversations and messages, of one person, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.forms import Media
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header

from ops.accounts.signing_in.confirming import confirmed_recently
from ops.audit.recorded_admin import TrailHistory
from ops.console.addresses import whole_number
from ops.console.keyset import CURSOR_PARAMS, KeysetAdmin
from ops.console.readonly import ReadOnlyPermissions
from ops.exports import contents, person, requests, selections
from ops.exports.forms import ExportForm, ReasonForm
from ops.exports.models import Export
from ops.exports.selections import Refused
from ops.files import private_files
from ops.jobs.leases import UNDER_WAY

CSS: dict[str, Sequence[str]] = {"all": ("exports/exports.css",)}
FETCH = "fetch"  # in the address of an export's page: it is to fetch the file by itself
MOST_CHOSEN = 50  # rows of a page
MOST_COUNTED = 100_000  # messages counted to say how many there are; beyond, "more than 100,000"


class ExportedList(admin.ModelAdmin):
    """A list that can be exported: chosen rows, or all that its search and filters leave."""

    export_scope = ""
    actions = ("export_chosen",)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/", self.admin_site.admin_view(self.export_view), name=name), *super().get_urls()]

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Exporting takes messages out of the console: a permission of its own, besides that of reading them."""
        return selections.may_export(request.user, self.export_scope)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        _drop_what_is_no_number(request)
        offered = {"export_address": self._export_address() if self.has_export_permission(request) else ""}
        return super().changelist_view(request, {**offered, **(extra_context or {})})

    @admin.action(description="Export the chosen ones…", permissions=["export"])
    def export_chosen(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse:
        """Go on to the page that asks how and why."""
        if request.POST.get("select_across") == "1":
            return HttpResponseRedirect(f"{self._export_address()}?{_narrowing(request)}")
        chosen = request.GET.copy()  # what narrows the list, to come back to it
        chosen.setlist("id", list(map(str, queryset.order_by("pk").values_list("pk", flat=True)[:MOST_CHOSEN])))
        return HttpResponseRedirect(f"{self._export_address()}?{chosen.urlencode()}")

    def export_view(self, request: HttpRequest) -> Any:
        """Say what would be exported, ask how and why, then send it or have it made. Asks for the password first."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        return self._ask_or_export(request)

    @method_decorator(confirmed_recently)
    def _ask_or_export(self, request: HttpRequest) -> Any:
        of_conversations = self.export_scope == Export.Scope.CONVERSATIONS
        form = ExportForm(request.POST if request.method == "POST" else None, of_conversations=of_conversations)
        try:
            if form.is_valid():
                return _sending_or_begun(requests.ask(self._wish(request, **form.asked)))
        except Refused as refusal:
            form.add_error(None, str(refusal))
        try:
            wished = self._wish(request)
        except Refused as refusal:
            self.message_user(request, str(refusal), messages.WARNING)
            return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))
        return TemplateResponse(request, "exports/ask.html", self._context(request, form, wished))

    def _wish(self, request: HttpRequest, **asked: Any) -> requests.Wish:
        chosen: dict[str, Any] = {"query": _narrowing(request)}
        if "id" in request.GET:
            keys = [key for key in map(whole_number, request.GET.getlist("id")) if key is not None]
            chosen = {"ids": keys[:MOST_CHOSEN]}
        return requests.wish(by=request.user, scope=self.export_scope, **chosen, **asked)

    def _context(self, request: HttpRequest, form: ExportForm, wished: requests.Wish) -> dict[str, Any]:
        counted = wished.messages.order_by()[: MOST_COUNTED + 1].count()
        ids = wished.export.selection.get("ids")
        return {
            **self.admin_site.each_context(request),
            "title": f"Export {self.opts.verbose_name_plural}",
            "opts": self.opts,
            "form": form,
            "words": wished.words,
            "chosen": None if ids is None else len(ids),
            "counted": min(counted, MOST_COUNTED),
            "more": counted > MOST_COUNTED,
            "at_once": requests.AT_ONCE,
            "media": Media(css=CSS),
            "of_conversations": self.export_scope == Export.Scope.CONVERSATIONS,
            "back": f"../?{_narrowing(request)}",
        }

    def _export_address(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_export")


def _drop_what_is_no_number(request: HttpRequest) -> None:
    """Django looks up whatever a form says was ticked, and ends in a traceback where it is no key."""
    if ACTION_CHECKBOX_NAME in request.POST:
        sent = request.POST.copy()
        ticked = [key for key in sent.getlist(ACTION_CHECKBOX_NAME) if whole_number(key) is not None]
        sent.setlist(ACTION_CHECKBOX_NAME, ticked)
        request.POST = sent  # type: ignore[assignment]


def _narrowing(request: HttpRequest) -> str:
    """The query string of a list without the place in it."""
    query = request.GET.copy()
    for name in (*CURSOR_PARAMS, "id"):
        query.pop(name, None)
    return query.urlencode()


def _sending_or_begun(export: Export) -> HttpResponse:
    """Lead to the page of an export, which fetches a small one by itself, and shows how far others are.

    A file in answer to the form would leave the form on the screen, and nothing could be said.
    """
    if requests.may_be_sent_at_once(export):
        return _to_page(export, f"?{FETCH}")
    return _to_page(requests.start(export))


def _to_page(export: Export, query: str = "") -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:exports_export_change", args=[export.pk]) + query)


@admin.register(Export)
class ExportAdmin(ReadOnlyPermissions, TrailHistory, KeysetAdmin):
    """What people exported: their own, with the file for as long as it is kept. A superuser sees that others did."""

    section = "Exports"
    keyset = ("-created_at", "id")
    rows_template = "exports/rows.html"
    change_list_template = "exports/exports.html"
    change_form_template = "exports/export.html"
    empty_words = "You exported nothing yet. Begin at the list of conversations or messages, or at a user's page."
    fields = ("file_name",)
    actions = None

    class Media:
        css = CSS

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("of-person/<str:user_id>/", wrap(self.person_view), name="exports_export_person"),
            path("<uuid:export_id>/download/", wrap(self.download_view), name="exports_export_download"),
            *super().get_urls(),
        ]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(selections.PERMISSION)

    def has_view_permission(self, request: HttpRequest, obj: Export | None = None) -> bool:
        mine = obj is None or obj.by_id == request.user.pk or request.user.is_superuser
        return mine and request.user.has_perm(selections.PERMISSION)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        exports = super().get_queryset(request).select_related("by", "job")
        return exports if request.user.is_superuser else exports.filter(by=request.user)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Export | None:
        """Somebody else's as well: that it is not for them is for ``has_view_permission`` to say."""
        try:
            return Export.objects.select_related("by", "job").filter(pk=object_id).first()
        except ValidationError:
            return None

    def prepare_rows(self, rows: list[Any]) -> None:
        now = timezone.now()
        for row in rows:
            row.standing = standing(row, now)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        export = context["original"]
        context |= {
            "title": export.file_name,
            "export": export,
            "whose": _whose(export),
            "standing": standing(export, timezone.now()),
            "own": export.by_id == request.user.pk,
            "fetch": FETCH in request.GET,
            "until": export.created_at + requests.FETCHED_WITHIN,
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def download_view(self, request: HttpRequest, export_id: Any) -> Any:
        """The file, for whoever asked for it, as long as it is kept (or is being sent) and they may export."""
        export = Export.objects.filter(pk=export_id).first()
        if not self.has_view_permission(request, export):
            raise PermissionDenied
        if export is None:
            raise Http404
        if export.by_id != request.user.pk or not selections.may_export(request.user, export.scope):
            raise PermissionDenied
        now = standing(export, timezone.now())
        if now == "sending":
            return self._sent(request, export)
        if now != "ready":
            self.message_user(request, "This file is not there (any more): export it again.", messages.WARNING)
            return _to_page(export)
        file = private_files.path(export.file).open("rb")
        kind = contents.TYPES[contents.suffix(export)]
        return FileResponse(file, as_attachment=True, filename=export.file_name, content_type=kind)

    def _sent(self, request: HttpRequest, export: Export) -> Any:
        """A small export, made while it is sent."""
        try:
            lines = requests.lines(export)
        except Refused as refusal:
            self.message_user(request, str(refusal), messages.WARNING)
            return _to_page(export)
        headers = {"Content-Disposition": content_disposition_header(True, export.file_name) or "attachment"}
        return StreamingHttpResponse(lines, content_type=contents.TYPES[contents.suffix(export)], headers=headers)

    def person_view(self, request: HttpRequest, user_id: str) -> Any:
        """Ask why somebody's data is exported, then make the ZIP of it. Asks for the password first."""
        if not selections.may_export(request.user, Export.Scope.PERSON):
            raise PermissionDenied
        user = get_user_model()._default_manager.filter(pk=whole_number(user_id) or 0).first()
        if user is None:
            raise Http404
        return self._ask_or_export_person(request, user)

    @method_decorator(confirmed_recently)
    def _ask_or_export_person(self, request: HttpRequest, user: Any) -> HttpResponse:
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                return _to_page(requests.person_zip(user, by=request.user, reason=form.cleaned_data["reason"]))
            except Refused as refusal:
                form.add_error(None, str(refusal))
        context = {
            **self.admin_site.each_context(request),
            "title": "Export one person’s data",
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "person": user,
            "counts": person.counts_of(user),
        }
        return TemplateResponse(request, "exports/person.html", context)


def _whose(export: Export) -> str:
    """Whose data an export holds, for as long as there is that account; "" for exports of a list."""
    if export.scope != Export.Scope.PERSON:
        return ""
    user = get_user_model()._default_manager.filter(pk=export.selection["person"]).first()
    return user.get_username() if user else ""


def standing(export: Export, now: Any) -> str:
    """How it is with an export: "made" right now, "ready" to download, "expired" or "failed"; one without a file is
    "sending" for a moment, then "sent"."""
    if export.size is not None:
        kept = export.expires_at is not None and now < export.expires_at and private_files.exists(export.file)
        return "ready" if kept else "expired"
    if export.job is not None:
        return "made" if export.job.state in UNDER_WAY else "failed"
    if export.file:
        return "failed"
    return "sending" if requests.is_being_sent(export, now) else "sent"
