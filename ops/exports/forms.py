"""Forms of exports."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export.forms import SelectableFieldsExportForm

from ops.exports.columns import message_table
from ops.exports.models import Export


class ReasonForm(forms.Form):
    """The reason for an export."""

    reason = forms.CharField(
        label=gettext_lazy("Reason for export"),
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto", "aria-describedby": "reason-help"}),
        error_messages={
            "required": gettext_lazy("Enter a reason: it is kept in the audit trail, with your name."),
            "max_length": gettext_lazy("The reason has %(show_value)s characters: shorten it to %(limit_value)s."),
            "null_characters_not_allowed": gettext_lazy(
                "The reason holds a character that cannot be stored: write it again."
            ),
        },
    )


class ExportForm(ReasonForm, SelectableFieldsExportForm):
    """Options of an export of messages: format, columns, what else to include, and the reason."""

    format = forms.ChoiceField(choices=Export.Format.choices, initial=Export.Format.CSV, widget=forms.RadioSelect)
    whole_threads = forms.BooleanField(
        required=False, label=gettext_lazy("Whole conversations: all other messages of theirs too")
    )
    histories = forms.BooleanField(
        required=False, label=gettext_lazy("Older texts of edited messages, as a second file in a ZIP")
    )

    reviews = forms.BooleanField(
        required=False, label=gettext_lazy("Reports, decisions and what they did, as three more files in a ZIP")
    )

    def __init__(
        self,
        data: Any = None,
        *,
        of_conversations: bool = False,
        with_histories: bool = True,
        with_reviews: bool = True,
    ) -> None:
        self.table = message_table()
        super().__init__(formats=[None], resources=[self.table], data=data)  # type: ignore[call-arg]
        if of_conversations:  # always exported whole
            del self.fields["whole_threads"]
        if not with_histories:
            del self.fields["histories"]
        if not with_reviews:
            del self.fields["reviews"]

    def _init_formats(self, formats: Any) -> None:
        """Keep the formats declared above instead of the library's."""

    def _create_boolean_fields(self, resource: Any, index: int) -> list[str]:
        """Add a checkbox for each column; returns their names."""
        names: list[str] = super()._create_boolean_fields(resource, index)
        for name, column in zip(names, resource().get_export_fields(), strict=True):
            box = self.fields[name]
            box.label, box.help_text, box.initial = column.column_name, column.help_text, column.preselected
            box.widget.attrs.clear()
        return names

    def clean(self) -> dict[str, Any]:
        # The library's clean() renames the boxes to their columns, whose names may clash with other fields of the form.
        if not self.get_selected_resource_export_fields():
            raise forms.ValidationError(_("Choose at least one column."))
        return self.cleaned_data

    def get_selected_resource_export_fields(self) -> list[str]:
        """Return the names of the columns that are ticked."""
        boxes = zip(self.resource_fields[self.table.__name__], self.table().get_export_fields(), strict=True)
        return [column.column_name for box, column in boxes if self.cleaned_data.get(box)]

    @property
    def columns(self) -> list[Any]:
        """The checkboxes of the columns, for the page."""
        return [self[name] for names in self.resource_fields.values() for name in names]

    @property
    def options(self) -> dict[str, Any]:
        """The chosen options, as fields of Export."""
        chosen = self.cleaned_data
        return {
            "reason": chosen["reason"],
            "format": chosen["format"],
            "columns": self.get_selected_resource_export_fields(),
            "whole_threads": chosen.get("whole_threads", False),
            "histories": chosen.get("histories", False),
            "reviews": chosen.get("reviews", False),
        }
