"""What participants fill in: texts, a receiver, and the password that deletes their account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from messaging.models import Message

MOST_CHARACTERS = 20_000
UNSTORABLE = "The text holds a character that cannot be stored (U+0000): remove it."


def why_not(sender: Any, receiver: Any) -> str | None:
    """Why ``sender`` cannot write to ``receiver``, as a sentence; None where they can."""
    if receiver.pk == sender.pk:
        return "This message would go to yourself: write to somebody else."
    if not receiver.is_active:
        return f"{receiver.get_username()} cannot receive messages: the account is not active."
    return None


class TextField(forms.CharField):
    """A message's text. Line ends are stored as one character, whatever a browser makes of them."""

    def __init__(self, **options: Any) -> None:
        errors = {
            "required": "The text is empty: write something first.",
            "max_length": f"The text has %(show_value)d characters: shorten it to {MOST_CHARACTERS:,}.",
            "null_characters_not_allowed": UNSTORABLE,
        }
        widget = forms.Textarea(attrs={"rows": 6, "dir": "auto"})
        super().__init__(max_length=MOST_CHARACTERS, widget=widget, error_messages=errors, **options)

    def to_python(self, value: Any) -> str | None:
        return super().to_python(with_plain_line_ends(value or ""))


def with_plain_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


class ReplyForm(forms.Form):
    """An answer to ``parent`` by ``sender``; refused where its receiver cannot be written to."""

    content = TextField(label="Your reply")

    def __init__(self, *args: Any, sender: Any, receiver: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sender, self.receiver = sender, receiver

    def clean(self) -> dict[str, Any] | None:
        problem = why_not(self.sender, self.receiver)
        if problem:
            raise ValidationError(problem)
        return super().clean()


class ComposeForm(forms.Form):
    """A new message by ``sender``; ``cleaned_data["receiver"]`` is the user it goes to."""

    receiver = forms.CharField(
        label="To",
        max_length=150,
        help_text="The exact username; capital and small letters differ.",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={
            "required": "Say who should receive it: write their username.",
            "null_characters_not_allowed": "The username holds a character that cannot be seen (U+0000): remove it.",
        },
    )
    content = TextField(label="Message")

    def __init__(self, *args: Any, sender: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sender = sender

    def clean_receiver(self) -> Any:
        name = self.cleaned_data["receiver"]
        users = get_user_model()._default_manager
        receiver = users.filter(**{get_user_model().USERNAME_FIELD: name}).first()
        if receiver is None:
            raise ValidationError(f"Nobody here is called “{name}”: check the spelling, capital letters count.")
        problem = why_not(self.sender, receiver)
        if problem:
            raise ValidationError(problem)
        return receiver


class EditForm(forms.Form):
    """A new text for ``message``. What the form itself changes (blanks at the ends, line ends) is no edit."""

    content = TextField(label="Text")

    def __init__(self, *args: Any, message: Message, **kwargs: Any) -> None:
        kwargs["initial"] = {"content": message.content}
        super().__init__(*args, **kwargs)
        self.message = message

    def clean_content(self) -> str:
        content = self.cleaned_data["content"]
        before = self.message.content
        return before if content == with_plain_line_ends(before).strip() else content


class DeleteAccountForm(forms.Form):
    """The password of ``user``, who wants their account deleted."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Write your password: nothing is deleted without it."},
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise ValidationError("That is not your password: nothing was deleted.")
        return password

    def clean(self) -> dict[str, Any] | None:
        others = get_user_model()._default_manager.filter(is_superuser=True, is_active=True).exclude(pk=self.user.pk)
        if self.user.is_superuser and not others.exists():
            raise ValidationError("This is the last active superuser's account: make somebody else a superuser first.")
        return super().clean()
