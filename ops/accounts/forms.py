"""Forms of the users' pages, which take usernames exactly as typed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import (
    AdminPasswordChangeForm,
    AdminUserCreationForm,
    ReadOnlyPasswordHashField,
    ReadOnlyPasswordHashWidget,
    SetUnusablePasswordMixin,
)
from django.contrib.auth.forms import UserChangeForm as DjangoUserChangeForm
from django.contrib.auth.hashers import is_password_usable
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.accounts.models import LastSuperuser, User
from ops.accounts.roles import in_words
from ops.accounts.usernames import refusal_of_name

NAME_HELP = gettext_lazy("Up to 150 characters, case-sensitive.")


class ExactUsernameField(forms.CharField):
    """A username field without Django's Unicode normalisation, which keeps outer blanks for the validator to refuse."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**{**kwargs, "strip": False})  # type: ignore[arg-type]


class PermissionsField(forms.ModelMultipleChoiceField):
    """Permissions with names in the language of the user."""

    def label_from_instance(self, obj: Any) -> str:
        return in_words(obj)


def _free(text: str, kind: str = "username") -> str:
    """Return the username or address. Raises ValidationError if no account may get it."""
    refusal = refusal_of_name(text, kind=kind)
    if refusal:
        raise forms.ValidationError(refusal, code="refused")
    return text


class PasswordState(ReadOnlyPasswordHashWidget):
    """Shows whether there is a password, and a link to set another one; nothing of its hash."""

    template_name = "accounts/password_state.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        return {**context, "is_set": is_password_usable(value)}


class PasswordForm(AdminPasswordChangeForm):
    # Django joins this text at import time, in English for everybody.
    usable_password_help_text: Any = format_lazy(
        '{}<ul id="id_unusable_warning" class="messagelist"><li class="warning">{}</li></ul>',
        SetUnusablePasswordMixin.usable_password_help_text,
        gettext_lazy("If disabled, the current password for this user will be lost."),
    )


class UserAddForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("username",)
        field_classes = {"username": ExactUsernameField}
        help_texts = {"username": NAME_HELP}

    def clean_username(self) -> str:
        """Accept a name that differs from another only in case, unlike Django: here these are two people."""
        return _free(self.cleaned_data["username"])


class UserChangeForm(DjangoUserChangeForm):
    password = ReadOnlyPasswordHashField(label=gettext_lazy("Password"), widget=PasswordState)

    class Meta:
        model = User
        fields = "__all__"
        field_classes = {"username": ExactUsernameField}
        labels = {"groups": gettext_lazy("Roles"), "is_superuser": gettext_lazy("Superuser")}
        help_texts = {
            "username": NAME_HELP,
            "is_superuser": gettext_lazy("Can do everything."),
            "groups": gettext_lazy("A person may have several."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "password" in self.fields:
            self.fields["password"].help_text = ""

    def clean_username(self) -> str:
        """Refuse names that no account may get, such as those of erased accounts; the current one may stay."""
        username = self.cleaned_data["username"]
        return username if username == self.instance.username else _free(username)

    def clean_email(self) -> str:
        """Refuse the address of an erased account; the current one may stay."""
        email = self.cleaned_data["email"]
        return email if email == self.instance.email else _free(email, "email")

    def clean(self) -> dict[str, Any]:
        """Require that an active superuser remains, and that superusers are staff."""
        data = super().clean() or {}
        after = {
            name: data.get(name, getattr(self.instance, name)) for name in ("is_active", "is_superuser", "is_staff")
        }
        if after["is_superuser"] and not after["is_staff"]:
            self.add_error("is_staff", _("A superuser needs “staff” to sign in to the console: tick both, or neither."))
        others = User.objects.active_superusers().exclude(pk=self.instance.pk)
        is_one = self.instance.is_superuser and self.instance.is_active
        if is_one and not (after["is_superuser"] and after["is_active"]) and not others.exists():
            raise LastSuperuser
        return data
