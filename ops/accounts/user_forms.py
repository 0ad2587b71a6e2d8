"""Forms of the users' pages: usernames exactly as they are typed."""

from __future__ import annotations

from django import forms
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.forms import UserChangeForm as DjangoUserChangeForm

from ops.accounts import identifiers
from ops.accounts.models import User


class ExactUsernameField(forms.CharField):
    """A username without Django's normal form of Unicode, and with the blanks that its validator speaks of."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**{**kwargs, "strip": False})  # type: ignore[arg-type]


def _free(username: str) -> str:
    """The username; raises ValidationError where an erased account had it."""
    known = identifiers.erased([username]).get(username)
    if known is not None:
        raise forms.ValidationError(identifiers.refusal(username, known), code="erased")
    return username


class UserAddForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("username",)
        field_classes = {"username": ExactUsernameField}

    def clean_username(self) -> str:
        """Django refuses a name that differs from another one only in capital letters; here those are two people."""
        return _free(self.cleaned_data["username"])


class UserChangeForm(DjangoUserChangeForm):
    class Meta:
        model = User
        fields = "__all__"
        field_classes = {"username": ExactUsernameField}

    def clean_username(self) -> str:
        """Nobody is renamed to what an erased account was called."""
        username = self.cleaned_data["username"]
        return username if username == self.instance.username else _free(username)
