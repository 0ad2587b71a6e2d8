"""Imports of reports in the console: upload, preview, import or discard, result, undo."""

from __future__ import annotations

from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from ops.accounts.actions import Action, ConsolePage
from ops.accounts.refusals import Refused
from ops.audit.recorded_admin import TrailHistory
from ops.console.keyset import KeysetAdmin
from ops.console.limits.uploads import takes_files
from ops.console.readonly import ReadOnlyPermissions
from ops.files.uploads import NO_ROOM
from ops.imports.pages.forms import UploadForm
from ops.imports.pages.page import LOOKS
from ops.moderation.models import FlagImport, ImportState, Label
from ops.moderation.report_imports import page, uploading

LIST = "admin:moderation_flagimport_changelist"


class OfImport(ConsolePage):
    """Base of the POST-only steps that only the uploader of a file may take."""

    permission = uploading.PERMISSION
    http_method_names = ["post"]

    @cached_property
    def import_(self) -> FlagImport:
        return get_object_or_404(FlagImport, pk=self.kwargs["pk"])

    def look_up(self) -> None:
        if self.import_.by_id != self.request.user.pk:
            raise PermissionDenied

    def perform(self) -> None:
        """Take the step. Raises Refused."""
        raise NotImplementedError

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        try:
            self.perform()
        except Refused as refusal:
            messages.warning(request, str(refusal))
        return HttpResponseRedirect(uploading.address_of(pk))


class CheckView(OfImport):
    """Checks the file again: messages or labels that it names may have been added meanwhile."""

    def perform(self) -> None:
        uploading.start(self.import_, uploading.CHECK, by=self.request.user)


class StoreView(OfImport):
    """Imports the reports of the checked file."""

    def perform(self) -> None:
        if refusal := page.obstacle(self.import_):
            raise Refused(refusal)
        uploading.start(self.import_, uploading.STORE, by=self.request.user)


class DiscardView(OfImport):
    """Deletes the file without importing it."""

    def perform(self) -> None:
        if not uploading.discard(self.import_):
            raise Refused(uploading.CHANGED_MEANWHILE)
        messages.success(self.request, _("The file was deleted. Nothing of it was imported."))


class UndoView(Action):
    """Previews undoing an import, and undoes it. Anybody who may import may undo."""

    permission = uploading.PERMISSION
    template_name = "moderation/report_imports/undo.html"
    form_class = forms.Form
    title = gettext_lazy("Undo import of reports")

    @cached_property
    def import_(self) -> FlagImport:
        return get_object_or_404(FlagImport, pk=self.kwargs["pk"])

    def get_success_url(self) -> str:
        return uploading.address_of(self.import_.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        can = self.import_.state == ImportState.STORED
        kwargs |= {"can": can, "back": self.get_success_url(), **(page.undoing(self.import_) if can else {})}
        return super().get_context_data(**kwargs)

    def perform(self, data: dict[str, Any]) -> None:
        uploading.start(self.import_, uploading.UNDO, by=self.request.user)


@admin.register(FlagImport)
class FlagImportAdmin(ReadOnlyPermissions, TrailHistory, KeysetAdmin):
    """Imports of reports. One permission opens all pages; only the uploader of a file sees its contents."""

    section = gettext_lazy("Imports of reports")
    keyset = ("-created_at", "id")
    rows_template = "moderation/report_imports/rows.html"
    change_list_template = "moderation/report_imports/imports.html"
    how_many = ngettext_lazy("%(number)s import of reports", "%(number)s imports of reports", "n")
    more_than = gettext_lazy("More than %(number)s imports of reports")
    empty_text = gettext_lazy(
        "No reports have been imported yet. “Import reports…” takes a CSV, JSON or Excel file and checks it first."
    )
    actions = None
    fields = ("file_name",)

    class Media:
        css = {"all": ("imports/imports.css", "moderation/labels.css")}

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "moderation_flagimport"
        upload = takes_files(
            self.add_view, site=self.admin_site, may=self.has_add_permission, receive=uploading.receive
        )
        return [
            path("add/", upload, name=f"{name}_add"),
            path("<uuid:pk>/check/", wrap(CheckView.as_view()), name=f"{name}_check"),
            path("<uuid:pk>/store/", wrap(StoreView.as_view()), name=f"{name}_store"),
            path("<uuid:pk>/discard/", wrap(DiscardView.as_view()), name=f"{name}_discard"),
            path("<uuid:pk>/undo/", wrap(UndoView.as_view()), name=f"{name}_undo"),
            *(url for url in super().get_urls() if url.name != f"{name}_add"),
        ]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(uploading.PERMISSION)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(uploading.PERMISSION)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(uploading.PERMISSION)

    def prepare_rows(self, rows: list[Any]) -> None:
        for row in rows:
            row.look, row.result = LOOKS[row.state], page.one_line(row)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        # A discarded import, or one replaced by a newer upload, has nothing to show.
        return super().get_queryset(request).exclude(state=ImportState.DISCARDED).select_related("by")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The upload form. A complete upload is stored and its check started."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = UploadForm()
        if request.method == "POST":
            handler: Any = request.upload_handlers[0]
            form = UploadForm(request.POST, request.FILES, handler=handler)
            if form.is_valid():
                try:
                    import_ = uploading.keep(form.cleaned_data["file"], by=request.user)
                except OSError:
                    form.add_error("file", NO_ROOM)
                else:
                    return HttpResponseRedirect(uploading.address_of(import_.pk))
        labels = Label.objects.filter(active=True).values_list("slug", flat=True)
        shown = {"title": _("Import reports"), "form": form, "most": uploading.MOST_BYTES, "labels": labels}
        return self._render(request, "moderation/report_imports/upload.html", shown)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one import. POST is refused: each step has its own URL."""
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        import_ = self.get_object(request, object_id)
        if import_ is None:
            raise Http404
        return self._render(
            request, "moderation/report_imports/import.html", page.context(import_, viewer=request.user)
        )

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> FlagImport | None:
        try:
            key = UUID(object_id)
        except ValueError:
            return None
        return FlagImport.objects.select_related("by", "job__requester").filter(pk=key).first()

    def _render(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        shared = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "list": reverse(LIST),
        }
        return TemplateResponse(request, template, {**shared, **context})
