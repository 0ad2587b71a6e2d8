"""How a room says what it keeps of a person besides messages, and how that is removed when the person is erased."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

REMOVED, NONE, PARTIAL = "removed", "none", "partial"
NAME_ERASED = "[erased]"  # replaces a name in texts that stay


class Leaving(Protocol):
    """The person who is erased (ops.deletion.models.DeletionRequest). The account is gone or has lost its name."""

    user_id: int
    username: str
    email: str
    requested_by_id: int | None

    @property
    def anonymises(self) -> bool:
        """Whether the account stays, without its person."""


class Outcome(NamedTuple):
    """What a step did, for the receipt: REMOVED, NONE or PARTIAL, and a note without personal data."""

    result: str
    note: str = ""


def outcome(removed: int, note: str = "") -> Outcome:
    """PARTIAL where there is a note, else REMOVED or NONE by the number of things removed."""
    return Outcome(PARTIAL if note else REMOVED if removed else NONE, note)


def mentions(pattern: re.Pattern[str] | None, text: str) -> bool:
    """Whether a text names the person whom ``pattern`` finds; in the names of files, words are joined by "_"."""
    return pattern is not None and any(map(pattern.search, (text, text.replace("_", " "))))


def nothing_to_prepare(person: Leaving, run: Any) -> None:
    """Most steps have nothing to read beforehand."""


class Step(NamedTuple):
    """One kind of data that is removed. Repeating a step is harmless; an exception has it tried again later.

    ``words`` name it on the receipt. ``prepare`` (person, run) reads what takes long, outside of the transaction;
    ``do`` (person, what prepare returned) removes within it, and returns an Outcome, or None where the receipt need
    not mention it. Steps run by ``order``; names are known until 90.
    """

    name: str
    words: str
    do: Callable[[Any, Any], Outcome | None]
    prepare: Callable[[Any, Any], Any] = nothing_to_prepare
    order: int = 50
