"""The forms of participants: for a new message, a reply, an edit, a report, and for deleting their account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.views.decorators.http import require_http_methods

from messaging.models import TEXT_CHANGED, UNSTORABLE_TEXT, Message
from messaging.participants import blocking
from messaging.participants.account_deletion import is_last_superuser, password_refusal
from messaging.participants.reporting import LONGEST_NOTE
from messaging.participants.standing import Standing, standing_of

MAX_CHARACTERS = 20_000

require_form_methods = require_http_methods(["GET", "HEAD", "POST"])


def form_data(request: HttpRequest) -> QueryDict | None:
    """Return the data to bind a form to, or None to leave it unbound. An empty POST binds it too."""
    return request.POST if request.method == "POST" else None


def writing_refusal(sender: Any, receiver: Any, standing: Standing | None = None) -> str | None:
    """Return why ``sender`` cannot write to ``receiver``, as a sentence, or None if they can.

    ``standing`` is what moderators say of the sender, where that is known already.
    """
    refused = (standing_of(sender) if standing is None else standing).sending_refusal
    if refused:
        return refused
    if receiver.pk == sender.pk:
        return "You cannot send a message to yourself."
    if not receiver.is_active:
        return f"{receiver.get_username()} cannot receive messages: the account is not active."
    return blocking.refusal(sender, receiver)


def normalize_line_ends(text: str) -> str:
    """Return ``text`` with ``\\n`` as its only line end; browsers send ``\\r\\n``."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


class MessageTextField(forms.CharField):
    """The text of a message, with line ends normalized before its characters are counted."""

    def __init__(self, **options: Any) -> None:
        errors = {
            "required": "Enter a text.",
            "max_length": f"The text has %(show_value)d characters: shorten it to {MAX_CHARACTERS:,}.",
            "null_characters_not_allowed": UNSTORABLE_TEXT,
        }
        widget = forms.Textarea(attrs={"rows": 6, "dir": "auto"})
        super().__init__(max_length=MAX_CHARACTERS, widget=widget, error_messages=errors, **options)

    def to_python(self, value: Any) -> str | None:
        return super().to_python(normalize_line_ends(value or ""))


class NoteField(forms.CharField):
    """A note to moderators, with line ends normalized before its characters are counted."""

    def __init__(self, **options: Any) -> None:
        errors = {
            "max_length": f"The note has %(show_value)d characters: shorten it to {LONGEST_NOTE:,}.",
            "null_characters_not_allowed": "The note holds a character that cannot be stored (U+0000): remove it.",
        }
        widget = forms.Textarea(attrs={"rows": 3, "dir": "auto"})
        super().__init__(max_length=LONGEST_NOTE, widget=widget, error_messages=errors, **options)

    def to_python(self, value: Any) -> str | None:
        return super().to_python(normalize_line_ends(value or ""))


class UsernameField(forms.CharField):
    """Somebody's exact username."""

    def __init__(self, *, required_error: str = "Enter a username.", **options: Any) -> None:
        errors = {
            "required": required_error,
            "null_characters_not_allowed": "The username contains an invisible character (U+0000): remove it.",
        }
        widget = forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"})
        hint = "The exact username, case-sensitive."
        super().__init__(max_length=150, help_text=hint, widget=widget, error_messages=errors, **options)


def person_called(name: str) -> Any:
    """Return the user with this username. Raises ValidationError, for a form, where there is none."""
    person = get_user_model()._default_manager.filter(**{get_user_model().USERNAME_FIELD: name}).first()
    if person is None:
        raise ValidationError(f"Nobody here is called “{name}”: check the spelling; usernames are case-sensitive.")
    return person


class ReplyForm(forms.Form):
    """A reply by ``sender`` to ``receiver``; invalid if they cannot be written to."""

    content = MessageTextField(label="Your reply")

    def __init__(self, *args: Any, sender: Any, receiver: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sender, self.receiver = sender, receiver

    def clean(self) -> dict[str, Any] | None:
        refusal = writing_refusal(self.sender, self.receiver)
        if refusal:
            raise ValidationError(refusal)
        return super().clean()


class ComposeForm(forms.Form):
    """A new message by ``sender``. ``cleaned_data["receiver"]`` is a user, looked up by the exact username."""

    receiver = UsernameField(label="To", required_error="Enter the username of the receiver.")
    content = MessageTextField(label="Message")

    def __init__(self, *args: Any, sender: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sender = sender

    def clean(self) -> dict[str, Any] | None:
        refusal = standing_of(self.sender).beginning_refusal
        if refusal:
            raise ValidationError(refusal)
        return super().clean()

    def clean_receiver(self) -> Any:
        receiver = person_called(self.cleaned_data["receiver"])
        refusal = writing_refusal(self.sender, receiver, Standing())  # what moderators say of the sender is for clean()
        if refusal:
            raise ValidationError(refusal)
        return receiver


class BlockForm(forms.Form):
    """Somebody whom ``blocker`` does not want to be written to by. ``cleaned_data["person"]`` is a user."""

    person = UsernameField(label="Username")

    def __init__(self, *args: Any, blocker: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.blocker = blocker

    def clean_person(self) -> Any:
        person = person_called(self.cleaned_data["person"])
        if person.pk == self.blocker.pk:
            raise ValidationError("You cannot block yourself.")
        return person


class RevisionField(forms.IntegerField):
    """The revision of the text that somebody saw when they began to edit it; empty where they saw none."""

    def __init__(self) -> None:
        super().__init__(required=False, widget=forms.HiddenInput)

    def clean(self, value: Any) -> int | None:
        try:
            return super().clean(value)
        except forms.ValidationError:
            return 0  # which no text is


def refuse_if_changed(form: Any, *, stored: str, revision: int) -> bool:
    """Refuse the text in ``form`` if somebody saved another one since its ``revision``; whether that is so.

    The form is then about the text as it is ``stored`` now, under this revision: whoever saves it again has seen both.
    """
    base, text = form.cleaned_data.get("revision"), form.cleaned_data.get("content")
    if base in (None, revision) or text in (None, stored):
        return False
    form.data = form.data.copy()
    form.data[form.add_prefix("revision")] = str(revision)
    form.add_error("content", TEXT_CHANGED)
    return True


class EditForm(forms.Form):
    """A new text for ``message``; ``outdated`` if it was refused because the text was changed meanwhile.

    ``cleaned_data["content"]`` is the stored text if only white space at its ends or line ends differ: the form itself
    changes these, which is no edit.
    """

    content = MessageTextField(label="Text")
    revision = RevisionField()

    def __init__(self, *args: Any, message: Message, **kwargs: Any) -> None:
        kwargs["initial"] = {"content": message.content, "revision": message.revision, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.message = message
        self.outdated = False

    def clean(self) -> None:
        super().clean()
        self.outdated = refuse_if_changed(self, stored=self.message.content, revision=self.message.revision)

    def clean_content(self) -> str:
        content = self.cleaned_data["content"]
        stored = self.message.content
        return stored if content == normalize_line_ends(stored).strip() else content


class ReportForm(forms.Form):
    """Why a message is reported: one of ``choices`` (keys and words), and a note."""

    choice = forms.ChoiceField(
        label="What is wrong with it?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what is wrong with it.", "invalid_choice": "Choose one of these."},
    )
    note = NoteField(label="Anything else moderators should know (optional)", required=False)

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["choice"].choices = choices  # type: ignore[attr-defined]


class DeleteAccountForm(forms.Form):
    """The password of whoever is signed in and wants their account deleted; invalid for the last active superuser."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password to delete the account."},
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        refusal = password_refusal(self.request, password)
        if refusal:
            raise ValidationError(f"{refusal} Nothing was deleted.")
        return password

    def clean(self) -> dict[str, Any] | None:
        # What the account may do is said to nobody who does not know its password.
        if "password" in self.cleaned_data and is_last_superuser(self.request.user):
            raise ValidationError("This is the last active superuser's account: make somebody else a superuser first.")
        return super().clean()
