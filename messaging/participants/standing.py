"""What moderators have to say to a person. Messaging only asks: who knows it is said by the setting MESSAGING_STANDING.

It names a class (a dotted path) whose instances are a ``Moderators``. Without it all may write, and read nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy

CONFIRM_FIRST = gettext_lazy("Confirm the warning of the moderators above, then you can write again.")


class NoSuchWarning(Exception):
    """This person got no warning with that key."""


@dataclass(frozen=True)
class Warned:
    """A warning that a person has to confirm: its key, its text, and when it was given."""

    pk: int
    text: str
    at: datetime


@dataclass(frozen=True)
class Limit:
    """What a person cannot do, as a sentence with its end, and the reason that moderators gave ("" for none)."""

    sentence: str
    reason: str


@dataclass(frozen=True)
class Standing:
    """The warnings that a person did not confirm yet, and what keeps them from sending anything, and from beginning
    conversations."""

    warnings: Sequence[Warned] = ()
    sending: Limit | None = None
    beginning: Limit | None = None

    @property
    def limits(self) -> list[Limit]:
        """What the person reads on each page: a reason that a warning on it gives is not given again."""
        told = {warning.text for warning in self.warnings}
        found = [limit for limit in (self.sending, self.beginning) if limit is not None]
        return [replace(limit, reason="") if limit.reason in told else limit for limit in found]

    @property
    def sending_refusal(self) -> str:
        """Why the person can send nothing, as a sentence; "" where they can."""
        if self.sending is not None:
            return self.sending.sentence
        return str(CONFIRM_FIRST) if self.warnings else ""

    @property
    def beginning_refusal(self) -> str:
        """Why the person can begin no conversation, as a sentence; "" where they can."""
        return self.sending_refusal or (self.beginning.sentence if self.beginning else "")


class Moderators(Protocol):
    """Who knows what moderators decided about people."""

    def standing_of(self, user: Any) -> Standing:
        """Return what holds for ``user`` now."""

    def confirm(self, pk: int, *, by: Any) -> None:
        """Note that ``by`` read a warning of theirs; repeating it is fine. Raises NoSuchWarning."""


def moderators() -> Moderators | None:
    """Return who knows it, None where nobody does."""
    path = getattr(settings, "MESSAGING_STANDING", "")
    return import_string(path)() if path else None


def standing_of(user: Any) -> Standing:
    """Return what holds for ``user`` now."""
    service = moderators()
    return Standing() if service is None else service.standing_of(user)
