"""Forms of the review desk."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from ops.console.limits.choices import RowField
from ops.moderation.decisions import Choice
from ops.moderation.models import CannedReason, Label
from ops.moderation.models.cases import LONGEST_NOTE, LONGEST_SENT

DISMISS, HIDE, UPHOLD = "dismiss", "hide", "uphold"
ACTIONS = [
    (DISMISS, "Dismiss: nothing is wrong"),
    (HIDE, "Hide the chosen messages"),
    (UPHOLD, "Uphold the report, hide nothing"),
]
WAITS = [("4", "4 hours"), ("24", "1 day"), ("72", "3 days"), ("168", "1 week"), ("", "Until a reply only")]


class ReasonSelect(forms.Select):
    """Canned reasons, each with its text, which a script puts into the field below."""

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(*args, **kwargs)
        reason = getattr(option["value"], "instance", None)
        if reason is not None:
            option["attrs"]["data-text"] = reason.text
        return option


class VersionForm(forms.Form):
    """What every step of a case sends: the claim's token and the version that was seen."""

    token = forms.UUIDField(widget=forms.HiddenInput, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class DecideForm(VersionForm):
    """A decision: what it is about, what is done, what is sent."""

    label = RowField(
        Label.objects.active(),
        to_field_name="slug",
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": "Choose what the decision is about."},
    )
    action = forms.ChoiceField(
        label="Decision",
        choices=ACTIONS,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what is to be done."},
    )
    hides = forms.TypedMultipleChoiceField(
        label="Messages to hide", required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    reason = RowField(
        CannedReason.objects.offered().select_related("label"),
        label="Canned reason",
        to_field_name="slug",
        required=False,
        empty_label="None",
        widget=ReasonSelect,
    )
    sent = forms.CharField(
        label="Text for the author",
        required=False,
        max_length=LONGEST_SENT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Kept with the decision as it was sent. Replace each {placeholder}.",
    )
    note = forms.CharField(
        label="Note for colleagues", required=False, max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, messages: Collection[tuple[int, str]] = (), **kwargs: Any) -> None:
        """``messages`` are those that can be hidden, each with its words in the form."""
        super().__init__(*args, **kwargs)
        self.fields["hides"].choices = list(messages)  # type: ignore[attr-defined]
        if not self.is_bound:
            self.initial.setdefault("hides", [pk for pk, _ in messages])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("action") == HIDE and not data.get("hides"):
            self.add_error("hides", "Choose at least one message to hide, or decide otherwise.")
        return data

    @property
    def choice(self) -> Choice:
        """The decision that valid data make. A canned reason without a text of its own is sent as it is."""
        data = self.cleaned_data
        reason = data["reason"]
        hides = data["hides"] if data["action"] == HIDE else ()
        return Choice(
            label=data["label"],
            reason=reason,
            sent=data["sent"] or (reason.text if reason else ""),
            note=data["note"],
            hides=hides,
            upholds=data["action"] == UPHOLD,
        )


class WaitForm(VersionForm):
    """For what a case waits."""

    hours = forms.ChoiceField(label="Wait for", choices=WAITS, required=False, initial="24")
    reply = forms.BooleanField(label="or until somebody replies", required=False, initial=True)

    @property
    def until(self) -> Any:
        """The time that valid data name, None for none."""
        hours = self.cleaned_data["hours"]
        return timezone.now() + timedelta(hours=int(hours)) if hours else None


class UndoForm(forms.Form):
    """Why a decision is undone."""

    note = forms.CharField(
        label="Why",
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why it is undone: colleagues read it beside the decision."},
    )


class FlagForm(forms.Form):
    """A report by staff."""

    label = RowField(
        Label.objects.active(),
        to_field_name="slug",
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": "Choose what the report is about."},
    )
    note = forms.CharField(
        label="Note", required=False, max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 3})
    )
