"""Figures of each reviewer: to see who needs help, not to rank people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from ops.dashboard.figures.people import names_of
from ops.dashboard.figures.rows import ListLink
from ops.dashboard.models import Family
from ops.dashboard.periods import Period
from ops.dashboard.rollups import measures
from ops.dashboard.rollups.bins import percentile
from ops.dashboard.rollups.reading import AsOf, read
from ops.moderation.models import Decision

LEAST_COMPARED = 30  # cases that two people decided: for fewer, agreement would be chance


@dataclass(frozen=True)
class Agreement:
    """How often a reviewer and a colleague chose the same label for a case that both decided, one after the other.

    ``kappa`` is Cohen's: 1 is always, 0 is as often as by chance. None if ``compared`` is below LEAST_COMPARED, or if
    both always chose one and the same label, so that chance explains everything.
    """

    compared: int
    kappa: float | None

    @classmethod
    def of(cls, pairs: Mapping[tuple[str, str], int]) -> Agreement:
        """Return the agreement for the numbers of cases by pair of labels: (own, colleague's)."""
        total = sum(pairs.values())
        if total < LEAST_COMPARED:
            return cls(total, None)
        own: Counter[str] = Counter()
        others: Counter[str] = Counter()
        for (one, other), number in pairs.items():
            own[one] += number
            others[other] += number
        agreed = sum(number for (one, other), number in pairs.items() if one == other) / total
        by_chance = sum(own[label] * others[label] for label in own) / total**2
        return cls(total, None if by_chance == 1 else (agreed - by_chance) / (1 - by_chance))


@dataclass(frozen=True)
class Reviewer:
    """The decisions of one person. ``name`` is None if the account was deleted.

    ``cases`` adds up the different cases of each day. ``p50`` is the time from their claim of a case to the decision,
    over ``timed`` decisions; decisions on many cases in one action have no claim. ``read_per_case`` is how many
    messages the pages of cases showed them, per case; a page shown again within an hour counts once.
    """

    account: int
    name: str | None
    decisions: int
    decided_rows: ListLink | None  # None if the account was deleted
    cases: int
    timed: int
    p50: timedelta | None
    agreement: Agreement
    read_per_case: float | None


@dataclass(frozen=True)
class Reviewers:
    """Everyone who decided something, most decisions first."""

    people: list[Reviewer]
    as_of: AsOf


def reviewers(period: Period) -> Reviewers:
    """Return the reviewers of a period. Only for Leads. Decisions that only undo one are left out."""
    names = (measures.REVIEWED, measures.REVIEWED_CASES, measures.REVIEW_TIMES, measures.AGREED)
    reading = read(Family.DESK, period, keys=names)
    read_by = read(Family.TRAIL, period, keys=[measures.CASE_READINGS]).by_key(measures.CASE_READINGS)
    decided, cases = reading.by_key(measures.REVIEWED), reading.by_key(measures.REVIEWED_CASES)
    times: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for key, number in reading.by_key(measures.REVIEW_TIMES).items():
        account, _, kind = key.partition(":")
        times[account][kind] += number
    pairs: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for key, number in reading.by_key(measures.AGREED).items():
        account, own, other = key.split(":")
        pairs[account][own, other] += number
    ordered = sorted(decided, key=lambda account: (-decided[account], int(account)))
    known = names_of(map(int, ordered))
    people = [
        Reviewer(
            account=int(account),
            name=known.get(int(account)),
            decisions=decided[account],
            decided_rows=_decided(period, account) if int(account) in known else None,
            cases=cases[account],
            timed=times[account].total(),
            p50=percentile(times[account], 0.5),
            agreement=Agreement.of(pairs[account]),
            read_per_case=read_by[account] / cases[account] if cases[account] else None,
        )
        for account in ordered
    ]
    return Reviewers(people, reading.as_of)


def _decided(period: Period, account: str) -> ListLink:
    return ListLink.of(Decision._meta.label_lower, period, by=account)
