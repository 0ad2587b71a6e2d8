"""What each room of the console declares about itself, in its own ``apps.py``.

Whatever needs to know all rooms (menu, roles, audit trail, erasure, worker) asks ``rooms()``, so adding a room touches
no file of another room. The checks of ``manage.py check`` name what no room declares.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.apps import AppConfig, apps


class Audit(Enum):
    """How changes of a table reach the audit trail."""

    ADMIN = "its admin records what is added, changed and deleted"
    VERBS = "functions that change it record an entry of their own"
    SIGNALS = "receivers of its signals record changes"
    EXEMPT = "changes are not recorded"


# What ``Table.erasure`` says besides the name of an erasure step (ops.console.erasure.Step).
NOTHING_PERSONAL = "nothing personal"
WITH_MESSAGES = "messaging"  # removed by messaging/erasure.py
ON_DELETE = "on_delete"  # the foreign keys to the account say what happens when it goes


@dataclass(frozen=True)
class Table:
    """What a table means to the audit trail, and what an erasure does with a person's data in it.

    ``erasure`` is the name of an erasure step, or one of NOTHING_PERSONAL, WITH_MESSAGES and ON_DELETE. ``why`` says
    why changes are not recorded, where ``audit`` is EXEMPT.
    """

    audit: Audit
    erasure: str
    why: str = ""


class Room(AppConfig):
    """A part of the console, and what it adds to the whole.

    ``menu``: model ("app.Model") to its place in the menu; lower comes first.
    ``permissions``: permission ("app.codename") to the roles that have it; none means superusers only.
    ``tables``: model ("app.model", lower case) to its Table.
    ``rounds``: management command to the seconds between two runs; the worker runs them.
    ``events``: dotted path of the room's events of the audit trail, a TextChoices.
    ``readings``: model ("app.model", lower case) to the event that opening a row of it is; the audit trail records it.
    ``slots``: place in a page of another room ("person.facts") to the template that is included there.
    """

    default = False  # Django takes the one AppConfig of an apps.py; there, this class is only imported

    menu: Mapping[str, int] = {}
    permissions: Mapping[str, Collection[str]] = {}
    tables: Mapping[str, Table] = {}
    rounds: Mapping[str, int] = {}
    events: str = ""
    readings: Mapping[str, str] = {}
    slots: Mapping[str, str] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.default = True

    def job_kinds(self) -> Iterable[Any]:
        """The kinds of jobs of this room (ops.jobs.kinds.Kind)."""
        return ()

    def erasure_steps(self) -> Iterable[Any]:
        """What has to be removed of a person besides their messages (ops.console.erasure.Step)."""
        return ()

    def files_in_use(self) -> Iterable[str]:
        """The private files (ops.files.private_files) that unfinished work of this room still needs, by name."""
        return ()

    def name_refusal(self, text: str, *, kind: str) -> str:
        """Why no account may get this name (``kind`` is "username" or "email"), as a sentence; "" where one may."""
        return ""


def rooms() -> list[Room]:
    """All installed rooms, in the order of INSTALLED_APPS."""
    return [config for config in apps.get_app_configs() if isinstance(config, Room)]


def files_in_use() -> list[str]:
    """The names of the private files that unfinished work of any room still needs."""
    return [name for room in rooms() for name in room.files_in_use()]
