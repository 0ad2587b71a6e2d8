"""Forms of groups."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.moderation.decisions import Choice
from ops.moderation.desk.fields import (
    action_field,
    label_field,
    note_field,
    reason_field,
    sent_field,
    text_to_send,
    why_field,
)
from ops.moderation.models import GroupAction


class DecideManyForm(forms.Form):
    """A decision about all selected cases."""

    label = label_field(gettext_lazy("Choose what the decisions are about."))
    action = action_field(GroupAction.choices)
    warns = forms.BooleanField(
        label=gettext_lazy("Warn the authors of what is reported"),
        required=False,
        help_text=gettext_lazy("They confirm that they read the text before they write again."),
    )
    reason = reason_field()
    sent = sent_field(
        gettext_lazy("Text for the authors"),
        gettext_lazy("Each author reads the same text. Replace each {placeholder}."),
    )
    note = note_field()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("warns") and data.get("action") == GroupAction.DISMISS:
            self.add_error("warns", _("You dismiss the reports, but warn the authors: uphold them, or do neither."))
        if data.get("warns") and not (data.get("sent") or data.get("reason")):
            self.add_error("sent", _("Write why: whom you warn reads it."))
        return data

    @property
    def choice(self) -> Choice:
        """The decision that valid data describe."""
        data = self.cleaned_data
        return Choice(data["label"], data["reason"], text_to_send(data), data["note"])

    @property
    def chosen_action(self) -> GroupAction:
        """The action that valid data choose."""
        return GroupAction(self.cleaned_data["action"])


class ReverseForm(forms.Form):
    """Why a group is undone or restored."""

    note = why_field(gettext_lazy("Say why: colleagues read it beside each decision."))
