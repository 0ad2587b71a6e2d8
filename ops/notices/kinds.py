"""The kinds of notices: what is said of something that happened to what is somebody's, and what it is about.

A room declares its kinds in its ``apps.py`` (``Room.notice_kinds``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from ops.console.rooms import rooms
from ops.notices.topics import Topic

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Kind:
    """One kind of notice.

    ``name``: stored with each notice, so it never changes.
    ``topic``: one of ``ops.notices.topics``, by which people choose what they get by e-mail.
    ``sentence``: what is read, in the console and by e-mail: it names nobody and quotes nothing.
    ``target``: the model of what it is about ("app.model", lower case), "" for nothing in particular.
    ``called``: what the console calls such a row ("Import of a.csv"), read when the notice is shown.
    ``page``: the name of an address that takes the key of the target; the default is the page of its admin. Of a kind
    without a target it takes nothing.
    ``permission``: opens that page ("app.codename"); the page of an admin decides by itself.
    """

    name: str
    topic: Topic
    sentence: StrOrPromise
    target: str = ""
    called: Callable[[Any], str] | None = None
    page: str = ""
    permission: str = ""


def called_by_file(row: Any) -> str:
    """What a row that has a file is called: by the file's name, or as the console calls it where that is gone."""
    return str(row.file_name or row)


@cache
def all_kinds() -> dict[str, Kind]:
    """All kinds, by name. Collected at first use: when a room's ``ready()`` runs, others may not be loaded yet."""
    return {kind.name: kind for room in rooms() for kind in room.notice_kinds()}


def kind_named(name: str) -> Kind | None:
    """The kind of this name, or None where this version of the console does not have it."""
    return all_kinds().get(name)


def kinds_about(topic: str) -> list[str]:
    """The names of the kinds about the topic of this name."""
    return [kind.name for kind in all_kinds().values() if kind.topic.name == topic]
