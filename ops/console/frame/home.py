"""The home page: the user's pending work, then the sections that the rooms declare (``Room.home_sections``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

from ops.console.frame.menu import Frame, Task
from ops.console.rooms import PendingWork, rooms

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Section:
    """A section. ``order`` is its place, lower first; sections with the same ``name`` are merged under the first title.

    ``lines(user)`` are numbers that link to lists; one query counts those of all sections. ``template`` renders what
    ``content(request)`` returns: None if this user may not see it. Neither shows the text of a message, which would
    have to be recorded. ``empty`` is shown if there is nothing else; without it, an empty section is left out.
    """

    name: str
    title: StrOrPromise
    order: int
    lines: Callable[[Any], Iterable[PendingWork]] = lambda user: ()
    template: str = ""
    content: Callable[[HttpRequest], Any] = lambda request: None
    empty: StrOrPromise = ""


@dataclass
class ShownSection:
    """A section for one user: its lines that are not 0, and its parts, each a template with its content."""

    section: Section
    lines: list[Task]
    parts: list[tuple[str, Any]]


def shown_sections(request: HttpRequest, frame: Frame) -> list[ShownSection]:
    """Return the sections that this user may see, in order."""
    declared = sorted((one for room in rooms() for one in room.home_sections()), key=lambda one: one.order)
    asked = [(section, list(section.lines(request.user))) for section in declared]
    counted = _counted(frame, asked)
    shown: dict[str, ShownSection] = {}
    for section, lines in zip(declared, counted, strict=True):
        content = section.content(request)
        if not lines and content is None:
            continue
        one = shown.setdefault(section.name, ShownSection(section, [], []))
        one.lines += [line for line in lines if line.number]
        if content:
            one.parts.append((section.template, content))
    return [one for one in shown.values() if one.lines or one.parts or one.section.empty]


def _counted(frame: Frame, asked: list[tuple[Section, list[PendingWork]]]) -> list[list[Task]]:
    """Count the lines of each section whose lists this user may open."""
    tasks = iter(frame.count([line for _, lines in asked for line in lines]))
    return [[next(tasks) for line in lines if frame.may_open(line.item)] for _, lines in asked]
