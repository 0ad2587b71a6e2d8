"""Each person's own language: pages, notices and what the worker makes for them are of it.

Chosen in the account menu of the console, or on a page of participants, where more than one language is offered
(``LANGUAGES``). Whoever chose none gets the one of theirs that their browser asks for first.
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
    """Shows pages in the language that whoever is signed in chose; others get that of Django's LocaleMiddleware."""

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
    """The language of one person; empty for what their browser asks for."""

    language = forms.TypedChoiceField(label=gettext_lazy("Language"), required=False, empty_value=None)

    class Meta:
        model = User
        fields = ["language"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["language"]
        # In its own words, so that one finds it in any.
        offered = [(code, get_language_info(code)["name_local"]) for code, _name in settings.LANGUAGES]
        field.choices = [("", _("That of the browser")), *offered]


class _OwnLanguage(OwnChoice):
    form_class = LanguageForm

    def chosen(self, person: User) -> str:
        """Said in the language that they chose."""
        with translation.override(language_of(person) or translation.get_language_from_request(self.request)):
            return _("Pages are shown in this language now.")


class LanguageView(_OwnLanguage, ConsoleChoice):
    """The page on which somebody who may sign in to the console chooses their own language."""

    template_name = "accounts/language.html"
    address = "admin:language"
    title = gettext_lazy("Language")


class ParticipantLanguageView(_OwnLanguage, ParticipantChoice):
    """The same in the layout of participants."""

    template_name = "accounts/language_of_participant.html"
    address = "language"
