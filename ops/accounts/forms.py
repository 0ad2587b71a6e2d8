"""Signing in: usernames exactly as they are, where Django's own field would change letters to their normal form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm, UsernameField


class PlainUsernameField(UsernameField):
    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"autofocus": True, "spellcheck": "false"})
        errors = {"null_characters_not_allowed": "A username holds no invisible characters: write it again."}
        super().__init__(widget=widget, error_messages=errors, **options)

    def to_python(self, value: Any) -> Any:
        return forms.CharField.to_python(self, value)


class SignInForm(AuthenticationForm):
    """For everybody: participants and staff."""

    username = PlainUsernameField()


class StaffSignInForm(AdminAuthenticationForm):
    """For the console: refuses whoever is not staff."""

    username = PlainUsernameField()
