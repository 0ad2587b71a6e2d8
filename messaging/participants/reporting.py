"""Reporting a message to moderators. Messaging only asks: who keeps reports is said by the setting MESSAGING_REPORTING.

It names a class (a dotted path) whose instances are a ``Reporting``. Without it nobody can report, and no page says so.
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
    """Nothing was reported or withdrawn; the text is a sentence that says why."""


class NoSuchReport(Exception):
    """This person made no report with that key."""


class State(Enum):
    """What became of a report, as far as its reporter reads it: never by whom, or what was done to somebody else."""

    WAITING = "waiting"
    LOOKED_AT = "looked at"
    WITHDRAWN = "withdrawn"
    MESSAGE_GONE = "message gone"

    @property
    def words(self) -> str:
        """As the reporter reads it."""
        return {
            State.WAITING: pgettext("state of a report", "waiting"),
            State.LOOKED_AT: pgettext("state of a report", "looked at"),
            State.WITHDRAWN: pgettext("state of a report", "withdrawn"),
            State.MESSAGE_GONE: pgettext("state of a report", "closed: the message was deleted"),
        }[self]


@dataclass(frozen=True)
class Report:
    """Somebody's own report. ``choice`` is what they chose, in words; ``message`` is None once it is deleted.

    ``is_current`` says whether the message still reads as it did: one that was edited since can be reported again.
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
    """What keeps reports. ``user`` and ``by`` are accounts; what is refused raises ReportRefused."""

    def choices(self) -> Sequence[tuple[str, str]]:
        """Return what a message can be reported for: keys, and words for participants."""

    def report(self, message: Message, choice: str, note: str, *, by: Any) -> None:
        """Report a message that ``by`` received, for the ``choice`` with this key."""

    def withdraw(self, pk: int, *, by: Any) -> None:
        """Take back a report that waits. Raises NoSuchReport where ``by`` made none with that key."""

    def reports_of(self, user: Any, message_ids: Collection[int]) -> Mapping[int, Report]:
        """Return the latest report that ``user`` made of each of these messages, by its id."""

    def page_of(self, user: Any, number: Any) -> Page:
        """Return a page of the Reports of ``user``, latest first. What is no page number gives the first page."""

    def reasons(self, message_ids: Collection[int]) -> Mapping[int, str]:
        """Return what their author was told about the removal of each of these messages, by its id."""


def reporting() -> Reporting | None:
    """Return what keeps reports, None where messages cannot be reported."""
    path = getattr(settings, "MESSAGING_REPORTING", "")
    return import_string(path)() if path else None


def how_to_object() -> str:
    """Return the sentence that tells the author of a removed message how to object, empty where nobody set one.

    The setting MESSAGING_OBJECTIONS is one address (of mail, or of a page), or a whole sentence.
    """
    text = str(getattr(settings, "MESSAGING_OBJECTIONS", "")).strip()
    if not text or " " in text:
        return text
    sentence = _("To object, see %(address)s") if "://" in text else _("To object, write to %(address)s")
    return sentence % {"address": text}


def may_be_reported(message: Message, user: Any) -> bool:
    """Whether ``message`` is one that ``user`` received, and not from themself."""
    return message.receiver_id == user.pk and message.sender_id != user.pk
