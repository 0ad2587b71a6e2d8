"""Fields shared by the forms for deciding one case or many, reporting, and undoing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy, pgettext_lazy

from ops.console.limits.choices import RowField
from ops.moderation.models import CannedReason, Label
from ops.moderation.models.cases import LONGEST_NOTE, LONGEST_SENT

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class ReasonSelect(forms.Select):
    """A select of canned reasons. Each option carries its text, which a script copies into the field below."""

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(*args, **kwargs)
        reason = getattr(option["value"], "instance", None)
        if reason is not None:
            option["attrs"]["data-text"] = reason.text
        return option


def label_field(required: StrOrPromise) -> RowField:
    """Return the field for the label of a report or decision; ``required`` is the error if none is chosen."""
    return RowField(
        Label.objects.active(),
        to_field_name="slug",
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": required},
    )


def action_field(choices: Any) -> forms.ChoiceField:
    """Return the field for what is decided."""
    return forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose a decision.")},
    )


def reason_field() -> RowField:
    """Return the field for the canned reason of a decision."""
    return RowField(
        CannedReason.objects.offered().select_related("label"),
        label=gettext_lazy("Canned reason"),
        to_field_name="slug",
        required=False,
        empty_label=pgettext_lazy("canned reason", "None"),
        widget=ReasonSelect,
    )


def sent_field(label: StrOrPromise, help_text: StrOrPromise) -> forms.CharField:
    """Return the field for the text that participants read."""
    return forms.CharField(
        label=label,
        required=False,
        max_length=LONGEST_SENT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=help_text,
    )


def note_field() -> forms.CharField:
    """Return the field for the note that colleagues read."""
    return forms.CharField(
        label=gettext_lazy("Note for colleagues"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def why_field(required: StrOrPromise) -> forms.CharField:
    """Return the field for why something is undone, the only one on its page; ``required`` is the error if it is
    empty."""
    return forms.CharField(
        label=gettext_lazy("Why"),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True}),
        error_messages={"required": required},
    )


def text_to_send(data: dict[str, Any]) -> str:
    """Return the text that valid ``data`` send: the one entered, or else that of the canned reason."""
    return data["sent"] or (data["reason"].text if data["reason"] else "")
