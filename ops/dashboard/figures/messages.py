"""Figures of messages: their number, the time to a first reply, the most active people, and the hours of the week."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from heapq import nsmallest

from messaging.models import Conversation, Message
from ops.dashboard.figures.people import names_of
from ops.dashboard.figures.rows import ListLink, within
from ops.dashboard.models import Family
from ops.dashboard.periods import Period
from ops.dashboard.rollups import measures
from ops.dashboard.rollups.bins import percentile
from ops.dashboard.rollups.numbers import blocks
from ops.dashboard.rollups.reading import AsOf, Reading, read

OLD = (1, 7, 30)  # days: the ages by which unread messages are counted


@dataclass(frozen=True)
class Sent:
    """Messages by the day on which they were sent; ``imported`` counts those that imports brought.

    ``edited`` and ``unread`` count those that are so now, whenever they were edited. Erased messages and those of
    undone imports are not counted.
    """

    total: int
    imported: int
    edited: int
    unread: int
    per_day: list[tuple[date, int]]
    as_of: AsOf
    rows: ListLink
    edited_rows: ListLink
    unread_rows: ListLink

    @property
    def edit_rate(self) -> float | None:
        """The share that was edited; None if nothing was sent."""
        return self.edited / self.total if self.total else None


def sent(period: Period, *, imported: bool = True) -> Sent:
    """Return the messages sent in a period."""
    reading = _read(period, imported, days=(measures.SENT, measures.EDITED, measures.UNREAD))
    return Sent(
        total=reading.total(measures.SENT),
        imported=reading.total(measures.SENT, imported=True),
        edited=reading.total(measures.EDITED),
        unread=reading.total(measures.UNREAD),
        per_day=reading.by_day(measures.SENT),
        as_of=reading.as_of,
        rows=_sent_in(period, imported),
        edited_rows=_sent_in(period, imported, edited="yes"),
        unread_rows=_sent_in(period, imported, unread="yes"),
    )


@dataclass(frozen=True)
class Begun:
    """Conversations by the day of their first remaining message. A conversation is imported if that message is."""

    total: int
    imported: int
    per_day: list[tuple[date, int]]
    as_of: AsOf
    rows: ListLink


def begun(period: Period, *, imported: bool = True) -> Begun:
    """Return the conversations that began in a period."""
    reading = _read(period, imported, days=[measures.BEGUN])
    return Begun(
        reading.total(measures.BEGUN),
        reading.total(measures.BEGUN, imported=True),
        reading.by_day(measures.BEGUN),
        reading.as_of,
        ListLink.of(Conversation._meta.label_lower, **{"began" if imported else "began_here": within(period)}),
    )


@dataclass(frozen=True)
class Replies:
    """How long conversations took to get a first reply: the first message by somebody other than who started them.

    They count by the day of the reply, so that slow replies are not left out. ``p50`` and ``p90`` are accurate to
    4.5 per cent.
    """

    total: int
    p50: timedelta | None
    p90: timedelta | None
    as_of: AsOf


def first_replies(period: Period, *, imported: bool = True) -> Replies:
    """Return the first replies sent in a period. A conversation whose first message was imported is imported."""
    reading = _read(period, imported, keys=[measures.REPLIED])
    lengths = reading.by_key(measures.REPLIED)
    return Replies(lengths.total(), percentile(lengths, 0.5), percentile(lengths, 0.9), reading.as_of)


@dataclass(frozen=True)
class Unread:
    """Messages unread now, whenever they were sent: their number, when the oldest was sent, and how many were sent more
    than so many days ago."""

    total: int
    oldest: datetime | None
    older_than: dict[int, int]
    rows: ListLink


def unread(*, imported: bool = True) -> Unread:
    """Return the unread messages. The oldest is that of all messages, even if imported ones are not counted."""
    today = Period.of_days(1).last
    lately = Period.of_days(OLD[0] + 1, today)
    before = blocks.all_days(measures.UNREAD, imported=imported)
    for day in lately.each_day():
        del before[day]
    oldest = Message.unread.order_by("timestamp").values_list("timestamp", flat=True).first()
    older = {days: sum(number for day, number in before.items() if (today - day).days > days) for days in OLD}
    total = sent(lately, imported=imported).unread + sum(before.values())
    return Unread(total, oldest, older, ListLink.of(Message._meta.label_lower, unread="yes", imported=_only(imported)))


@dataclass(frozen=True)
class Person:
    """A person and how many messages they sent or received. ``name`` and ``rows`` are None if the account was deleted.
    The list is a search, which the audit trail records."""

    account: int
    name: str | None
    number: int
    rows: ListLink | None


def busiest_senders(period: Period, *, imported: bool = True, most: int = 5) -> list[Person]:
    """Return who sent most in a period, as of the last round. Only for users who may see people."""
    return _busiest(measures.SENDERS, "from", period, imported, most)


def busiest_receivers(period: Period, *, imported: bool = True, most: int = 5) -> list[Person]:
    """Return who received most in a period, as of the last round. Only for users who may see people."""
    return _busiest(measures.RECEIVERS, "to", period, imported, most)


def _busiest(measure: str, side: str, period: Period, imported: bool, most: int) -> list[Person]:
    numbers = blocks.by_key(measure, period.first, period.last, imported=imported)
    first = nsmallest(most, numbers.items(), key=lambda one: (-one[1], int(one[0])))
    names = names_of(int(account) for account, _ in first)
    people = []
    for account, number in first:
        name = names.get(int(account))
        rows = None if name is None else _sent_in(period, imported, q=f'{side}:"{name}"')
        people.append(Person(int(account), name, number, rows))
    return people


@dataclass(frozen=True)
class HoursOfWeek:
    """Messages sent by weekday (0 is Monday) and hour in the console's zone: ``numbers[weekday][hour]``.

    When clocks go back, the repeated hour counts twice; when they go forward, the skipped hour is empty.
    """

    numbers: list[list[int]]
    as_of: AsOf

    @property
    def most(self) -> int:
        """The highest number."""
        return max(max(hours) for hours in self.numbers)


def hours_of_week(period: Period, *, imported: bool = True) -> HoursOfWeek:
    """Return the messages sent in a period, by hour of the week."""
    reading = _read(period, imported, keys=[measures.HOURS])
    found = [[0] * 24 for _ in range(7)]
    for key, number in reading.by_key(measures.HOURS).items():
        weekday, hour = divmod(int(key), 24)
        found[weekday][hour] = number
    return HoursOfWeek(found, reading.as_of)


def _read(period: Period, imported: bool, *, keys: Collection[str] = (), days: Collection[str] = ()) -> Reading:
    return read(Family.MESSAGES, period, keys=keys, days=days, imported=imported)


def sent_in(period: Period, *, imported: bool = True) -> ListLink:
    """Return the list of the messages sent in a period."""
    return _sent_in(period, imported)


def _sent_in(period: Period, imported: bool, **query: str) -> ListLink:
    return ListLink.of(Message._meta.label_lower, period, imported=_only(imported), **query)


def _only(imported: bool) -> str:
    """Return the list filter for imported messages."""
    return "" if imported else "no"
