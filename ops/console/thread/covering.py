"""Texts that come covered, with a word of warning: a reader opens each by a click or a key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ops.console.rooms import rooms
from ops.console.thread.rows import Row


def warnings_on(user: Any, ids: Iterable[int]) -> Mapping[int, str]:
    """The words of warning on the texts of these messages that come covered for ``user``, as the rooms say."""
    asked = list(ids)
    found: dict[int, str] = {}
    for room in rooms() if asked else ():
        found |= {message: str(words) for message, words in room.warnings_on(user, asked).items()}
    return found


def cover(user: Any, *lists: list[Row]) -> None:
    """Put words of warning on the rows of these lists, in place, where their texts come covered for ``user``."""
    found = warnings_on(user, (row.message.pk for rows in lists for row in rows))
    for rows in lists:
        rows[:] = [replace(row, warning=found.get(row.message.pk, "")) for row in rows]
