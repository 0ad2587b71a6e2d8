"""The tabs of a person's page, which rooms declare (``Room.person_tabs``).

Every name in the console links to this one page, at the first tab that the user may open.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from django.urls import reverse

from ops.console.rooms import rooms

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Tab:
    """A tab, with a URL of its own. ``order`` is its place, lower first; ``permission`` is needed to open it.

    ``view_name`` is the name of the URL, which takes the person's primary key.
    """

    name: str
    title: StrOrPromise
    order: int
    permission: str
    view_name: str


class ShownTab(NamedTuple):
    """A tab on the page of one person; ``here`` if it is the open one."""

    title: str
    address: str
    here: bool


@cache
def declared() -> tuple[Tab, ...]:
    """Return all tabs, in order."""
    return tuple(sorted((one for room in rooms() for one in room.person_tabs()), key=lambda one: one.order))


def open_to(user: Any) -> list[Tab]:
    """Return the tabs that ``user`` may open, in order."""
    return [one for one in declared() if user.has_perm(one.permission)]


def address_of(key: Any, *, user: Any) -> str:
    """Return the address of the first tab of this person's page that ``user`` may open; "" if there is none."""
    first = next(iter(open_to(user)), None)
    return reverse(first.view_name, args=[key]) if first else ""


def shown(key: Any, *, user: Any, here: str) -> list[ShownTab]:
    """Return the tabs on the page of a person; the tab named ``here`` is open."""
    return [ShownTab(str(one.title), reverse(one.view_name, args=[key]), one.name == here) for one in open_to(user)]
