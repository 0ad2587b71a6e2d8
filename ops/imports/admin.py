"""Imports in the console: upload, preview, decisions, results, undo."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy
from django.views.generic import RedirectView

from ops.audit.readings import Shown, record_reading
from ops.audit.recorded_admin import TrailHistory
from ops.console.confirming import confirmed_recently
from ops.console.keyset import KeysetAdmin
from ops.console.limits.uploads import takes_files
from ops.console.lists import dates
from ops.console.readonly import ReadOnlyPermissions
from ops.files.sources import Reading
from ops.files.uploads import NO_ROOM
from ops.imports import options, steps, uploads
from ops.imports.models import Import
from ops.imports.options import Choices
from ops.imports.pages import cures, previews, results
from ops.imports.pages import page as import_page
from ops.imports.pages.forms import ChecksForm, StoreForm, UploadForm
from ops.imports.pages.people_form import PeopleForm
from ops.imports.pages.waiting import DecisionFilter, InState
from ops.imports.saved_choices import columns, encodings
from ops.imports.saved_choices import people as saved_people

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PERMISSION = "imports.import_messages"
LIST = "admin:imports_import_changelist"
PAGE = "admin:imports_import_change"
CHANGED_MEANWHILE = gettext_lazy(
    "Nothing was done: this import went on meanwhile, in another tab perhaps. This is how it is now."
)

View = Callable[..., HttpResponseBase]


def uploader_only(view: View) -> View:
    """Decorator: only the uploader's POST reaches ``view``. GET redirects to the import; stale forms are refused."""

    @wraps(view)
    def deciding(self: ImportAdmin, request: HttpRequest, key: UUID) -> HttpResponseBase:
        import_ = self.get_import_or_404(request, key)
        if import_.by_id != request.user.pk:
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseRedirect(address(import_))
        if request.POST.get("state_token") != import_page.state_token(import_):
            return self.refused(request, import_, CHANGED_MEANWHILE)
        try:
            return view(self, request, import_)
        except steps.NotNow as refusal:
            return self.refused(request, import_, str(refusal))

    return deciding


@admin.register(Import)
class ImportAdmin(ReadOnlyPermissions, TrailHistory, KeysetAdmin):
    """Imports. One permission opens all pages, but only the uploader sees the contents of a file."""

    section = gettext_lazy("Imports")
    keyset = ("-created_at", "id")
    more_filters = (InState, *dates.days("created_at", gettext_lazy("uploaded from"), gettext_lazy("uploaded to")))
    list_filter = (DecisionFilter, *more_filters)
    rows_template = "imports/import_rows.html"
    change_list_template = "imports/imports.html"
    how_many = ngettext_lazy("%(number)s import", "%(number)s imports", "n")
    more_than = gettext_lazy("More than %(number)s imports")
    empty_text = gettext_lazy(
        "Nothing was imported yet. “Import messages…” takes a CSV, JSON or Excel file and shows what is in it."
    )
    actions = None
    fields = ("file_name",)

    class Media:
        css = {"all": ("imports/imports.css",)}

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("add/", self._upload_page(), name="imports_import_add"),
            self._path("sample.csv", self.sample_view, "sample"),
            self._path("<uuid:key>/check/", self.check_view, "check"),
            self._path("<uuid:key>/columns/", self.columns_view, "columns"),
            self._path("<uuid:key>/take/", self.take_view, "take"),
            self._path("<uuid:key>/people/", self.people_view, "people"),
            self._path("<uuid:key>/store/", self.store_view, "store"),
            self._path("<uuid:key>/discard/", self.discard_view, "discard"),
            self._path("<uuid:key>/undo/", self.undo_view, "undo"),
            self._path("<uuid:key>/problems.csv", self.problems_view, "problems"),
            self._path("<uuid:key>/rejected.csv", self.rejected_view, "rejected"),
            self._path("<uuid:object_id>/change/", self.change_view, "change"),
            path("<uuid:object_id>/", self.admin_site.admin_view(RedirectView.as_view(pattern_name=PAGE))),
        ]
        names = {url.name for url in own}
        return [*own, *(url for url in super().get_urls() if url.name not in names)]

    def _path(self, route: str, view: Any, name: str) -> URLPattern:
        return path(route, self.admin_site.admin_view(view), name=f"imports_import_{name}")

    # --- Permissions -----------------------------------------------------------------------------------------------

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(PERMISSION)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(PERMISSION)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(PERMISSION)

    def get_import_or_404(self, request: HttpRequest, key: UUID) -> Import:
        """Return the import, if the user may import. Raises PermissionDenied or Http404."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        import_ = Import.objects.select_related("by", "job").filter(pk=key).first()
        if import_ is None:
            raise Http404
        return import_

    # --- The list --------------------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("by", "job")

    def prepare_rows(self, rows: list[Any]) -> None:
        for row in rows:
            row.result = results.one_line(row)
            row.look = import_page.LOOKS[row.state]

    # --- Upload ----------------------------------------------------------------------------------------------------

    def _upload_page(self) -> Any:
        return takes_files(self.add_view, site=self.admin_site, may=self.has_add_permission, receive=uploads.receive)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Show the upload form, or check a completely received file."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = UploadForm()
        if request.method == "POST":
            handler: Any = request.upload_handlers[0]
            form = UploadForm(request.POST, request.FILES, handler=handler)
            if form.is_valid():
                return self._check_new(request, form)
        return self._ask(request, form)

    def _ask(self, request: HttpRequest, form: UploadForm) -> HttpResponse:
        context = {"form": form, "most": settings.MOST_UPLOADED, "title": _("Import messages")}
        return self._render(request, "imports/upload.html", context)

    def _check_new(self, request: HttpRequest, form: UploadForm) -> HttpResponse:
        uploads.sweep()
        try:
            import_ = uploads.keep(form.cleaned_data["file"], by=request.user)
        except (OSError, uploads.QuotaExceeded) as refusal:
            form.add_error("file", str(NO_ROOM) if isinstance(refusal, OSError) else str(refusal))
            return self._ask(request, form)
        steps.check(import_, by=request.user)
        return HttpResponseRedirect(address(import_))

    def sample_view(self, request: HttpRequest) -> HttpResponse:
        """Return a small file that shows the columns."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return HttpResponse(
            render_to_string("imports/sample.csv"),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="sample.csv"'},
        )

    # --- The page of an import -------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: Any, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the import's page, read-only: each decision has a URL of its own."""
        import_ = self.get_import_or_404(request, object_id)
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        return self._page(request, import_)

    def _page(self, request: HttpRequest, import_: Import, **forms: Any) -> HttpResponse:
        context = import_page.context(import_, viewer=request.user, asked=request.GET)
        shown = Shown()
        if context.get("changes") and import_page.may_see_stored_texts(request.user):
            # Comparing a file with stored texts counts as reading them.
            shown = import_page.compared_messages(context["preview"])
        if context.get("preview"):
            record_reading(import_, actor=request.user, shown=shown)
        context |= {"title": str(import_), **forms}
        return self._render(request, "imports/import.html", context)

    @uploader_only
    def check_view(self, request: HttpRequest, import_: Import) -> HttpResponse:
        """Check the file again with the chosen options."""
        form = ChecksForm(import_, request.POST)
        if form.is_valid():
            return self._check_again(request, import_, *form.options_chosen())
        return self._page(request, import_, checks_form=form)

    @uploader_only
    def columns_view(self, request: HttpRequest, import_: Import) -> HttpResponse:
        """Check the file again with the matched columns, and remember them for the uploader."""
        form = import_page.columns_form(import_, by=request.user, data=request.POST)
        if not form.is_valid():
            return self._page(request, import_, columns_form=form)
        columns.save(form.columns(), by=request.user)
        chosen = {name: form.cleaned_data[name] for name in ("ignore_unknown", "header_row")}
        reading = {**import_.reading, "columns": form.columns(), **chosen}
        return self._check_again(request, import_, Reading.from_json(reading), import_.get_choices())

    @uploader_only
    def take_view(self, request: HttpRequest, import_: Import) -> HttpResponse:
        """Check the file again with what the clicked button chooses: a suggestion, all certain ones, or a cure."""
        suggestions = (previews.load(import_) or {}).get("suggestions", [])
        taken = cures.options_after_click(request.POST, suggestions, import_.get_reading(), import_.get_choices())
        if taken is None:
            return self.refused(request, import_, CHANGED_MEANWHILE)
        new = taken[1].people.items() - import_.get_choices().people.items()
        saved_people.save(dict(new), by=request.user)
        return self._check_again(request, import_, *taken)

    @uploader_only
    def people_view(self, request: HttpRequest, import_: Import) -> HttpResponse:
        """Check the file again with the chosen accounts, and remember them for the uploader."""
        form = PeopleForm((previews.load(import_) or {}).get("people", []), request.POST)
        if not form.is_valid():
            return self._page(request, import_, people_form=form)
        decided = form.people()
        saved_people.save(decided, by=request.user)
        people = {"option": "people", "value": decided}
        return self._check_again(request, import_, *options.take(people, import_.get_reading(), import_.get_choices()))

    def _check_again(self, request: HttpRequest, import_: Import, reading: Reading, choices: Choices) -> HttpResponse:
        if not uploads.is_kept(import_):
            return self.refused(request, import_, uploads.NOT_KEPT)
        if not _save_if_unchanged(import_, reading=reading.as_json(), choices=choices.as_json()):
            return self.refused(request, import_, CHANGED_MEANWHILE)
        if reading.encoding:
            encodings.save(reading.encoding, by=request.user)
        steps.check(import_, by=request.user)
        return HttpResponseRedirect(address(import_))

    @uploader_only
    def store_view(self, request: HttpRequest, import_: Import) -> HttpResponse:
        """Import the checked file."""
        form = StoreForm(import_, request.POST)
        if not form.is_valid():
            return self._page(request, import_, store_form=form)
        if not uploads.is_kept(import_):
            return self.refused(request, import_, uploads.NOT_KEPT)
        if not _save_if_unchanged(import_, choices={**import_.choices, **form.agreed()}):
            return self.refused(request, import_, CHANGED_MEANWHILE)
        steps.store(import_, by=request.user)
        return HttpResponseRedirect(address(import_))

    @uploader_only
    def discard_view(self, request: HttpRequest, import_: Import) -> HttpResponse:
        """Delete the file now, without importing it."""
        if not uploads.discard(import_):
            return self.refused(request, import_, CHANGED_MEANWHILE)
        said = _("“%(name)s” was deleted; nothing of it was imported.") % {"name": import_.file_name}
        self.message_user(request, said, messages.SUCCESS)
        return HttpResponseRedirect(reverse(LIST))

    def undo_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Show what undoing would do; POST starts it. Anybody who may import may undo, after a password check."""
        return self._undo(request, self.get_import_or_404(request, key))

    @method_decorator(confirmed_recently)
    def _undo(self, request: HttpRequest, import_: Import) -> HttpResponse:
        if import_.state != Import.State.STORED:
            return self.refused(request, import_, CHANGED_MEANWHILE)
        if request.method != "POST":
            title = _("Undo the import of %(name)s") % {"name": import_.file_name}
            context = {**results.undo_preview(import_), "title": title}
            return self._render(request, "imports/undo.html", context)
        try:
            steps.undo(import_, by=request.user)
        except steps.NotNow as refusal:
            return self.refused(request, import_, str(refusal))
        return HttpResponseRedirect(address(import_))

    # --- Files -----------------------------------------------------------------------------------------------------

    def problems_view(self, request: HttpRequest, key: UUID) -> HttpResponseBase:
        """Return all problems as a CSV file."""
        return self._file(request, key, previews.PROBLEMS, "problems")

    def rejected_view(self, request: HttpRequest, key: UUID) -> HttpResponseBase:
        """Return the excluded rows as a file to correct and import."""
        return self._file(request, key, previews.REJECTED, "left-out")

    def _file(self, request: HttpRequest, key: UUID, kind: str, called: str) -> HttpResponseBase:
        import_ = self.get_import_or_404(request, key)
        if import_.by_id != request.user.pk:
            raise PermissionDenied
        if not previews.exists(import_, kind):
            return self.refused(request, import_, uploads.NOT_KEPT)
        record_reading(import_, actor=request.user)
        file = previews.path_of(import_, kind).open("rb")
        name = f"{PurePath(import_.file_name).stem}-{called}.csv"
        return FileResponse(file, as_attachment=True, filename=name, content_type="text/csv")

    # --- Responses -------------------------------------------------------------------------------------------------

    def refused(self, request: HttpRequest, import_: Import, sentence: StrOrPromise) -> HttpResponse:
        """Redirect to the import's page with a warning."""
        self.message_user(request, str(sentence), messages.WARNING)
        return HttpResponseRedirect(address(import_))

    def _render(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return TemplateResponse(request, template, {**shared, **context})


def address(import_: Import) -> str:
    """Return the URL of an import's page."""
    return reverse(PAGE, args=[import_.pk])


def _save_if_unchanged(import_: Import, **options: Any) -> bool:
    """Save options unless the import changed since it was loaded; return whether they were saved."""
    saved = import_.update_unless_changed(**options)
    for name, value in options.items():
        setattr(import_, name, value)
    return saved
