"""A message as a row of a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.edits import Edits
from messaging.languages.wording import numbered
from messaging.models import Message
from ops.console.thread import clock
from ops.console.thread.texts import Find, Text, shown_text


@dataclass(frozen=True)
class Answered:
    """The message that another one answers: its id, its position in the thread, its sender, and whether it is on the
    same page."""

    id: int
    position: int
    sender: str
    is_here: bool


@dataclass(frozen=True)
class NotRead:
    """The people whose unread messages begin at a divider: ``names`` in words, else their number, or ``anyone``."""

    names: str = ""
    number: int = 0
    anyone: bool = False


@dataclass(frozen=True)
class Row:
    """A message on a page. ``position`` counts from 1 in reading order and is 0 outside a thread.

    ``begins`` if the row has a header, because its author, level or day differs from the row before, or a divider is
    above. ``day`` is set if another day begins, ``answered`` if the row must name the message that it answers, and
    ``not_read_by`` if a divider is above it. ``names_receiver`` is False if the receiver is obvious. ``time`` is the
    clock time, ``moment`` the exact time. A ``warning`` covers the text.
    """

    message: Message
    edits: Edits | None
    text: Text
    sender: str
    receiver: str
    date: date
    time: str
    moment: str
    day: str
    begins: bool
    position: int = 0
    depth: int = 0
    level: int = 0
    answered: Answered | None = None
    names_receiver: bool = True
    not_read_by: NotRead | None = None
    is_single_unread: bool = False
    warning: str = ""

    @property
    def edited(self) -> str:
        """How often it was edited, and when last; "" if never."""
        if self.edits is None:
            return _("edited") if self.message.edited else ""
        last = clock.local(self.edits.last_at)
        when = clock.clock_time(last) if last.date() == self.date else clock.day_and_time(last)
        n = self.edits.total
        if n == 1:
            return _("edited once, %(when)s") % {"when": when}
        if n == 2:
            return _("edited twice, last %(when)s") % {"when": when}
        times = ngettext("edited %(number)s time, last %(when)s", "edited %(number)s times, last %(when)s", n)
        return numbered(times, n, when=when)


def row_of(
    message: Message,
    edits: Edits | None,
    *,
    before: Row | None,
    find: Find | None = None,
    with_rest: bool = True,
    whole: bool = False,
    position: int = 0,
    depth: int = 0,
    level: int = 0,
    answered: Answered | None = None,
    names_receiver: bool = True,
    not_read_by: NotRead | None = None,
    is_single_unread: bool = False,
) -> Row:
    """Return the row of ``message``, to be placed below the row ``before``."""
    sent = clock.local(message.timestamp)
    sender = message.sender.get_username()
    receiver = message.receiver.get_username()
    is_new_day = before is None or before.date != sent.date()
    begins = before is None or is_new_day or not_read_by is not None or (before.sender, before.level) != (sender, level)
    goes_on = before is not None and not begins and before.receiver == receiver
    return Row(
        message=message,
        edits=edits,
        text=shown_text(message.content, find=find, with_rest=with_rest, whole=whole),
        sender=sender,
        receiver=receiver,
        date=sent.date(),
        time=clock.clock_time(sent),
        moment=clock.exact(sent),
        day=clock.weekday_and_day(sent) if is_new_day else "",
        begins=begins,
        position=position,
        depth=depth,
        level=level,
        answered=answered,
        names_receiver=names_receiver and not goes_on,
        not_read_by=not_read_by,
        is_single_unread=is_single_unread,
    )
