"""Correcting the text of a message in the console."""

from __future__ import annotations

from django import forms

from messaging.forms import UNSTORABLE, with_plain_line_ends
from messaging.models import Message


class CorrectionForm(forms.ModelForm):
    """The text as it should read. Line ends alone are no correction: browsers send their own."""

    content = forms.CharField(
        label="The text as it should read",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "dir": "auto"}),
        error_messages={
            "required": "The text is empty: write what it should read.",
            "null_characters_not_allowed": UNSTORABLE,
        },
    )

    class Meta:
        model = Message
        fields = ("content",)

    def clean_content(self) -> str:
        stored, text = self.initial["content"], with_plain_line_ends(self.cleaned_data["content"])
        if not text.strip():
            raise forms.ValidationError(self.fields["content"].error_messages["required"], code="required")
        return stored if with_plain_line_ends(stored) == text else text
