"""The panel beside a conversation: sections that the rooms declare (``Room.panel_sections``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from django.http import HttpRequest

from ops.console.rooms import rooms
from ops.console.thread.page import ConversationPage

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Section:
    """A section. ``order`` is its place, lower first; ``template`` renders what ``content(request, page)`` returns.

    A section without content is left out; return None for users who may not see it. A section may show only texts that
    the page shows too, because those are recorded.
    """

    name: str
    title: StrOrPromise
    order: int
    template: str
    content: Callable[[HttpRequest, ConversationPage], Any]


class ShownSection(NamedTuple):
    """A section with its content for one page."""

    section: Section
    content: Any


def shown_sections(request: HttpRequest, page: ConversationPage) -> list[ShownSection]:
    """Return the sections of the panel beside ``page``, in order."""
    declared = sorted((one for room in rooms() for one in room.panel_sections()), key=lambda one: one.order)
    found = (ShownSection(section, section.content(request, page)) for section in declared)
    return [shown for shown in found if shown.content]
