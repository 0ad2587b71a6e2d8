"""The kinds of notices: for each kind of event, the sentence and the target of its notices.

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

    ``name``: stored with each notice, so it must never change.
    ``topic``: one of ``ops.notices.topics``, by which people choose their e-mail.
    ``sentence``: the text in the console and by e-mail; it names nobody and quotes nothing.
    ``target``: the model that it is about ("app.model", lower case), "" for none.
    ``called``: returns the name of a target row ("Import of a.csv"), when the notice is shown.
    ``page``: a URL name that takes the key of the target, or no argument for a kind without a target; the default is
    the target's page in the admin.
    ``permission``: required for that page ("app.codename"); the admin checks its own permissions.
    """

    name: str
    topic: Topic
    sentence: StrOrPromise
    target: str = ""
    called: Callable[[Any], str] | None = None
    page: str = ""
    permission: str = ""


def called_by_file(row: Any) -> str:
    """Return the file name of a row, or its ``str()`` if the file name has been deleted."""
    return str(row.file_name or row)


@cache
def all_kinds() -> dict[str, Kind]:
    """Return all kinds by name. Collected on first use: when a room's ``ready()`` runs, others may not be loaded."""
    return {kind.name: kind for room in rooms() for kind in room.notice_kinds()}


def kind_named(name: str) -> Kind | None:
    """Return the kind with this name, or None if this version of the console does not have it."""
    return all_kinds().get(name)


def kinds_about(topic: str) -> list[str]:
    """Return the names of the kinds with the topic of this name."""
    return [kind.name for kind in all_kinds().values() if kind.topic.name == topic]
