"""Forms of the deletion pages: method, basis, reason, and a name to type before what cannot be undone."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.deletion.models import Basis, DeletionGroup, Hold, Mode, Texts

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

UNSTORABLE = gettext_lazy("This contains a character that cannot be stored. Retype it.")

# (mode, texts) by the form's value: two options that depend on each other, offered as one choice.
WAYS: dict[str, tuple[str, str | None]] = {
    "erase": (Mode.ERASE, None),
    "blank": (Mode.ANONYMISE, Texts.BLANK),
    "keep": (Mode.ANONYMISE, Texts.KEEP),
}


def usual_way() -> str:
    """Return the form's value for the default method in the settings."""
    return str(settings.DELETION_TEXTS if settings.DELETION_MODE == Mode.ANONYMISE else settings.DELETION_MODE)


class ReasonField(forms.CharField):
    """A reason in the user's own words, which the audit trail keeps."""

    def __init__(self, label: StrOrPromise, missing: StrOrPromise, help_text: StrOrPromise = "") -> None:
        super().__init__(
            label=label,
            max_length=1_000,
            widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
            help_text=help_text,
            error_messages={"required": missing, "null_characters_not_allowed": UNSTORABLE},
        )


class TypedField(forms.CharField):
    """Accepts only ``phrase``, to confirm what cannot be undone.

    Compares in NFC, because a keyboard may compose letters differently than they are stored.
    """

    def __init__(self, phrase: str, *, is_username: bool) -> None:
        missing = _("Type “%(phrase)s” to confirm.") % {"phrase": phrase}
        widget = forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"})
        errors = {"required": missing, "null_characters_not_allowed": missing}
        super().__init__(widget=widget, error_messages=errors)  # deletion/_typed.html labels it
        self.phrase, self.is_username = phrase, is_username

    def validate(self, value: str) -> None:
        super().validate(value)
        if _as_read(value) != _as_read(self.phrase):
            sentence = _("That is not “%(phrase)s”. Nothing was changed. Type it exactly as shown.")
            raise ValidationError(sentence % {"phrase": self.phrase})


def _as_read(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip())


class TypedForm(forms.Form):
    """A form in which to type ``phrase``: a username, or “delete N accounts”."""

    typed: forms.Field

    def __init__(self, *args: Any, phrase: str, one: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["typed"] = TypedField(phrase, is_username=one)


class RequestForm(TypedForm):
    """Method, basis, ticket and reason of a request."""

    way = forms.ChoiceField(
        choices=[(way, way) for way in WAYS],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what happens to the messages.")},
    )
    basis = forms.ChoiceField(
        label=gettext_lazy("Basis"),
        choices=[("", gettext_lazy("Choose…")), *Basis.choices],
        error_messages={"required": gettext_lazy("Choose a basis: it is kept on the receipt.")},
    )
    ticket = forms.CharField(
        label=gettext_lazy("Ticket"),
        required=False,
        max_length=64,
        validators=DeletionGroup._meta.get_field("ticket").validators,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("A reference such as SUP-123. It stays on the receipt: no names."),
        error_messages={"null_characters_not_allowed": UNSTORABLE},
    )
    reason = ReasonField(
        gettext_lazy("Reason"),
        gettext_lazy("Enter a reason: the approver reads it."),
        gettext_lazy("The approver reads it. It is erased with the account, in the audit trail as well."),
    )

    def clean_way(self) -> tuple[str, str | None]:
        """Return (mode, texts) for ``requests.request_deletion``."""
        return WAYS[self.cleaned_data["way"]]


class RefuseForm(forms.Form):
    reason = ReasonField(
        gettext_lazy("Reason for refusing"), gettext_lazy("Enter a reason: the requester will want to know.")
    )


class CancelForm(forms.Form):
    reason = ReasonField(
        gettext_lazy("Reason for cancelling"), gettext_lazy("Enter a reason: it is recorded with your name.")
    )


class FindPersonForm(forms.Form):
    """The exact username of one person."""

    username = forms.CharField(
        label=gettext_lazy("Username"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        help_text=gettext_lazy("Exact username, case-sensitive."),
        error_messages={"required": gettext_lazy("Enter a username."), "null_characters_not_allowed": UNSTORABLE},
    )


class HoldForm(forms.Form):
    """Kind and reason of a hold."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Hold.Kind.choices)
    reason = ReasonField(
        gettext_lazy("Reason for hold"),
        gettext_lazy("Enter the reason for the hold."),
        gettext_lazy("Staff who can see holds read it."),
    )


class LiftForm(forms.Form):
    reason = ReasonField(gettext_lazy("Reason for lifting"), gettext_lazy("Enter why the hold is no longer needed."))


class LiftIdentifierForm(forms.Form):
    reason = ReasonField(gettext_lazy("Reason for releasing"), gettext_lazy("Enter why it is released."))


class LookUpForm(forms.Form):
    """A username or e-mail address to look up. Sent by POST, which keeps it out of URLs and logs."""

    name = forms.CharField(
        label=gettext_lazy("Username or e-mail address"),
        max_length=254,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        ),
        error_messages={
            "required": gettext_lazy("Enter the username or e-mail address to look up."),
            "null_characters_not_allowed": UNSTORABLE,
        },
    )
