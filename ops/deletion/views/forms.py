"""Forms of the deletion pages: method, basis, reason, and typing a name to confirm what cannot be undone."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from ops.deletion.models import Basis, DeletionGroup, Hold, Mode, Texts

UNSTORABLE = "This contains a character that cannot be stored. Retype it."

# Two settings that depend on each other, offered as one choice: (mode, texts) by the form's value.
WAYS: dict[str, tuple[str, str | None]] = {
    "erase": (Mode.ERASE, None),
    "blank": (Mode.ANONYMISE, Texts.BLANK),
    "keep": (Mode.ANONYMISE, Texts.KEEP),
}


def usual_way() -> str:
    """The form's value for the method that the settings prescribe."""
    return str(settings.DELETION_TEXTS if settings.DELETION_MODE == Mode.ANONYMISE else settings.DELETION_MODE)


class ReasonField(forms.CharField):
    """A reason in the user's own words; kept in the audit trail."""

    def __init__(self, label: str, missing: str, help_text: str = "") -> None:
        super().__init__(
            label=label,
            max_length=1_000,
            widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
            help_text=help_text,
            error_messages={"required": missing, "null_characters_not_allowed": UNSTORABLE},
        )


class TypedField(forms.CharField):
    """Accepts only ``phrase``: confirms by typing what cannot be undone.

    Compared in Unicode's NFC: a keyboard may compose letters otherwise than they are stored.
    """

    def __init__(self, label: str, phrase: str) -> None:
        missing = f"Type “{phrase}” to confirm."
        widget = forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"})
        errors = {"required": missing, "null_characters_not_allowed": missing}
        super().__init__(label=label, widget=widget, error_messages=errors)
        self.phrase = phrase

    def validate(self, value: str) -> None:
        super().validate(value)
        if _as_read(value) != _as_read(self.phrase):
            raise ValidationError(f"That is not “{self.phrase}”. Nothing was done. Type it exactly as shown.")


def _as_read(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip())


class TypedForm(forms.Form):
    """Asks to type ``phrase``: a username, or “delete N accounts”."""

    typed: forms.Field

    def __init__(self, *args: Any, phrase: str, one: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["typed"] = TypedField("Type the username" if one else "Type", phrase)


class RequestForm(TypedForm):
    """Method, basis, ticket and reason of a request."""

    way = forms.ChoiceField(
        choices=[(way, way) for way in WAYS],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what happens to the messages."},
    )
    basis = forms.ChoiceField(
        label="Basis",
        choices=[("", "Choose…"), *Basis.choices],
        error_messages={"required": "Choose a basis: it is kept on the receipt."},
    )
    ticket = forms.CharField(
        label="Ticket",
        required=False,
        max_length=64,
        validators=DeletionGroup._meta.get_field("ticket").validators,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="A reference such as SUP-123. It stays on the receipt: no names.",
        error_messages={"null_characters_not_allowed": UNSTORABLE},
    )
    reason = ReasonField(
        "Reason",
        "Enter a reason: the approver reads it.",
        "The approver reads it. It is erased with the account, in the audit trail as well.",
    )

    def clean_way(self) -> tuple[str, str | None]:
        """(mode, texts) for ``requests.request_deletion``."""
        return WAYS[self.cleaned_data["way"]]


class RefuseForm(forms.Form):
    reason = ReasonField("Reason for refusing", "Enter a reason: the requester will want to know.")


class CancelForm(forms.Form):
    reason = ReasonField("Reason for cancelling", "Enter a reason: it is recorded with your name.")


class FindPersonForm(forms.Form):
    """The username of one person, exactly."""

    username = forms.CharField(
        label="Username",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        help_text="Exact username, case-sensitive.",
        error_messages={"required": "Enter a username.", "null_characters_not_allowed": UNSTORABLE},
    )


class HoldForm(forms.Form):
    """Kind and reason of a hold."""

    kind = forms.ChoiceField(label="Kind", choices=Hold.Kind.choices)
    reason = ReasonField("Reason for hold", "Enter the reason for the hold.", "Staff who can see holds read it.")


class LiftForm(forms.Form):
    reason = ReasonField("Reason for lifting", "Enter why the hold is no longer needed.")


class LiftIdentifierForm(forms.Form):
    reason = ReasonField("Reason for releasing", "Enter why it is released.")


class LookUpForm(forms.Form):
    """A username or e-mail address to look up. Sent by POST, so that it is in no URL and no log."""

    name = forms.CharField(
        label="Username or e-mail address",
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        error_messages={
            "required": "Enter the username or e-mail address to look up.",
            "null_characters_not_allowed": UNSTORABLE,
        },
    )
