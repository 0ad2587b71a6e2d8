"""Keeping the numbers up to date: count noted quarters, latest days first, for no more than a share of the time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, tzinfo

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.utils import timezone

from ops.dashboard.models import DayNumbers, Family, Keeping, Noted
from ops.dashboard.periods import console_zone, day_of
from ops.dashboard.rollups import desk, measures, messages, noted, trail
from ops.dashboard.rollups.numbers import blocks
from ops.dashboard.rollups.numbers.storing import lock
from ops.dashboard.rollups.quarters import days_of, span
from ops.jobs.pacing import Pace
from ops.moderation.models import Case

EVERY = 60  # seconds between two rounds of the worker
SHARE = 0.05  # of that time at most, which limits how much counting slows down an import that changes many days
DAYS = 4  # counted in one transaction, times the size of a Pace: FIRST, then more if counting is fast
FIRST = 8
FIRST_DAY = 2  # ordinal; in zones east of Greenwich, day 1 begins before the calendar does

# Small families first, so that an import does not delay the desk.
COUNTING: Mapping[str, Callable[[Sequence[str], set[date], tzinfo, str], None]] = {
    Family.DESK: desk.count,
    Family.TRAIL: trail.count,
    Family.MESSAGES: messages.count,
}


def keep(
    *, seconds: float | None = None, using: str = DEFAULT_DB_ALIAS, advance: Callable[[int], None] | None = None
) -> bool:
    """Count changes for about ``seconds``, or until none are left if None; return whether none are left.

    ``advance`` is called after each transaction with the number of quarters. Two runs, even at the same time, are
    harmless; after an interruption, uncounted quarters remain noted.
    """
    started, begun = timezone.now(), time.monotonic()
    _begin(using)
    done = True
    for family in COUNTING:
        pace = Pace(FIRST)
        before = None
        while done:
            with pace.timed():
                taken, before = _count_some(family, DAYS * pace.size, before, using)
            if advance is not None:
                advance(taken)
            if not taken:
                break
            done = seconds is None or time.monotonic() - begun < seconds
    Keeping.objects.using(using).update(kept_at=started)
    return done or not Noted.objects.using(using).exists()


def rebuild(*, using: str = DEFAULT_DB_ALIAS) -> None:
    """Note everything, so that ``keep`` counts it again; figures stay unchanged until then."""
    with transaction.atomic(using=using):
        lock(using)
        blocks.keep_anew(using)
        noted.note_everything(console_zone(), using)


def forget_progress(using: str) -> None:
    """Make the next round count everything, because changes went unnoted for a while. Do nothing without the table."""
    if Keeping._meta.db_table in connections[using].introspection.table_names():
        Keeping.objects.using(using).all().delete()


def _layout() -> str:
    """Return the zone in which days begin, with the lengths of their blocks. Numbers with another layout, such as those
    of an older worker that still runs, are discarded."""
    return f"{settings.TIME_ZONE} {'/'.join(map(str, blocks.SIZES))}"


def _begin(using: str) -> None:
    """Note everything if nothing was ever counted, the layout of days or blocks changed, or a table was emptied."""
    layout = _layout()
    kept = Keeping.objects.using(using).filter(zone=layout)
    if kept.exclude(noted.everything(using)).exists():
        _count_backlog(using)
        return
    with transaction.atomic(using=using):
        held = lock(using)
        if held.zone != layout:
            if held.zone:
                DayNumbers.objects.using(using).all().delete()
            else:  # existing numbers hold until they are counted again, except blocks of a version that still ran
                blocks.keep_anew(using)
            Keeping.objects.using(using).update(zone=layout)
        elif kept.exclude(noted.everything(using)).exists():
            return  # another process did it meanwhile
        noted.note_everything(console_zone(), using)


def _count_backlog(using: str) -> None:
    """Note the desk if its backlog was never counted: after an update to the first version that counts it, or if a
    worker of an older one has counted all cases since."""
    numbers = DayNumbers.objects.using(using).filter(measure=measures.BACKLOG)
    if not numbers.exists() and Case.objects.using(using).exists():
        noted.note_rows([Family.DESK], using)


def _count_some(family: str, days: int, before: datetime | None, using: str) -> tuple[int, datetime | None]:
    """Count the latest noted days, if possible those ``before`` a moment: notes that were taken after it leave dead
    rows, which PostgreSQL would scan again to find the latest. Return how many quarters were counted, and the moment
    before which the next ones lie."""
    if not Noted.objects.using(using).filter(family=family).exists():
        return 0, None
    zone = console_zone()
    with transaction.atomic(using=using):
        _commit_later(using)
        lock(using)
        latest = noted.latest(family, using, before=before) if before is not None else None
        if latest is None:
            latest, before = noted.latest(family, using), None
        if latest is None:
            return 0, None
        first_day = date.fromordinal(max(day_of(latest, zone).toordinal() - days + 1, FIRST_DAY))
        first = span(first_day, zone)[0]
        quarters = noted.take(family, first, before, using)
        COUNTING[family](quarters, set(days_of(quarters, zone)), zone, using)
        return len(quarters), first


def _commit_later(using: str) -> None:
    """Commit without waiting for the disk: if a crash loses the counts, it also loses the deletion of their notes."""
    if connections[using].vendor == "postgresql":
        with connections[using].cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
