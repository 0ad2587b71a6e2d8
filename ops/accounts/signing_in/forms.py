"""Forms for signing in, with usernames exactly as typed (Django normalises them), and for the user's own password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from ops.accounts.signing_in import passwords, throttling
from ops.console.rooms import sign_in_refusal


class PlainUsernameField(UsernameField):
    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"autofocus": True, "spellcheck": "false"})
        errors = {
            "null_characters_not_allowed": gettext_lazy("A username holds no invisible characters: write it again.")
        }
        super().__init__(widget=widget, error_messages=errors, **options)

    def to_python(self, value: Any) -> Any:
        return forms.CharField.to_python(self, value)


class ThrottledForm(AuthenticationForm):
    """Shows when to try again after too many failures, whether or not the account exists.

    The right password of an account that may not sign in here is answered, counted and recorded as a wrong one.
    """

    def confirm_login_allowed(self, user: Any) -> None:
        try:
            super().confirm_login_allowed(user)
        except ValidationError as refusal:
            throttling.send_failure(self.request, self.cleaned_data["username"])
            raise self.get_invalid_login_error() from refusal
        if sentences := sign_in_refusal(user):
            # The password was right, so this is no failure, and its owner may see the reason.
            if self.request:
                throttling.delete_failures(self.request, self.cleaned_data["username"])
            raise ValidationError(sentences, code="refused")

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
        label=gettext_lazy("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
        error_messages={"required": gettext_lazy("Enter your password.")},
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_password(self) -> str:
        return _accepted(self.request, self.cleaned_data["password"])


class OwnPasswordForm(AdminPasswordChangeForm):
    """A new password for the signed-in user; the old one is checked and throttled like a sign-in."""

    def __init__(self, user: Any, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.request = request

    def clean_old_password(self) -> str:
        return _accepted(self.request, self.cleaned_data["old_password"])

    def save(self, commit: bool = True) -> Any:
        """Save only the password: other columns may have changed since the account was loaded."""
        user: Any = super().save(commit=False)
        if commit:
            user.save(update_fields=["password"])
        return user


def _accepted(request: HttpRequest, password: str) -> str:
    refused = passwords.refusal(request, password)
    if refused:
        raise ValidationError(refused)
    return password
