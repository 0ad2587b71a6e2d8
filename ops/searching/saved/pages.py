"""The pages for saving searches, and for listing and deleting saved ones."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.accounts.actions import Action, ConsolePage
from ops.accounts.preferences.named import SaveUnderName, to_manage
from ops.accounts.refusals import Refused
from ops.console.addresses import clean_search_term
from ops.console.rooms import Page
from ops.searching.models import SavedSearch
from ops.searching.saved import saving
from ops.searching.saved.looks import MODELS, may_see
from ops.searching.saved.shown import address_of, of_person

NOTHING = gettext_lazy("There is nothing to save: search a list first, and choose “Save this search…” there.")
NOT_SHOWN = {
    SavedSearch.Scope.CONVERSATIONS: gettext_lazy("Your role does not show conversations."),
    SavedSearch.Scope.MESSAGES: gettext_lazy("Your role does not show messages."),
}


class OfLists(ConsolePage):
    """A page for users who may see one of the searched lists."""

    def may_open(self, user: Any) -> bool:
        return any(may_see(scope, user) for scope in MODELS)


class SaveSearch(OfLists, SaveUnderName):
    """Saves the search in its query string, which was typed into the search box of a list."""

    shares = saving.SHARES
    template_name = "searching/save.html"
    title = gettext_lazy("Save search")

    @cached_property
    def asked(self) -> tuple[str, str]:
        """The scope and the words. Raises Refused."""
        scope, words = self.request.GET.get("scope", ""), clean_search_term(self.request.GET.get("q", ""))
        if scope not in SavedSearch.Scope or not words:
            raise Refused(NOTHING)
        if not may_see(scope, self.request.user):
            raise Refused(NOT_SHOWN[SavedSearch.Scope(scope)])
        model_admin: Any = admin.site.get_model_admin(MODELS[SavedSearch.Scope(scope)])
        fault = model_admin.asked(self.request, words).fault
        if fault is not None:
            raise Refused(fault.sentence)
        return scope, words

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs["back"] = reverse("admin:saved_searches")
        try:
            kwargs["scope"], kwargs["words"] = self.asked
            kwargs["back"] = address_of(SavedSearch(scope=kwargs["scope"], words=kwargs["words"]))
        except Refused as refusal:
            kwargs["why_not"] = str(refusal)
        return super().get_context_data(**kwargs)

    def save(self, name: str, *, for_team: bool) -> SavedSearch:
        scope, words = self.asked
        return saving.save(name, scope, words, by=self.request.user, for_team=for_team)

    def success_message(self) -> str:
        return _("Saved: “%(name)s” stands above the list.") % {"name": self.saved}

    def get_success_url(self) -> str:
        return address_of(self.saved)


class SavedSearches(OfLists):
    """The user's own searches, and the team's."""

    http_method_names = ["get", "head", "options"]
    title = gettext_lazy("Saved searches")

    def get(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        groups = [
            (title, [(one, saving.may_manage(one.saved, user)) for one in searches])
            for title, searches in of_person(user)
        ]
        return TemplateResponse(request, "searching/saved.html", self.get_context_data(groups=groups))


class DeleteSearch(OfLists, Action):
    """Deletes a saved search after confirmation: 404 for one that somebody else owns, 403 for the team's without the
    permission."""

    template_name = "searching/delete.html"
    form_class = forms.Form
    title = gettext_lazy("Delete saved search")
    success_text = gettext_lazy("Deleted.")

    @cached_property
    def saved(self) -> SavedSearch:
        """The search in the URL. Raises Http404 or PermissionDenied."""
        saved: SavedSearch = to_manage(SavedSearch.objects, self.kwargs["pk"], self.request.user, saving.SHARES)
        return saved

    def look_up(self) -> None:
        assert self.saved

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(back=reverse("admin:saved_searches"), saved=self.saved, **kwargs)

    def perform(self, data: dict[str, Any]) -> None:
        saving.delete(self.saved, by=self.request.user)

    def get_success_url(self) -> str:
        return reverse("admin:saved_searches")


PAGES = (
    Page("searches/", SavedSearches.as_view(), "saved_searches"),
    Page("searches/save/", SaveSearch.as_view(), "save_search"),
    Page("searches/<int:pk>/delete/", DeleteSearch.as_view(), "delete_search"),
)
