"""The form that corrects the text of a message in the console."""

from __future__ import annotations

from django import forms

from messaging.models import UNSTORABLE_TEXT, Message
from messaging.participants.forms import normalize_line_ends


class CorrectionForm(forms.ModelForm):
    """The corrected text. Different line ends alone are not a change, because browsers send their own."""

    content = forms.CharField(
        label="Corrected text",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "dir": "auto"}),
        error_messages={
            "required": "Enter the corrected text.",
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
