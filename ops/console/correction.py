"""Correcting the text of a message in the console."""

from __future__ import annotations

from django import forms

from messaging.models import UNSTORABLE_TEXT, Message
from messaging.participants.forms import normalize_line_ends


class CorrectionForm(forms.ModelForm):
    """The text as it should read. Line ends alone are no correction: browsers send their own."""

    content = forms.CharField(
        label="The text as it should read",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "dir": "auto"}),
        error_messages={
            "required": "The text is empty: write what it should read.",
            "null_characters_not_allowed": UNSTORABLE_TEXT,
        },
    )

    class Meta:
        model = Message
        fields = ("content",)

    def clean_content(self) -> str:
        stored, text = self.initial["content"], normalize_line_ends(self.cleaned_data["content"])
        if not text.strip():
            raise forms.ValidationError(self.fields["content"].error_messages["required"], code="required")
        return stored if normalize_line_ends(stored) == text else text
