"""The page of a person, and its tabs, which rooms declare (``Room.person_tabs``).

Every name in the console leads to this one page, to the first tab that the reader's role may open.
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
    """A tab, which is a page of its own. ``order`` is its place, lower first; ``permission`` is needed to open it.

    ``view_name`` names its address, which takes the person's primary key.
    """

    name: str
    title: StrOrPromise
    order: int
    permission: str
    view_name: str


class ShownTab(NamedTuple):
    """A tab on the page of one person; ``here`` on the page of this tab itself."""

    title: str
    address: str
    here: bool


@cache
def declared() -> tuple[Tab, ...]:
    """All tabs, in order."""
    return tuple(sorted((one for room in rooms() for one in room.person_tabs()), key=lambda one: one.order))


def open_to(user: Any) -> list[Tab]:
    """The tabs that ``user`` may open, in order."""
    return [one for one in declared() if user.has_perm(one.permission)]


def address_of(key: Any, *, user: Any) -> str:
    """The page of the person with this primary key, as far as ``user`` may open it; "" if they may not."""
    first = next(iter(open_to(user)), None)
    return reverse(first.view_name, args=[key]) if first else ""


def shown(key: Any, *, user: Any, here: str) -> list[ShownTab]:
    """The tabs on the page of a person, of which the one with the name ``here`` is open."""
    return [ShownTab(str(one.title), reverse(one.view_name, args=[key]), one.name == here) for one in open_to(user)]
