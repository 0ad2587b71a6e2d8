"""The base of admins whose few rows are imported and exported as files, such as labels.

It completes django-import-export's admin: imports and exports are recorded in the audit trail, each has a permission of
its own, uploads are private, and the pages work under the content security policy. The model declares the permissions
in its ``Meta``, and its room gives them to roles::

    class Meta:
        permissions = [("import_label", "Can import labels"), ("export_label", "Can export labels")]
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_permission_codename
from django.core.checks import CheckMessage, Error
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from import_export.admin import ImportExportModelAdmin
from import_export.exceptions import FieldError
from import_export.resources import modelresource_factory
from import_export.results import Result, RowResult

from ops.audit.events import Event
from ops.audit.recorded_admin import RecordedChanges
from ops.audit.recording import record
from ops.audit.reference_data.formats import Csv, Json, Xlsx
from ops.audit.reference_data.forms import ReferenceImportForm
from ops.audit.reference_data.resources import ReferenceResource
from ops.audit.reference_data.uploads import PendingUpload, UploadGone
from ops.files.problems import Unreadable

PREVIEWED = 100  # changed rows in the preview
GONE = "This upload is no longer available: it was used already, it expired, or it is not yours. Upload the file again."
CHANGED_MEANWHILE = "Nothing was imported, because the data changed after the preview. Upload the file again."
UNKNOWN_FAULT = "it could not be stored. Check its values."


class ReferenceDataAdmin(RecordedChanges, ImportExportModelAdmin):
    """An admin with import and export. ``resource_classes`` may hold one subclass of ReferenceResource."""

    formats = [Csv, Xlsx, Json]
    import_form_class = ReferenceImportForm
    import_template_name = "audit/reference_import.html"
    export_template_name = "audit/reference_export.html"
    import_export_change_list_template = "audit/reference_list.html"

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        return [*super().check(**kwargs), *self._permission_faults(), *self._resource_faults()]

    def _permission_faults(self) -> list[CheckMessage]:
        """Without its permission, only superusers could import or export, and no role could be allowed to."""
        codes = (settings.IMPORT_EXPORT_IMPORT_PERMISSION_CODE, settings.IMPORT_EXPORT_EXPORT_PERMISSION_CODE)
        declared = {name for name, _ in self.opts.permissions}
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

    def _resource_faults(self) -> list[CheckMessage]:
        classes = self.resource_classes
        if len(classes) <= 1 and all(issubclass(one, ReferenceResource) for one in classes):
            return []
        words = f"{type(self).__name__} needs one subclass of ReferenceResource as its resource_classes, or none."
        return [Error(words, obj=type(self), id="audit.E006")]

    def get_resource_classes(self, request: HttpRequest) -> list[type[ReferenceResource]]:
        return self.resource_classes or [modelresource_factory(self.model, resource_class=ReferenceResource)]

    # --- Import ---

    def get_import_form_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().get_import_form_kwargs(request), "owner": request.user, "model": self.model}

    def write_to_tmp_storage(self, import_file: Any, input_format: Any) -> PendingUpload:
        pending: PendingUpload = import_file.pending
        pending.save(import_file.read())
        return pending

    def add_data_read_fail_error_to_form(self, form: Any, e: Exception) -> None:
        sentence = str(e) if isinstance(e, Unreadable) else "choose the format that the file has, or save it again."
        form.add_error("import_file", f"The file cannot be read: {sentence}")

    def import_action(self, request: HttpRequest, **kwargs: Any) -> Any:
        """The form; on POST, what the file would change, to be confirmed."""
        response: Any = super().import_action(request, **kwargs)
        context = response.context_data
        result = context.get("result")
        changed = [row for row in result.valid_rows() if not row.is_skip()] if result else []
        context |= {
            "title": f"Import {self.opts.verbose_name_plural}",
            "problems": problems(result) if result else [],
            "counts": counts(result) if result else {},
            "changed": changed[:PREVIEWED],
            "more": max(len(changed) - PREVIEWED, 0),
        }
        if "confirm_form" not in context:
            pending = getattr(context["form"].files.get("import_file"), "pending", None)
            if pending is not None:
                pending.remove()
        return response

    @method_decorator(require_POST)
    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Import a file whose preview was confirmed: all of its rows with their entries, or none."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = self.create_confirm_form(request)
        try:
            dataset = self._take(request, form)
        except (UploadGone, Unreadable):
            return self._refuse(request, GONE)
        with transaction.atomic():
            options = {"use_transactions": True, "rollback_on_validation_errors": True}
            result = self.process_dataset(dataset, form, request, **options, **kwargs)
            if not problems(result):
                response: HttpResponse = self.process_result(result, request)
                return response
        return self._refuse(request, CHANGED_MEANWHILE)

    def _take(self, request: HttpRequest, form: Any) -> Any:
        """The rows of the upload that a confirmation names. Raises UploadGone, Unreadable."""
        formats = dict(enumerate(self.get_import_formats()))
        choice = form.data.get("format", "")
        if not form.is_valid() or not choice.isdecimal() or int(choice) not in formats:
            raise UploadGone
        ticket = form.cleaned_data["import_file_name"]
        data = PendingUpload(owner=request.user, model=self.model, name=ticket).take()
        return formats[int(choice)]().create_dataset(data)

    def _refuse(self, request: HttpRequest, sentence: str) -> HttpResponse:
        self.message_user(request, sentence, messages.WARNING)
        return HttpResponseRedirect(reverse("admin:{}_{}_import".format(*self.get_model_info())))

    def generate_log_entries(self, result: Result, request: HttpRequest) -> None:
        """Record each row as a change in the admin would be, and the import as a whole."""
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
        details = {**counts(result), "fields": sorted(fields)}
        record(Event.RECORDS_IMPORTED, actor=request.user, target=self.model, details=details)

    # --- Export ---

    def get_export_data(self, file_format: Any, request: HttpRequest, queryset: QuerySet, **kwargs: Any) -> bytes:
        """The content of the file; recorded before it is sent. A search is the label of the entry."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        dataset = self.get_data_for_export(request, queryset, **kwargs)
        content: bytes = file_format.export_data(dataset)
        details = {
            "rows": len(dataset),
            "columns": dataset.headers,
            "format": file_format.get_extension(),
            "filters": {name: request.GET[name] for name in request.GET if name != "q"},
        }
        label = request.GET.get("q") or None
        record(Event.RECORDS_EXPORTED, actor=request.user, target=self.model, details=details, label=label)
        return content

    def init_request_context_data(self, request: HttpRequest, form: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().init_request_context_data(request, form)
        names = next(iter(form.resource_fields.values()))
        return {
            **context,
            "title": f"Export {self.opts.verbose_name_plural}",
            "columns": [form[name] for name in names],
        }


def changed_fields(row: RowResult) -> list[str]:
    """The names of the fields that an imported row changed."""
    opts: Any = row.instance._meta
    plain = [one.name for one in opts.concrete_fields if _value(row.original, one) != _value(row.instance, one)]
    # Many-to-many fields are stored apart; unchanged rows are skipped, so without another change it was one of them.
    return plain or [one.name for one in opts.many_to_many]


def _value(instance: models.Model, field: Any) -> Any:
    return getattr(instance, field.attname)


def counts(result: Result) -> dict[str, int]:
    """How many rows an import adds, changes, deletes and leaves unchanged."""
    totals = result.totals
    return {
        "added": totals[RowResult.IMPORT_TYPE_NEW],
        "changed": totals[RowResult.IMPORT_TYPE_UPDATE],
        "deleted": totals[RowResult.IMPORT_TYPE_DELETE],
        "unchanged": totals[RowResult.IMPORT_TYPE_SKIP],
    }


def problems(result: Result) -> list[str]:
    """What keeps a file from being imported, as sentences."""
    found = [_sentence(error.error, "The file cannot be imported: ") for error in result.base_errors]
    for row in result.error_rows:
        found += [_sentence(error.error, f"Data row {row.number}: ") for error in row.errors]
    for row in result.invalid_rows:
        for name, sentences in row.error_dict.items():
            place = f"Data row {row.number}" if name == "__all__" else f"Data row {row.number}, {name}"
            found += [f"{place}: {sentence}" for sentence in sentences]
    return found


def _sentence(error: Exception, start: str) -> str:
    """An error for people; of what is not meant for them, only that something is wrong."""
    if isinstance(error, ValidationError):
        return start + " ".join(error.messages)
    return start + (str(error) if isinstance(error, Unreadable | FieldError) else UNKNOWN_FAULT)
