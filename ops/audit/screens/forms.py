"""The form of an export of the audit trail."""

from __future__ import annotations

from django import forms


class ExportForm(forms.Form):
    """The reason for an export, which is recorded."""

    reason = forms.CharField(
        label="Reason",
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto", "aria-describedby": "reason-help"}),
        error_messages={
            "required": "Enter a reason: it is kept in the audit trail, with your name.",
            "null_characters_not_allowed": "The reason holds a character that cannot be stored: write it anew.",
        },
    )
