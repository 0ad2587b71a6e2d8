"""The base class of admins for reference data: small tables, such as labels, that are imported and exported as files.

It adapts django-import-export's admin: imports and exports are recorded in the audit trail and need one permission
each, uploads are private, and the pages work under the content security policy. The model declares the permissions in
its ``Meta``, and its room grants them to roles::

    class Meta:
        permissions = [("import_label", "Can import labels"), ("export_label", "Can export labels")]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth import get_permission_codename
from django.core.checks import CheckMessage, Error
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from import_export.admin import ImportExportModelAdmin
from import_export.exceptions import FieldError
from import_export.resources import modelresource_factory
from import_export.results import Result, RowResult

from ops.audit.details import Key, chosen
from ops.audit.events import Event
from ops.audit.recorded_admin import RecordedChanges
from ops.audit.recording import record
from ops.audit.reference_data.formats import Csv, Json, Xlsx
from ops.audit.reference_data.forms import ReferenceImportForm
from ops.audit.reference_data.resources import ReferenceResource
from ops.audit.reference_data.uploads import PendingUpload, UploadGone, receive
from ops.console.declared_lists import UNKNOWN_FILTER, DeclaredListAdmin
from ops.console.limits.uploads import takes_files
from ops.files.problems import Unreadable

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PREVIEW_ROWS = 100  # changed rows shown in the preview
GONE = gettext_lazy(
    "This upload is no longer available: it was used already, it expired, or it is not yours. Upload the file again."
)
CHANGED_MEANWHILE = gettext_lazy(
    "Nothing was imported, because the data changed after the preview. Upload the file again."
)
UNEXPECTED_ERROR = gettext_lazy("it could not be stored. Check its values.")


class ReferenceDataAdmin(RecordedChanges, DeclaredListAdmin, ImportExportModelAdmin):
    """An admin with import and export. ``resource_classes`` may hold one subclass of ReferenceResource."""

    formats = [Csv, Xlsx, Json]
    import_form_class = ReferenceImportForm
    import_template_name = "audit/reference_import.html"
    export_template_name = "audit/reference_export.html"
    import_export_change_list_template = "audit/reference_list.html"

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        return [*super().check(**kwargs), *self._check_permissions(), *self._check_resources()]

    def _check_permissions(self) -> list[CheckMessage]:
        """Check that both permissions exist: without them, no role could be allowed to import or export."""
        codes = (settings.IMPORT_EXPORT_IMPORT_PERMISSION_CODE, settings.IMPORT_EXPORT_EXPORT_PERMISSION_CODE)
        declared = {name for name, _label in self.opts.permissions}
        return [
            Error(
                f"{self.opts.label} has no permission {name}, which its admin asks for.",
                hint="Declare it in Meta.permissions of the model.",
                obj=type(self),
                id="audit.E005",
            )
            for name in (get_permission_codename(code, self.opts) for code in codes)
            if name not in declared
        ]

    def _check_resources(self) -> list[CheckMessage]:
        classes = self.resource_classes
        if len(classes) <= 1 and all(issubclass(one, ReferenceResource) for one in classes):
            return []
        message = f"{type(self).__name__}.resource_classes may hold only one class, a subclass of ReferenceResource."
        return [Error(message, obj=type(self), id="audit.E006")]

    def get_resource_classes(self, request: HttpRequest) -> list[type[ReferenceResource]]:
        return self.resource_classes or [modelresource_factory(self.model, resource_class=ReferenceResource)]

    # --- Import ---

    def get_urls(self) -> list[URLPattern]:
        name = "{}_{}_import".format(*self.get_model_info())
        page = takes_files(self.import_action, site=self.admin_site, may=self.has_import_permission, receive=receive)
        return [path("import/", page, name=name), *(url for url in super().get_urls() if url.name != name)]

    def get_import_form_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().get_import_form_kwargs(request), "owner": request.user, "model": self.model}

    def write_to_tmp_storage(self, import_file: Any, input_format: Any) -> PendingUpload:
        pending: PendingUpload = import_file.pending
        pending.save(import_file.read())
        return pending

    def add_data_read_fail_error_to_form(self, form: Any, e: Exception) -> None:
        known = isinstance(e, Unreadable)
        sentence = str(e) if known else _("choose the format that the file has, or save it again.")
        form.add_error("import_file", _("The file cannot be read: %(problem)s") % {"problem": sentence})

    def import_action(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Show the upload form; after a POST, a preview of what the file would change."""
        response: Any = super().import_action(request, **kwargs)
        context = response.context_data
        result = context.get("result")
        changed = [row for row in result.valid_rows() if not row.is_skip()] if result else []
        context |= {
            "title": _("Import %(rows)s") % {"rows": self.opts.verbose_name_plural},
            "problems": problems(result) if result else [],
            "counts": counts(result) if result else {},
            "changed": changed[:PREVIEW_ROWS],
            "more": max(len(changed) - PREVIEW_ROWS, 0),
        }
        if "confirm_form" not in context:
            pending = getattr(context["form"].files.get("import_file"), "pending", None)
            if pending is not None:
                pending.remove()
        return response

    @method_decorator(require_POST)
    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Import a file whose preview was confirmed: all of its rows and their audit entries, or none."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = self.create_confirm_form(request)
        try:
            dataset = self._take_upload(request, form)
        except (UploadGone, Unreadable):
            return self._refuse(request, GONE)
        with transaction.atomic():
            options = {"use_transactions": True, "rollback_on_validation_errors": True}
            result = self.process_dataset(dataset, form, request, **options, **kwargs)
            if not problems(result):
                response: HttpResponse = self.process_result(result, request)
                return response
        return self._refuse(request, CHANGED_MEANWHILE)

    def _take_upload(self, request: HttpRequest, form: Any) -> Any:
        """Return the dataset of the confirmed upload, which is deleted. Raises UploadGone or Unreadable."""
        formats = dict(enumerate(self.get_import_formats()))
        choice = form.data.get("format", "")
        if not form.is_valid() or not choice.isdecimal() or int(choice) not in formats:
            raise UploadGone
        token = form.cleaned_data["import_file_name"]
        data = PendingUpload(owner=request.user, model=self.model, name=token).take()
        return formats[int(choice)]().create_dataset(data)

    def _refuse(self, request: HttpRequest, sentence: StrOrPromise) -> HttpResponse:
        self.message_user(request, sentence, messages.WARNING)
        return HttpResponseRedirect(reverse("admin:{}_{}_import".format(*self.get_model_info())))

    def generate_log_entries(self, result: Result, request: HttpRequest) -> None:
        """Record each row like a change made in the admin, and then the import as a whole."""
        fields: set[str] = set()
        for row in result:
            if row.is_new():
                self.log_addition(request, row.instance, [])
            elif row.is_update():
                names = changed_fields(row)
                fields.update(names)
                self.log_change(request, row.instance, [{"changed": {"fields": names}}])
            elif row.is_delete():
                record(Event.RECORD_DELETED, actor=request.user, target=row.instance)
        details = {**counts(result), "fields": [Key(name) for name in sorted(fields)]}
        record(Event.RECORDS_IMPORTED, actor=request.user, target=self.model, details=details)

    # --- Export ---

    def export_action(self, request: HttpRequest) -> Any:
        """Show the form; on POST, send the file. Redirects to the list if the query string holds an unknown filter."""
        try:
            return super().export_action(request)
        except IncorrectLookupParameters:
            self.message_user(request, UNKNOWN_FILTER, messages.WARNING)
            return HttpResponseRedirect(reverse("admin:{}_{}_changelist".format(*self.get_model_info())))

    def get_export_data(self, file_format: Any, request: HttpRequest, queryset: QuerySet, **kwargs: Any) -> bytes:
        """Return the content of the file after recording the export, with the search terms as the entry's label."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        dataset = self.get_data_for_export(request, queryset, **kwargs)
        content: bytes = file_format.export_data(dataset)
        changes: Any = self.get_changelist_instance(request)
        details = {
            "rows": len(dataset),
            "columns": [Key(name) for name in dataset.headers],
            "format": Key(file_format.get_extension()),
            "filters": chosen(changes.understood_filters),
        }
        label = changes.query or None
        record(Event.RECORDS_EXPORTED, actor=request.user, target=self.model, details=details, label=label)
        return content

    def init_request_context_data(self, request: HttpRequest, form: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().init_request_context_data(request, form)
        names = next(iter(form.resource_fields.values()))
        return {
            **context,
            "title": _("Export %(rows)s") % {"rows": self.opts.verbose_name_plural},
            "columns": [form[name] for name in names],
        }


def changed_fields(row: RowResult) -> list[str]:
    """Return the names of the fields that an imported row changed."""
    opts: Any = row.instance._meta
    plain = [one.name for one in opts.concrete_fields if _value(row.original, one) != _value(row.instance, one)]
    # Unchanged rows are skipped, so if no column of the row changed, its many-to-many fields did.
    return plain or [one.name for one in opts.many_to_many]


def _value(instance: models.Model, field: Any) -> Any:
    return getattr(instance, field.attname)


def counts(result: Result) -> dict[str, int]:
    """Return how many rows an import adds, changes, deletes and leaves unchanged."""
    totals = result.totals
    return {
        "added": totals[RowResult.IMPORT_TYPE_NEW],
        "changed": totals[RowResult.IMPORT_TYPE_UPDATE],
        "deleted": totals[RowResult.IMPORT_TYPE_DELETE],
        "unchanged": totals[RowResult.IMPORT_TYPE_SKIP],
    }


def problems(result: Result) -> list[str]:
    """Return the reasons why a file cannot be imported, as sentences."""
    found = [
        _("The file cannot be imported: %(problem)s") % {"problem": _problem(error.error)}
        for error in result.base_errors
    ]
    in_row, in_column = _("Data row %(number)s: %(problem)s"), _("Data row %(number)s, %(column)s: %(problem)s")
    for row in result.error_rows:
        found += [in_row % {"number": row.number, "problem": _problem(error.error)} for error in row.errors]
    for row in result.invalid_rows:
        for name, sentences in row.error_dict.items():
            words = in_row if name == "__all__" else in_column
            found += [words % {"number": row.number, "column": name, "problem": sentence} for sentence in sentences]
    return found


def _problem(error: Exception) -> str:
    """Return the message of an error if it was written for users, else a general sentence."""
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    return str(error if isinstance(error, Unreadable | FieldError) else UNEXPECTED_ERROR)
