"""The menu of the console: five places, each with the lists and pages that the user may open, and its pending work.

Rooms declare its items and the work (``Room.menu``, ``Room.waiting``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from django.apps import apps
from django.contrib.admin.views.main import SEARCH_VAR
from django.http import HttpRequest
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext_lazy

from ops.console.frame.counting import ANYBODY, Counted, count, count_query_for
from ops.console.rooms import Item, PendingWork, Place, rooms

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

UNDECLARED = Item(Place.SETTINGS, 1_000)  # for a list that no room declares
OTHER_PAGES: tuple[tuple[StrOrPromise, str], ...] = (
    (gettext_lazy("Home"), "admin:index"),
    (gettext_lazy("Keyboard shortcuts"), "admin:keyboard"),
    (gettext_lazy("Change password"), "admin:password_change"),
)


@dataclass(frozen=True)
class Offer:
    """A list or page that the user may open; ``here`` if the current page is it, or is below it."""

    key: str
    item: Item = field(compare=False)  # determined by the key
    name: str
    address: str
    here: bool = False
    waiting: int = 0

    @property
    def app(self) -> str:
        return self.key.partition(".")[0]


@dataclass(frozen=True)
class OfferedPlace:
    """A place of the menu, with at least one offer.

    Two places are equal if the menu shows the same for them (``{% kept %}``)."""

    name: str
    offers: tuple[Offer, ...]
    here: bool

    @property
    def address(self) -> str:
        return self.offers[0].address

    @property
    def waiting(self) -> int:
        return sum(offer.waiting for offer in self.offers)


@dataclass(frozen=True)
class Task:
    """Pending work of the user, or a line of the home page: a number, words, and the list that shows just these rows.

    ``more`` if there are more rows than were counted."""

    key: str
    number: int
    words: str
    address: str
    until: datetime | None = None
    until_words: str = ""
    more: bool = False


class Entry(NamedTuple):
    """An entry of the menu. A list’s admin decides who may open it; without an admin, the item’s permission does."""

    offer: Offer
    model_admin: Any = None


@lru_cache(maxsize=100)
def entries(site: Any, language: str | None, prefix: str, urls: str | None) -> list[Entry]:
    """Return all entries of the menu, in order. They are the same for all users of a ``language`` and on every page,
    and computing names and addresses takes longer than checking who may open them.

    ``prefix`` and ``urls`` are the other values that addresses depend on.
    """
    declared = {key: item for room in rooms() for key, item in room.menu.items()}
    found = []
    for model, model_admin in site._registry.items():
        meta, item = model._meta, declared.get(model._meta.label, UNDECLARED)
        name = item.name or getattr(model_admin, "section", None) or meta.verbose_name_plural
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist", current_app=site.name)
        found.append(Entry(Offer(meta.label, item, capfirst(str(name)), address), model_admin))
    pages = [(key, item) for key, item in declared.items() if ":" in key]
    found += [Entry(Offer(key, item, str(item.name), reverse(key))) for key, item in pages]
    places: list[Place | None] = [*Place, None]
    return sorted(found, key=lambda one: (places.index(one.offer.item.place), one.offer.item.order, one.offer.name))


class Frame:
    """The frame around every page of the console, for one request. Nothing is computed until a template uses it."""

    def __init__(self, site: Any, request: HttpRequest) -> None:
        self.site, self.request = site, request

    @cached_property
    def places(self) -> tuple[OfferedPlace, ...]:
        """The places of the menu with at least one offer for this user, in order."""
        waiting: Counter[str] = Counter()
        for task in self.tasks:
            waiting[task.key] += task.number
        offers = [
            replace(one, address=one.address + self._kept(one), here=one == self.here, waiting=waiting[one.key])
            for one in self.reachable
            if one.item.offered
        ]
        by_place = {place: tuple(one for one in offers if one.item.place is place) for place in Place}
        return tuple(
            OfferedPlace(str(place.label), within, place.label == self.place)
            for place, within in by_place.items()
            if within
        )

    @cached_property
    def here(self) -> Offer | None:
        """The list or page of the menu that this page is, or is below."""
        around = [offer for offer in self.reachable if self.request.path.startswith(offer.address)]
        return max(around, key=lambda offer: len(offer.address), default=None)

    @cached_property
    def pages(self) -> list[tuple[str, str]]:
        """The name and address of every page of the console that the jump box finds by name."""
        lists = [(f"{place.name} › {one.name}", one.address) for place in self.places for one in place.offers]
        lists += [(one.name, one.address) for one in self.reachable if one.item.place is None]
        return [*lists, *((str(name), reverse(address)) for name, address in OTHER_PAGES)]

    @property
    def offers_beside(self) -> tuple[Offer, ...]:
        """The second row of the menu: the offers of this page's place; empty if there is only one."""
        offers = next((place.offers for place in self.places if place.here), ())
        return offers if len(offers) > 1 else ()

    @property
    def number_waiting(self) -> int:
        return sum(task.number for task in self.tasks)

    @property
    def place(self) -> str:
        """The name of the place that this page belongs to, or ""."""
        return str(self.here.item.place.label) if self.here and self.here.item.place else ""

    @property
    def is_list(self) -> bool:
        """Whether this page is itself a list or page of the menu, not one below it."""
        return self.here is not None and self.request.path == self.here.address

    @property
    def tasks(self) -> list[Task]:
        """The pending work of this user, in the order of the menu."""
        return [task for task in self._counted if task.number and not self._is_bell(task)]

    @property
    def bell(self) -> Task | None:
        """The user's unread notices; None for a user without a bell."""
        return next(filter(self._is_bell, self._counted), None)

    @cached_property
    def _counted(self) -> list[Task]:
        """The pending work, and the bell's number: one query for both, and none if no row can match."""
        asked = count_query_for(self._who, lambda: self._waiting_for(self._anybody))
        return self._told(asked.waiting, asked.answer(self.request.user.pk))

    def _is_bell(self, task: Task) -> bool:
        return self._offers[task.key].item.place is None

    def count(self, lines: list[PendingWork]) -> list[Task]:
        """Count ``lines``, and pending work in the same query; without lines whose list this user may not open."""
        waiting, lines = self._waiting_for(self.request.user), self._within_reach(lines)
        numbers = count([*waiting, *lines])
        self._counted = self._told(waiting, numbers[: len(waiting)])
        return self._told(lines, numbers[len(waiting) :])

    def may_open(self, item: str) -> bool:
        """Whether this user may open a list or page of the menu, by its key."""
        return item in self._offers

    def _waiting_for(self, user: Any) -> list[PendingWork]:
        order = list(self._offers)
        declared = self._within_reach(one for room in rooms() for one in room.waiting(user))
        return sorted(declared, key=lambda one: order.index(one.item))

    @property
    def _who(self) -> Hashable:
        """All that pending work may depend on besides the user's key: flags, permissions and reachable pages."""
        user = self.request.user
        may = frozenset() if user.is_superuser else frozenset(user.get_all_permissions())
        return user.is_active, user.is_staff, user.is_superuser, may, tuple(self._offers)

    @property
    def _anybody(self) -> Any:
        """A copy of this user, with the same flags and permissions, whose key is ANYBODY."""
        anybody = copy(self.request.user)
        anybody.pk = ANYBODY
        return anybody

    @cached_property
    def _offers(self) -> dict[str, Offer]:
        return {offer.key: offer for offer in self.reachable}

    def _within_reach(self, declared: Iterable[PendingWork]) -> list[PendingWork]:
        return [one for one in declared if self.may_open(one.item)]

    def _told(self, declared: list[PendingWork], counted: list[Counted]) -> list[Task]:
        tasks = []
        for one, (number, until) in zip(declared, counted, strict=True):
            query = f"?{one.query}" if one.query else ""
            words, address = one.what(number), f"{self._offers[one.item].address}{query}"
            told = number if one.most is None else min(number, one.most)
            tasks.append(Task(one.item, told, words, address, until, str(one.until[1]), more=told < number))
        return tasks

    @cached_property
    def reachable(self) -> list[Offer]:
        """All entries of the menu that this user may open, in order, including those that are not offered."""
        every = entries(self.site, get_language(), get_script_prefix(), get_urlconf())
        return [entry.offer for entry in every if self._opens(entry)]

    def _opens(self, entry: Entry) -> bool:
        if entry.model_admin is None:
            return self.site.has_permission(self.request) and self.request.user.has_perm(entry.offer.item.permission)
        return entry.model_admin.has_module_permission(
            self.request
        ) and entry.model_admin.has_view_or_change_permission(self.request)

    def _kept(self, offer: Offer) -> str:
        """Return the search and filters of this list that another list of its app accepts too, so that it is one click
        from the conversations that were found to their messages."""
        if not self.is_list or self.here is None or offer == self.here or offer.app != self.here.app:
            return ""
        taken = self._parameters_here.intersection(self._parameters(offer))
        kept = [(name, value) for name, value in self.request.GET.items() if name in taken and value]
        return f"?{urlencode(kept)}" if kept else ""

    @cached_property
    def _parameters_here(self) -> set[str]:
        return set(self._parameters(self.here)) if self.here is not None else set()

    def _parameters(self, offer: Offer) -> Iterable[str]:
        """Return the parameters of the search and filters that a list accepts."""
        if ":" in offer.key:
            return ()
        model_admin = self.site.get_model_admin(apps.get_model(offer.key))
        search = {SEARCH_VAR} if model_admin.get_search_fields(self.request) else set()
        return {*model_admin.filter_names(self.request), *search}
