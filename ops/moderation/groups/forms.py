"""Forms of groups."""

from __future__ import annotations

from django import forms
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
    """What is decided about all chosen cases."""

    label = label_field(gettext_lazy("Choose what the decisions are about."))
    action = action_field(GroupAction.choices)
    reason = reason_field()
    sent = sent_field(
        gettext_lazy("Text for the authors"),
        gettext_lazy("Each author reads the same text. Replace each {placeholder}."),
    )
    note = note_field()

    @property
    def choice(self) -> Choice:
        """The decision that valid data make."""
        data = self.cleaned_data
        return Choice(data["label"], data["reason"], text_to_send(data), data["note"])

    @property
    def chosen_action(self) -> GroupAction:
        """What valid data do about each case."""
        return GroupAction(self.cleaned_data["action"])


class ReverseForm(forms.Form):
    """Why a group is undone, or restored."""

    note = why_field(gettext_lazy("Say why: colleagues read it beside each decision."))
