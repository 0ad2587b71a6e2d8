"""Figures for auditors: how much each reader was shown, openings without a report, and failed sign-ins."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from statistics import median

from ops.audit.events import REFUSALS, Event
from ops.audit.models import Entry
from ops.dashboard.figures.people import names_of
from ops.dashboard.figures.rows import ListLink, within
from ops.dashboard.models import Family
from ops.dashboard.periods import Period
from ops.dashboard.rollups import measures
from ops.dashboard.rollups.reading import AsOf, Reading, read
from ops.moderation.models import Opening

LEAST_READERS = 5  # among fewer, nobody stands out
FAR = 3.5  # robust standard deviations above the median (Iglewicz and Hoaglin)
NORMAL, NORMAL_MEAN = 0.6745, 0.7979  # median and mean deviation of a normal distribution, per standard deviation


@dataclass(frozen=True)
class Reader:
    """How many messages a person was shown; the same page again within an hour counts once.

    ``stands_out`` if that is far more than colleagues were shown in the same period. ``name`` is None if the account
    was deleted.
    """

    account: int
    name: str | None
    messages: int
    stands_out: bool


@dataclass(frozen=True)
class Readings:
    """Everyone who was shown texts, those with most messages first, and the median number of messages."""

    people: list[Reader]
    median: float | None
    per_day: list[tuple[date, int]]
    as_of: AsOf


def readings(period: Period) -> Readings:
    """Return how much each person read in a period: texts on pages, in lists and in searches, but not in exports."""
    reading = _read(period, keys=[measures.READINGS], days=[measures.READINGS])
    numbers = {
        int(account): number for account, number in reading.by_key(measures.READINGS).items() if account != "None"
    }
    far = outliers(numbers.values())
    names = names_of(numbers)
    people = [
        Reader(account, names.get(account), number, number in far)
        for account, number in sorted(numbers.items(), key=lambda one: (-one[1], one[0]))
    ]
    middle = float(median(numbers.values())) if numbers else None
    return Readings(people, middle, reading.by_day(measures.READINGS), reading.as_of)


def outliers(numbers: Collection[int]) -> set[int]:
    """Return the numbers far above the median, measured by the median absolute deviation (MAD).

    If more than half are equal, the MAD is 0 and the mean deviation replaces it. Of fewer than LEAST_READERS, none.
    """
    if len(numbers) < LEAST_READERS:
        return set()
    middle = median(numbers)
    distances = [abs(number - middle) for number in numbers]
    deviation = median(distances) / NORMAL or sum(distances) / len(distances) / NORMAL_MEAN
    return {number for number in numbers if deviation and (number - middle) / deviation > FAR}


@dataclass(frozen=True)
class Opener:
    """A person who opened conversations without a report: how often, how many, and how often by breaking the glass."""

    account: int
    name: str | None
    openings: int
    conversations: int
    broke_glass: int
    rows: ListLink
    glass_rows: ListLink


@dataclass(frozen=True)
class Openings:
    """Everyone who opened something without a report, most openings first."""

    total: int
    broke_glass: int
    people: list[Opener]
    as_of: AsOf
    rows: ListLink
    glass_rows: ListLink


def openings(period: Period) -> Openings:
    """Return the openings without a report in a period, without those of erased accounts."""
    names = (measures.OPENINGS, measures.UNREPORTED, measures.GLASS)
    reading = _read(period, keys=names)
    numbers = {name: reading.by_key(name) for name in names}
    ordered = sorted(numbers[measures.OPENINGS].items(), key=lambda one: (-one[1], int(one[0])))
    known = names_of(int(account) for account, _ in ordered)
    people = [
        Opener(
            int(account),
            known.get(int(account)),
            number,
            numbers[measures.UNREPORTED][account],
            numbers[measures.GLASS][account],
            _opened(period, reader=account),
            _opened(period, reader=account, glass="yes"),
        )
        for account, number in ordered
    ]
    return Openings(
        reading.total(measures.OPENINGS),
        reading.total(measures.GLASS),
        people,
        reading.as_of,
        _opened(period),
        _opened(period, glass="yes"),
    )


@dataclass(frozen=True)
class Searches:
    """Searches for the names of colleagues; ``people`` is (account, name or None, searches)."""

    total: int
    people: list[tuple[int, str | None, int]]
    as_of: AsOf


def searches_for_staff(period: Period) -> Searches:
    """Return the searches for usernames of other console users, as these names were when the day was counted."""
    reading = _read(period, keys=[measures.STAFF_SEARCHES])
    found = sorted(reading.by_key(measures.STAFF_SEARCHES).items(), key=lambda one: (-one[1], one[0]))
    names = names_of(int(account) for account, _ in found if account != "None")
    people = [(int(account), names.get(int(account)), number) for account, number in found if account != "None"]
    return Searches(reading.total(measures.STAFF_SEARCHES), people, reading.as_of)


@dataclass(frozen=True)
class Refusals:
    """Failed sign-ins, failed confirmations and lock-outs, by event and by day. Of many within an hour only the first
    are recorded and counted."""

    by_event: list[tuple[Event, int, ListLink]]
    per_day: list[tuple[date, int]]
    as_of: AsOf
    rows: ListLink

    @property
    def total(self) -> int:
        return sum(number for _, number, _ in self.by_event)


def refusals(period: Period) -> Refusals:
    """Return the failed sign-ins, failed confirmations and lock-outs of a period."""
    reading = _read(period, keys=[measures.REFUSED], days=[measures.REFUSED])
    found = reading.by_key(measures.REFUSED)
    by_event = [(event, found[event.value], _entries(period, event=event.value)) for event in REFUSALS]
    return Refusals(by_event, reading.by_day(measures.REFUSED), reading.as_of, refused_in(period))


def refused_in(period: Period) -> ListLink:
    """Return the list of the audit entries for failed sign-ins, failed confirmations and lock-outs in a period."""
    return _entries(period, refused="yes")


def _entries(period: Period, **query: str) -> ListLink:
    return ListLink.of(Entry._meta.label_lower, days=within(period), **query)


def _read(period: Period, *, keys: Collection[str] = (), days: Collection[str] = ()) -> Reading:
    return read(Family.TRAIL, period, keys=keys, days=days)


def _opened(period: Period, **query: str) -> ListLink:
    return ListLink.of(Opening._meta.label_lower, period, **query)
