"""Forms for signing in, with usernames exactly as typed (Django normalises them), and for confirming the password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from ops.accounts.signing_in import throttling


class PlainUsernameField(UsernameField):
    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"autofocus": True, "spellcheck": "false"})
        errors = {"null_characters_not_allowed": "A username holds no invisible characters: write it again."}
        super().__init__(widget=widget, error_messages=errors, **options)

    def to_python(self, value: Any) -> Any:
        return forms.CharField.to_python(self, value)


class ThrottledForm(AuthenticationForm):
    """Says when to try again after too many failures; the same whether or not the account exists."""

    def get_invalid_login_error(self) -> ValidationError:
        # Without a request there is no address to throttle.
        until = throttling.refused_until(self.request, self.cleaned_data["username"]) if self.request else None
        if until:
            return ValidationError(throttling.sentence(until), code="throttled")
        return super().get_invalid_login_error()


class SignInForm(ThrottledForm):
    """For participants and staff."""

    username = PlainUsernameField()


class StaffSignInForm(ThrottledForm, AdminAuthenticationForm):
    """For the console: refuses everybody who is not staff."""

    username = PlainUsernameField()


class ConfirmForm(forms.Form):
    """The signed-in user's password, checked and throttled like a sign-in."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
        error_messages={"required": "Write your password."},
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_password(self) -> str:
        user: Any = self.request.user
        password = self.cleaned_data["password"]
        found = authenticate(self.request, username=user.get_username(), password=password)
        if found is None or found.pk != user.pk:
            until = throttling.refused_until(self.request, user.get_username())
            raise ValidationError(throttling.sentence(until) if until else "That is not your password.")
        throttling.forgive(self.request, user.get_username())
        return password
