"""Each person's own language: that of pages, of notices, and of files that the worker makes for them.

People choose it in the console's account menu, or on a page for participants, if more than one language is offered
(``LANGUAGES``). A person who chose none gets the first offered language that their browser requests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _

from messaging.languages.own import language_of
from ops.accounts.models import User
from ops.accounts.preferences.chosen import ConsoleChoice, OwnChoice, ParticipantChoice


class OwnLanguageMiddleware:
    """Shows pages in the language that the signed-in user chose; otherwise Django's LocaleMiddleware decides."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        language = language_of(request.user)
        if not language or language == request.LANGUAGE_CODE:
            return self.get_response(request)
        request.LANGUAGE_CODE = language
        with translation.override(language):
            return self.get_response(request)


class LanguageForm(forms.ModelForm):
    """The language of one person; empty for what their browser requests."""

    language = forms.TypedChoiceField(label=gettext_lazy("Language"), required=False, empty_value=None)

    class Meta:
        model = User
        fields = ["language"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["language"]
        # Each language by its own name, so that people find it whatever language the page is in.
        offered = [(code, get_language_info(code)["name_local"]) for code, _name in settings.LANGUAGES]
        field.choices = [("", _("That of the browser")), *offered]


class _OwnLanguage(OwnChoice):
    form_class = LanguageForm

    def chosen(self, person: User) -> str:
        """Return the message in the language that was chosen."""
        with translation.override(language_of(person) or translation.get_language_from_request(self.request)):
            return _("Pages are shown in this language now.")


class LanguageView(_OwnLanguage, ConsoleChoice):
    """The console's page on which staff choose their own language."""

    template_name = "accounts/language.html"
    address = "admin:language"
    title = gettext_lazy("Language")


class ParticipantLanguageView(_OwnLanguage, ParticipantChoice):
    """The same page in the participants' layout."""

    template_name = "accounts/language_of_participant.html"
    address = "language"
