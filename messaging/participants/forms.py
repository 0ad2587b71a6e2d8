"""The forms of participants: for a new message, a reply, an edit, a report, and for deleting their account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods

from messaging.languages.wording import grouped
from messaging.models import TEXT_CHANGED, UNSTORABLE_TEXT, Message
from messaging.participants import blocking
from messaging.participants.account_deletion import is_last_superuser, password_refusal
from messaging.participants.reporting import LONGEST_NOTE
from messaging.participants.standing import Standing, standing_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MAX_CHARACTERS = 20_000

require_form_methods = require_http_methods(["GET", "HEAD", "POST"])


def form_data(request: HttpRequest) -> QueryDict | None:
    """Return the data to bind a form to, or None to leave it unbound. An empty POST binds it too."""
    return request.POST if request.method == "POST" else None


def writing_refusal(sender: Any, receiver: Any, standing: Standing | None = None) -> str | None:
    """Return the sentence that explains why ``sender`` cannot write to ``receiver``, or None if they can.

    ``standing`` is the sender's standing; it is looked up if not given.
    """
    refused = (standing_of(sender) if standing is None else standing).sending_refusal
    if refused:
        return refused
    if receiver.pk == sender.pk:
        return _("You cannot send a message to yourself.")
    if not receiver.is_active:
        name = receiver.get_username()
        return _("%(name)s cannot receive messages: the account is not active.") % {"name": name}
    return blocking.refusal(sender, receiver)


def normalize_line_ends(text: str) -> str:
    """Return ``text`` with ``\\n`` as its only line end; browsers send ``\\r\\n``."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _shorten_to(most: int, text: StrOrPromise) -> Any:
    """Return an error text about too many characters with ``most`` filled in; the field fills in the actual number."""
    return lazy(lambda: str(text) % {"length": "%(show_value)d", "most": grouped(most)}, str)()


class MessageTextField(forms.CharField):
    """The text of a message, with line ends normalized before its characters are counted."""

    def __init__(self, **options: Any) -> None:
        errors = {
            "required": gettext_lazy("Enter a text."),
            "max_length": _shorten_to(
                MAX_CHARACTERS, gettext_lazy("The text has %(length)s characters: shorten it to %(most)s.")
            ),
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
            "max_length": _shorten_to(
                LONGEST_NOTE, gettext_lazy("The note has %(length)s characters: shorten it to %(most)s.")
            ),
            "null_characters_not_allowed": gettext_lazy(
                "The note holds a character that cannot be stored (U+0000): remove it."
            ),
        }
        widget = forms.Textarea(attrs={"rows": 3, "dir": "auto"})
        super().__init__(max_length=LONGEST_NOTE, widget=widget, error_messages=errors, **options)

    def to_python(self, value: Any) -> str | None:
        return super().to_python(normalize_line_ends(value or ""))


class UsernameField(forms.CharField):
    """A field for an exact username."""

    def __init__(self, *, required_error: StrOrPromise = "", **options: Any) -> None:
        errors = {
            "required": required_error or gettext_lazy("Enter a username."),
            "null_characters_not_allowed": gettext_lazy(
                "The username contains an invisible character (U+0000): remove it."
            ),
        }
        widget = forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"})
        hint = gettext_lazy("The exact username, case-sensitive.")
        super().__init__(max_length=150, help_text=hint, widget=widget, error_messages=errors, **options)


def person_called(name: str) -> Any:
    """Return the user with this username. Raise ValidationError, for a form, if there is none."""
    person = get_user_model()._default_manager.filter(**{get_user_model().USERNAME_FIELD: name}).first()
    if person is None:
        sentence = _("Nobody here is called “%(name)s”: check the spelling; usernames are case-sensitive.")
        raise ValidationError(sentence % {"name": name})
    return person


class ReplyForm(forms.Form):
    """A reply by ``sender`` to ``receiver``; invalid if ``sender`` cannot write to them."""

    content = MessageTextField(label=gettext_lazy("Your reply"))

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

    receiver = UsernameField(
        label=pgettext_lazy("receiver", "To"), required_error=gettext_lazy("Enter the username of the receiver.")
    )
    content = MessageTextField(label=gettext_lazy("Message"))

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
        refusal = writing_refusal(self.sender, receiver, Standing())  # clean() checks the sender's own standing
        if refusal:
            raise ValidationError(refusal)
        return receiver


class BlockForm(forms.Form):
    """A person for ``blocker`` to block. ``cleaned_data["person"]`` is a user, looked up by the exact username."""

    person = UsernameField(label=gettext_lazy("Username"))

    def __init__(self, *args: Any, blocker: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.blocker = blocker

    def clean_person(self) -> Any:
        person = person_called(self.cleaned_data["person"])
        if person.pk == self.blocker.pk:
            raise ValidationError(_("You cannot block yourself."))
        return person


class RevisionField(forms.IntegerField):
    """The revision of the text that the user saw on starting to edit; empty if they saw none."""

    def __init__(self) -> None:
        super().__init__(required=False, widget=forms.HiddenInput)

    def clean(self, value: Any) -> int | None:
        try:
            return super().clean(value)
        except forms.ValidationError:
            return 0  # the number of no revision


def refuse_if_changed(form: Any, *, stored: str, revision: int) -> bool:
    """Refuse the text in ``form`` if another one was saved since its revision; return whether it was refused.

    The form then gets the ``revision`` of the ``stored`` text, so that it can be saved again after both were shown.
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

    ``cleaned_data["content"]`` is the stored text if only line ends or white space at the ends differ: the form itself
    changes these, which does not count as an edit.
    """

    content = MessageTextField(label=gettext_lazy("Text"))
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
    """The reason for a report, one of ``choices`` (keys and words), and a note."""

    choice = forms.ChoiceField(
        label=gettext_lazy("What is wrong with it?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose what is wrong with it."),
            "invalid_choice": gettext_lazy("Choose one of these."),
        },
    )
    note = NoteField(label=gettext_lazy("Anything else moderators should know (optional)"), required=False)

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["choice"].choices = choices  # type: ignore[attr-defined]


class DeleteAccountForm(forms.Form):
    """The password of a user who wants their account deleted; invalid for the last active superuser."""

    password = forms.CharField(
        label=gettext_lazy("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": gettext_lazy("Enter your password to delete the account.")},
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        refusal = password_refusal(self.request, password)
        if refusal:
            raise ValidationError(_("%(refusal)s Nothing was deleted.") % {"refusal": refusal})
        return password

    def clean(self) -> dict[str, Any] | None:
        # Only after the password is right, so that nobody else learns what the account may do.
        if "password" in self.cleaned_data and is_last_superuser(self.request.user):
            raise ValidationError(
                _("This is the last active superuser's account: make somebody else a superuser first.")
            )
        return super().clean()
