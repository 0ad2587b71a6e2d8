"""Texts that are covered by a warning; a reader uncovers each by a click or a key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ops.console.rooms import rooms
from ops.console.thread.rows import Row


def warnings_on(user: Any, ids: Iterable[int]) -> Mapping[int, str]:
    """Return the warnings of all rooms on those of these messages whose texts are covered for ``user``, by id."""
    asked = list(ids)
    found: dict[int, str] = {}
    for room in rooms() if asked else ():
        found |= {message: str(words) for message, words in room.warnings_on(user, asked).items()}
    return found


def cover(user: Any, *lists: list[Row]) -> None:
    """Set the ``warning`` of rows whose texts are covered for ``user``, in these lists, in place."""
    found = warnings_on(user, (row.message.pk for rows in lists for row in rows))
    for rows in lists:
        rows[:] = [replace(row, warning=found.get(row.message.pk, "")) for row in rows]
