"""What rooms say of a person at the head of their page, and what can be done there (``Room.about_person``)."""

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
    """A state in a few words, beside a ``sign``; ``name`` is a username that follows, ``more`` what follows that.

    ``look`` is the class of the chip ("held").
    """

    words: StrOrPromise
    sign: str = ""
    look: str = ""
    name: str = ""
    more: StrOrPromise = ""


@dataclass(frozen=True)
class Act:
    """A button. ``order`` is its place, lower first; the first one that may be ``primary`` is.

    A ``dangerous`` one stands behind all others.
    """

    words: StrOrPromise
    address: str
    order: int
    primary: bool = False
    dangerous: bool = False


@dataclass(frozen=True)
class Note:
    """A sentence below the chips. ``quoted`` is what somebody wrote; ``link`` its text and address."""

    words: StrOrPromise
    quoted: str = ""
    link: tuple[StrOrPromise, str] | None = None


@dataclass(frozen=True)
class About:
    """What a room, or all of them, say of a person."""

    chips: Sequence[Chip] = ()
    notes: Sequence[Note] = ()
    acts: Sequence[Act] = ()

    @property
    def primary(self) -> Act | None:
        """The one button that stands out, if any may."""
        return next((act for act in self.acts if act.primary and not act.dangerous), None)

    @property
    def others(self) -> list[Act]:
        """The other buttons, the dangerous ones last."""
        others = [act for act in self.acts if act is not self.primary]
        return sorted(others, key=lambda act: act.dangerous)


def about(request: HttpRequest, person: Any) -> About:
    """What all rooms say of ``person`` to whoever asks."""
    found = [room.about_person(request, person) for room in rooms()]
    # Rooms stand in the order of their imports, the latest first.
    found = [one for one in reversed(found) if one is not None]
    return About(
        chips=[chip for one in found for chip in one.chips],
        notes=[note for one in found for note in one.notes],
        acts=sorted((act for one in found for act in one.acts), key=lambda act: act.order),
    )
