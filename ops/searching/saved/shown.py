"""Saved searches above the lists that they search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.languages.wording import grouped, numbered
from ops.searching.models import SavedSearch, offered_to
from ops.searching.saved import snapshots
from ops.searching.saved.looks import MODELS, MOST, look


@dataclass(frozen=True)
class ShownSearch:
    """A saved search as it is offered: its address, whether it is open, and how much is new ("" for nothing)."""

    saved: SavedSearch
    address: str
    is_open: bool
    new: str


def address_of(saved: SavedSearch) -> str:
    """Return the address of the list, narrowed by this search."""
    model = MODELS[SavedSearch.Scope(saved.scope)]
    at = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{at}?{urlencode({'q': saved.words})}"


def scope_of(model: Any) -> str:
    """Return the scope of the list of a model."""
    return next(scope for scope, one in MODELS.items() if one is model)


class Offered:
    """The saved searches above a list, loaded when the list is requested."""

    def __init__(self, request: HttpRequest, model: Any, words: str) -> None:
        self.request, self.scope, self.words = request, scope_of(model), words
        self.searches = offered_to(request.user.pk, self.scope)
        self.opened = [one for one in self.searches if one.words == words]
        # Before the list is read: messages that are stored meanwhile stay new.
        self.stored = snapshots.stored() if self.opened else None

    def look(self) -> None:
        """Mark the opened searches as seen, because the list with their words is shown."""
        for one in self.opened:
            look(one, self.request.user, self.stored)

    @property
    def shown(self) -> list[ShownSearch]:
        return [ShownSearch(one, address_of(one), one in self.opened, _words(one)) for one in self.searches]

    @property
    def address_to_save(self) -> str:
        """The address that saves the search of this list; "" if there is none, or it is saved already."""
        if not self.words or self.opened:
            return ""
        return f"{reverse('admin:save_search')}?{urlencode({'scope': self.scope, 'q': self.words})}"


def _words(saved: SavedSearch) -> str:
    if not saved.new:
        return ""
    if saved.new > MOST:
        return _("%(number)s+ new") % {"number": grouped(MOST)}
    return numbered(ngettext("%(number)s new", "%(number)s new", saved.new), saved.new)


def of_person(user: Any) -> list[tuple[str, list[ShownSearch]]]:
    """Return the searches of a user and of the team, under titles; without those of lists that the user may not see."""
    request = HttpRequest()
    request.user = user
    mine: list[ShownSearch] = []
    teams: list[ShownSearch] = []
    for one in offered_to(user.pk):
        if admin.site.get_model_admin(MODELS[SavedSearch.Scope(one.scope)]).has_view_permission(request):
            (mine if one.owner_id else teams).append(ShownSearch(one, address_of(one), False, _words(one)))
    return [(_("Mine"), mine), (_("The team’s"), teams)]
