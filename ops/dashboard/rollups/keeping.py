"""Keeping the numbers: what is noted is counted, the latest days first, and never for more than a share of the time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, tzinfo

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.utils import timezone

from ops.dashboard.models import DayNumbers, Family, Keeping, Noted
from ops.dashboard.periods import console_zone, day_of
from ops.dashboard.rollups import desk, messages, noted, trail
from ops.dashboard.rollups.numbers import blocks
from ops.dashboard.rollups.numbers.storing import lock
from ops.dashboard.rollups.quarters import days_of, span
from ops.jobs.pacing import Pace

EVERY = 60  # seconds between two rounds of the worker
SHARE = 0.05  # of that time, at most: an import, which changes many days, is not slowed down by more
DAYS = 4  # counted in one transaction, times what a Pace says: FIRST, and more where that is fast
FIRST = 8
FIRST_DAY = 2  # of the calendar: the first one begins before it in zones east of Greenwich

# The small ones first: no import keeps the desk waiting.
COUNTING: Mapping[str, Callable[[Sequence[str], set[date], tzinfo, str], None]] = {
    Family.DESK: desk.count,
    Family.TRAIL: trail.count,
    Family.MESSAGES: messages.count,
}


def keep(
    *, seconds: float | None = None, using: str = DEFAULT_DB_ALIAS, advance: Callable[[int], None] | None = None
) -> bool:
    """Count what changed, for about so many seconds, without any until nothing is left; whether nothing is.

    ``advance`` is called with the number of quarters after each transaction. Doing it twice, or twice at once, is
    harmless; whoever is broken off leaves noted what it did not count.
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
    return done


def rebuild(*, using: str = DEFAULT_DB_ALIAS) -> None:
    """Note everything, so that ``keep`` counts it anew; figures stay as they are until then."""
    with transaction.atomic(using=using):
        lock(using)
        blocks.keep_anew(using)
        noted.note_everything(console_zone(), using)


def forget_progress(using: str) -> None:
    """Have the next round count everything: changes were not noted for a while. Does nothing without the table."""
    if Keeping._meta.db_table in connections[using].introspection.table_names():
        Keeping.objects.using(using).all().delete()


def _layout() -> str:
    """The zone in which days begin, and the lengths of their blocks: what a worker of a version with others leaves,
    which may run on until it is restarted, is not read."""
    return f"{settings.TIME_ZONE} {'/'.join(map(str, blocks.SIZES))}"


def _begin(using: str) -> None:
    """Where nothing was ever counted, days or blocks began otherwise, or a table was emptied, count everything."""
    layout = _layout()
    kept = Keeping.objects.using(using).filter(zone=layout)
    if kept.exclude(noted.everything(using)).exists():
        return
    with transaction.atomic(using=using):
        held = lock(using)
        if held.zone != layout:
            if held.zone:
                DayNumbers.objects.using(using).all().delete()
            else:  # what is there is right until it is counted, but for blocks of a version that still ran
                blocks.keep_anew(using)
            Keeping.objects.using(using).update(zone=layout)
        elif kept.exclude(noted.everything(using)).exists():
            return  # somebody else did meanwhile
        noted.note_everything(console_zone(), using)


def _count_some(family: str, days: int, before: datetime | None, using: str) -> tuple[int, datetime | None]:
    """Count what is noted of the latest days, and first of those ``before`` a moment: what was taken since then leaves
    dead rows, which PostgreSQL would look through again for the latest. Returns how many quarters were counted, and the
    moment before which the next ones are."""
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
    """Do not wait until the disk has what the transaction counts: where it is lost, so is that notes were taken."""
    if connections[using].vendor == "postgresql":
        with connections[using].cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
