"""The head of a person's page: facts about the person, and actions, from all rooms (``Room.about_person``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

from ops.console.rooms import rooms

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Chip:
    """A state in a few words, beside a ``sign``, followed by a username ``name``, and by the words ``more``.

    ``look`` is the CSS class of the chip ("held").
    """

    words: StrOrPromise
    sign: str = ""
    look: str = ""
    name: str = ""
    more: StrOrPromise = ""


@dataclass(frozen=True)
class Act:
    """A button. ``order`` is its place, lower first. The first button that may be ``primary`` stands out.

    ``dangerous`` ones come after all others.
    """

    words: StrOrPromise
    address: str
    order: int
    primary: bool = False
    dangerous: bool = False


@dataclass(frozen=True)
class Note:
    """A sentence below the chips. ``quoted`` is a text that a user wrote; ``link`` the text and address of a link."""

    words: StrOrPromise
    quoted: str = ""
    link: tuple[StrOrPromise, str] | None = None


@dataclass(frozen=True)
class About:
    """The part of one room, or of all rooms, in the head of a person's page."""

    chips: Sequence[Chip] = ()
    notes: Sequence[Note] = ()
    acts: Sequence[Act] = ()

    @property
    def primary(self) -> Act | None:
        """The button that stands out, if there is one."""
        return next((act for act in self.acts if act.primary and not act.dangerous), None)

    @property
    def others(self) -> list[Act]:
        """The other buttons, the dangerous ones last."""
        others = [act for act in self.acts if act is not self.primary]
        return sorted(others, key=lambda act: act.dangerous)


def about(request: HttpRequest, person: Any) -> About:
    """Return the head of the page of ``person`` for the user of ``request``."""
    found = [room.about_person(request, person) for room in rooms()]
    # Rooms are in the order of INSTALLED_APPS: those that import others come first.
    found = [one for one in reversed(found) if one is not None]
    return About(
        chips=[chip for one in found for chip in one.chips],
        notes=[note for one in found for note in one.notes],
        acts=sorted((act for one in found for act in one.acts), key=lambda act: act.order),
    )
