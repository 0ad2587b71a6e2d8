"""The upload form of reference data."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from import_export.forms import ImportForm

from ops.audit.reference_data.uploads import MAX_BYTES, PendingUpload
from ops.files.uploads import size_in_words


class ReferenceImportForm(ImportForm):
    """The file and its format. The cleaned file has ``pending``, a PendingUpload of ``owner`` for ``model``."""

    def __init__(self, *args: Any, owner: Any, model: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner, self.model = owner, model

    def clean_import_file(self) -> Any:
        file = self.cleaned_data["import_file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(
                _("The file is larger than %(size)s: split it.") % {"size": size_in_words(MAX_BYTES)}
            )
        file.pending = PendingUpload(owner=self.owner, model=self.model)
        return file
