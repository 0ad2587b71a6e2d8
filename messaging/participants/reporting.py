"""The interface for reporting messages to moderators.

The setting MESSAGING_REPORTING is the dotted path of a class that implements ``Reporting`` and stores the reports.
Without it, messages cannot be reported and no page offers it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from django.conf import settings
from django.core.paginator import Page
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from messaging.models import Message

LONGEST_NOTE = 1_000  # characters
HIDDEN_ALREADY = gettext_lazy("Moderators removed this message already.")


class ReportRefused(Exception):
    """Nothing was reported or withdrawn; the exception's text is a sentence that explains why."""


class NoSuchReport(Exception):
    """The user made no report with that key."""


class State(Enum):
    """The state of a report as its reporter sees it: never who decided, or what was done to somebody else."""

    WAITING = "waiting"
    LOOKED_AT = "looked at"
    WITHDRAWN = "withdrawn"
    MESSAGE_GONE = "message gone"

    @property
    def words(self) -> str:
        """The words that the reporter reads."""
        return {
            State.WAITING: pgettext("state of a report", "waiting"),
            State.LOOKED_AT: pgettext("state of a report", "looked at"),
            State.WITHDRAWN: pgettext("state of a report", "withdrawn"),
            State.MESSAGE_GONE: pgettext("state of a report", "closed: the message was deleted"),
        }[self]


@dataclass(frozen=True)
class Report:
    """A report as its reporter sees it. ``choice`` is the chosen reason in words; ``message`` is None once deleted.

    ``is_current``: the message was not edited since; an edited one can be reported again.
    """

    pk: int
    message: Message | None
    choice: str
    reported_at: datetime
    state: State
    is_current: bool

    @property
    def waits(self) -> bool:
        """Whether it can be withdrawn."""
        return self.state is State.WAITING

    @property
    def is_withdrawn(self) -> bool:
        return self.state is State.WITHDRAWN


class Reporting(Protocol):
    """A service that stores reports. ``user`` and ``by`` are accounts; refusals raise ReportRefused."""

    def choices(self) -> Sequence[tuple[str, str]]:
        """Return the reasons for which a message can be reported: (key, words for participants)."""

    def report(self, message: Message, choice: str, note: str, *, by: Any) -> None:
        """Report a message that ``by`` received, for the ``choice`` with this key."""

    def withdraw(self, pk: int, *, by: Any) -> None:
        """Withdraw a pending report. Raise NoSuchReport if ``by`` made none with that key."""

    def reports_of(self, user: Any, message_ids: Collection[int]) -> Mapping[int, Report]:
        """Return the latest report that ``user`` made of each of these messages, by message id."""

    def page_of(self, user: Any, number: Any) -> Page:
        """Return a page of the Reports of ``user``, latest first; an invalid page number selects the first page."""

    def reasons(self, message_ids: Collection[int]) -> Mapping[int, str]:
        """Return the reasons that the authors of these messages got for their removal, by message id."""


def reporting() -> Reporting | None:
    """Return the service that stores reports, or None if messages cannot be reported."""
    path = getattr(settings, "MESSAGING_REPORTING", "")
    return import_string(path)() if path else None


def how_to_object() -> str:
    """Return the sentence that explains to the author of a removed message how to object; "" if none is configured.

    The setting MESSAGING_OBJECTIONS is a single address (e-mail or URL) or a whole sentence.
    """
    text = str(getattr(settings, "MESSAGING_OBJECTIONS", "")).strip()
    if not text or " " in text:
        return text
    sentence = _("To object, see %(address)s") if "://" in text else _("To object, write to %(address)s")
    return sentence % {"address": text}


def may_be_reported(message: Message, user: Any) -> bool:
    """Return whether ``user`` received ``message`` from somebody else."""
    return message.receiver_id == user.pk and message.sender_id != user.pk
