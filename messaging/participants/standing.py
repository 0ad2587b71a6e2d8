"""The interface for warnings and limits that moderators set for a person.

The setting MESSAGING_STANDING is the dotted path of a class that implements ``Moderators``. Without it, everybody may
write and nobody is warned.
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
    """The user got no warning with that key."""


@dataclass(frozen=True)
class Warned:
    """A warning that a person has to confirm: its key, its text, and when it was given."""

    pk: int
    text: str
    at: datetime


@dataclass(frozen=True)
class Limit:
    """Something that a person cannot do: a sentence with the end of the limit, and the moderators' reason or ""."""

    sentence: str
    reason: str


@dataclass(frozen=True)
class Standing:
    """A person's unconfirmed warnings, and the limits on sending anything and on starting conversations, if any."""

    warnings: Sequence[Warned] = ()
    sending: Limit | None = None
    beginning: Limit | None = None

    @property
    def limits(self) -> list[Limit]:
        """The limits that each page shows, without a reason that a warning on the page already gives."""
        told = {warning.text for warning in self.warnings}
        found = [limit for limit in (self.sending, self.beginning) if limit is not None]
        return [replace(limit, reason="") if limit.reason in told else limit for limit in found]

    @property
    def sending_refusal(self) -> str:
        """The sentence that explains why the person cannot send anything; "" if they can."""
        if self.sending is not None:
            return self.sending.sentence
        return str(CONFIRM_FIRST) if self.warnings else ""

    @property
    def beginning_refusal(self) -> str:
        """The sentence that explains why the person cannot start a conversation; "" if they can."""
        return self.sending_refusal or (self.beginning.sentence if self.beginning else "")


class Moderators(Protocol):
    """A service that provides moderators' decisions about people."""

    def standing_of(self, user: Any) -> Standing:
        """Return the current standing of ``user``."""

    def confirm(self, pk: int, *, by: Any) -> None:
        """Record that ``by`` read a warning of theirs. Idempotent. Raise NoSuchWarning for any other warning."""


def moderators() -> Moderators | None:
    """Return the configured service, or None."""
    path = getattr(settings, "MESSAGING_STANDING", "")
    return import_string(path)() if path else None


def standing_of(user: Any) -> Standing:
    """Return the current standing of ``user``; without a service, one without warnings or limits."""
    service = moderators()
    return Standing() if service is None else service.standing_of(user)
