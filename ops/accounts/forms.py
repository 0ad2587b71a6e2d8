"""Forms of the users' pages: usernames exactly as they are typed."""

from __future__ import annotations

from django import forms
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.forms import UserChangeForm as DjangoUserChangeForm

from ops.accounts.models import User
from ops.console.rooms import rooms


class ExactUsernameField(forms.CharField):
    """A username without Django's normal form of Unicode, and with the blanks that its validator speaks of."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**{**kwargs, "strip": False})  # type: ignore[arg-type]


def _free(text: str, kind: str = "username") -> str:
    """The username or address; raises ValidationError where a room says that no account may get it."""
    for room in rooms():
        refusal = room.name_refusal(text, kind=kind)
        if refusal:
            raise forms.ValidationError(refusal, code="refused")
    return text


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

    def clean_email(self) -> str:
        """Nor does anybody get the address of an erased account."""
        email = self.cleaned_data["email"]
        return email if email == self.instance.email else _free(email, "email")
