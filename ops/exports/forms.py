"""What an export asks before anything leaves the console."""

from __future__ import annotations

from typing import Any

from django import forms
from import_export.forms import SelectableFieldsExportForm

from ops.exports.columns import MessageTable
from ops.exports.models import Export


class ReasonForm(forms.Form):
    """Why somebody takes messages out of the console."""

    reason = forms.CharField(
        label="What the export is for",
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto", "aria-describedby": "reason-help"}),
        error_messages={
            "required": "Say what the export is for: it is kept in the audit trail, with your name.",
            "max_length": "The reason has %(show_value)s characters: shorten it to %(limit_value)s.",
            "null_characters_not_allowed": "The reason holds a character that cannot be stored: write it anew.",
        },
    )


class ExportForm(ReasonForm, SelectableFieldsExportForm):
    """How messages are exported: the format, the columns of MessageTable, what else comes with them, and why."""

    format = forms.ChoiceField(choices=Export.Format.choices, initial=Export.Format.CSV, widget=forms.RadioSelect)
    whole_threads = forms.BooleanField(required=False, label="Whole conversations: all other messages of theirs too")
    histories = forms.BooleanField(required=False, label="Older texts of edited messages, as a second file in a ZIP")

    def __init__(self, data: Any = None, *, of_conversations: bool = False) -> None:
        super().__init__(formats=[None], resources=[MessageTable], data=data)  # type: ignore[call-arg]
        if of_conversations:  # which are whole anyway
            del self.fields["whole_threads"]

    def _init_formats(self, formats: Any) -> None:
        """Ours, not the library's."""

    def _create_boolean_fields(self, resource: Any, index: int) -> list[str]:
        """A box for each column, ticked where an import wants it again."""
        names: list[str] = super()._create_boolean_fields(resource, index)
        for name, (title, column) in zip(names, resource.fields.items(), strict=True):
            box = self.fields[name]
            box.label, box.help_text, box.initial = title, column.words, column.preselected
            box.widget.attrs.clear()
        return names

    def _validate_any_field_selected(self, resource: Any) -> None:
        if not self.get_selected_resource_export_fields():
            raise forms.ValidationError("Choose at least one column.")

    @property
    def columns(self) -> list[Any]:
        """The boxes of the columns, for the page."""
        return [self[name] for names in self.resource_fields.values() for name in names]

    @property
    def options(self) -> dict[str, Any]:
        """What was chosen, as Export has it."""
        chosen = self.cleaned_data
        return {
            "reason": chosen["reason"],
            "format": chosen["format"],
            "columns": self.get_selected_resource_export_fields(),
            "whole_threads": chosen.get("whole_threads", False),
            "histories": chosen["histories"],
        }
