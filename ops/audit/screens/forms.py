"""What an export of the audit trail asks."""

from __future__ import annotations

from django import forms


class ExportForm(forms.Form):
    """Why somebody takes the trail out of the console."""

    reason = forms.CharField(
        label="Reason",
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto", "aria-describedby": "reason-help"}),
        error_messages={
            "required": "Say what the export is for: it is kept in the audit trail, with your name.",
            "null_characters_not_allowed": "The reason holds a character that cannot be stored: write it anew.",
        },
    )
