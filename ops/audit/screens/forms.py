"""The form of an export of the audit trail."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy


class ExportForm(forms.Form):
    """The reason for an export, which is recorded."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto", "aria-describedby": "reason-help"}),
        error_messages={
            "required": gettext_lazy("Enter a reason: it is kept in the audit trail, with your name."),
            "null_characters_not_allowed": gettext_lazy(
                "The reason holds a character that cannot be stored: write it again."
            ),
        },
    )
