"""Each person's own language: pages, notices and what the worker makes for them are of it.

Chosen in the account menu of the console, or on a page of participants, where more than one language is offered
(``LANGUAGES``). Whoever chose none gets the one of theirs that their browser asks for first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import UpdateView

from messaging import page_cache
from messaging.languages.own import language_of
from ops.accounts.models import User


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


class _OwnLanguage(UpdateView):
    """The language of whoever is signed in; a subclass has the template, and where saving leads."""

    http_method_names = ["get", "head", "post", "options"]
    form_class = LanguageForm
    context_object_name = "person"  # "user" is whoever is signed in
    address = ""

    def get_object(self, queryset: Any = None) -> Any:
        return User.objects.get(pk=self.request.user.pk)

    def form_valid(self, form: forms.ModelForm) -> HttpResponse:
        person = form.save(commit=False)
        person.save(update_fields=["language"])
        page_cache.invalidate([person.pk])
        with translation.override(language_of(person) or translation.get_language_from_request(self.request)):
            messages.success(self.request, _("Pages are shown in this language now."))
        return HttpResponseRedirect(reverse(self.address))


class LanguageView(_OwnLanguage):
    """The page on which somebody who may sign in to the console chooses their own language."""

    template_name = "accounts/language.html"
    address = "admin:language"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = {**admin.site.each_context(self.request), "title": _("Language"), **kwargs}
        return super().get_context_data(**context)


@method_decorator(never_cache, name="dispatch")
class ParticipantLanguageView(LoginRequiredMixin, _OwnLanguage):
    """The same in the layout of participants."""

    template_name = "accounts/language_of_participant.html"
    address = "language"
