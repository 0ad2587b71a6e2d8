"""The form that corrects the text of a message in the console."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from messaging.models import UNSTORABLE_TEXT, Message
from messaging.participants.forms import RevisionField, normalize_line_ends, refuse_if_changed

LONGEST_REASON = 1_000  # as in an audit entry


class CorrectionForm(forms.ModelForm):
    """The corrected text and the reason. A difference in line ends alone is no change: browsers send their own.

    ``outdated`` is True if the form was refused because somebody saved another text meanwhile.
    """

    content = forms.CharField(
        label=gettext_lazy("Corrected text"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "dir": "auto"}),
        error_messages={
            "required": gettext_lazy("Enter the corrected text."),
            "null_characters_not_allowed": UNSTORABLE_TEXT,
        },
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason for correction"),
        required=False,  # not needed without a change
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto", "aria-describedby": "reason-help"}),
        error_messages={
            "required": gettext_lazy("Enter a reason: it is kept in the audit trail, with your name."),
            "max_length": gettext_lazy("The reason has %(show_value)s characters: shorten it to %(limit_value)s."),
            "null_characters_not_allowed": gettext_lazy(
                "The reason holds a character that cannot be stored: write it again."
            ),
        },
    )
    revision = RevisionField()

    class Meta:
        model = Message
        fields = ("content",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["revision"] = self.instance.revision
        self.outdated = False

    def clean_content(self) -> str:
        stored, text = self.initial["content"], normalize_line_ends(self.cleaned_data["content"])
        if not text.strip():
            raise forms.ValidationError(self.fields["content"].error_messages["required"], code="required")
        return stored if normalize_line_ends(stored) == text else text

    def clean(self) -> None:
        super().clean()
        stored = self.initial["content"]
        is_changed = self.cleaned_data.get("content", stored) != stored
        self.outdated = refuse_if_changed(self, stored=stored, revision=self.initial["revision"])
        if is_changed and not self.cleaned_data.get("reason") and "reason" not in self.errors:
            self.add_error("reason", self.fields["reason"].error_messages["required"])
