"""Erasure steps, by which a room declares how its data about a person is removed when the person is erased."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from messaging.people.naming import NamePattern

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

REMOVED, NONE, PARTIAL = "removed", "none", "partial"
NAME_ERASED = "[erased]"  # replaces a name in texts that are kept


class ErasedPerson(Protocol):
    """The person being erased (a DeletionRequest). Their account has been deleted or anonymised already."""

    user_id: int
    username: str
    email: str
    requested_by_id: int | None

    @property
    def names(self) -> list[str]:
        """The names of the person: username, e-mail address, and the part before its @."""

    @property
    def own_targets(self) -> list[tuple[str, str]]:
        """Things (type, id) that concern only this person, this erasure first; the audit trail redacts its entries
        about them."""

    @property
    def anonymises(self) -> bool:
        """Whether the account was anonymised instead of deleted."""


class Outcome(NamedTuple):
    """The result of a step for the receipt (REMOVED, NONE or PARTIAL), and a note without personal data."""

    result: str
    note: str = ""


def outcome(removed: int, note: str = "") -> Outcome:
    """Return PARTIAL if there is a note, or else REMOVED or NONE depending on the number of rows removed."""
    return Outcome(PARTIAL if note else REMOVED if removed else NONE, note)


def mentions(pattern: NamePattern | None, text: str) -> bool:
    """Return whether ``pattern`` finds a name in ``text``, also with "_" read as a space, as in file names."""
    return pattern is not None and any(map(pattern.search, (text, text.replace("_", " "))))


def prepare_nothing(person: ErasedPerson, run: Any) -> None:
    """Do nothing; the default of Step.prepare."""


class Step(NamedTuple):
    """Removes one kind of data. A step must be repeatable: after an exception it is run again later.

    ``label`` describes the data on the receipt. ``prepare(person, run)`` does slow reading outside the transaction;
    ``do(person, prepared)`` removes the data within it and returns an Outcome, or None to leave it off the receipt.
    Steps run in ascending ``order``; from 90 on, the person's name is no longer available.
    """

    name: str
    label: StrOrPromise
    do: Callable[[Any, Any], Outcome | None]
    prepare: Callable[[Any, Any], Any] = prepare_nothing
    order: int = 50
