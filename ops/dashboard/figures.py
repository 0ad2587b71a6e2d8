"""The numbers of the dashboard: computed in the database, cached for a minute, never by two requests at once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from messaging.database.moments import StandingZone
from messaging.models import Conversation, Message
from ops.console.filters import days_ago
from ops.deletion.models import AccountDeletion

DAYS = 30
BUSIEST = 5
DELETIONS = 5

FRESH = timedelta(seconds=60)
KEEP_SECONDS = 24 * 60 * 60  # the last figures are served that long while newer ones are computed
LOCK_SECONDS = 60  # after that, whoever was computing is taken for dead
WAIT_SECONDS = 10  # how long a request waits for the very first figures, which another one is computing
POLL_SECONDS = 0.05

FIGURES_KEY = "dashboard:figures:v1"
CHANGES_KEY = "dashboard:changes:v1"  # a token, another one after each change of messages or users
LOCK_KEY = "dashboard:computing:v1"


@dataclass(frozen=True)
class Figures:
    """What the dashboard shows. ``changes`` is the token of the data that the figures were computed from."""

    computed_at: datetime
    changes: str | None
    per_day: list[tuple[date, int]]  # messages sent on each of the last DAYS days, the oldest first, today last
    messages: int
    conversations: int
    unread: int
    edited: int
    busiest: list[tuple[Any, str, int]]  # primary key, username, messages sent in these days
    deletions: list[tuple[datetime, str | None, int]]  # when, by whom if known, messages that went with the account

    @property
    def today(self) -> int:
        return self.per_day[-1][1]

    @property
    def in_days(self) -> int:
        """Messages sent in the last DAYS days, today among them."""
        return sum(number for _, number in self.per_day)


def compute(*, now: datetime, changes: str | None = None) -> Figures:
    """Ask the database; days begin at midnight of the console's zone: everybody is shown the same figures."""
    with timezone.override(StandingZone(settings.TIME_ZONE)):
        midnight = days_ago(0, now)
    days = [midnight - timedelta(days=DAYS - 1 - number) for number in range(DAYS)]
    # A count of its own for each day reads only the index; grouping by date would call a function for each row.
    per_day = [
        (day.date(), Message.objects.filter(timestamp__gte=day, timestamp__lt=day + timedelta(days=1)).count())
        for day in days
    ]
    recent = Message.objects.filter(timestamp__gte=days[0], timestamp__lt=midnight + timedelta(days=1))
    senders = recent.order_by().values("sender").annotate(number=Count("*")).order_by("-number", "sender")
    busiest = list(senders.values_list("sender", "number")[:BUSIEST])
    names = get_user_model().objects.in_bulk([key for key, _ in busiest])
    deletions = AccountDeletion.objects.select_related("deleted_by")[:DELETIONS]
    return Figures(
        computed_at=now,
        changes=changes,
        per_day=per_day,
        messages=Message.objects.count(),
        conversations=Conversation.objects.count(),
        unread=Message.unread.count(),
        edited=Message.objects.filter(edited=True).count(),
        busiest=[(key, names[key].get_username(), number) for key, number in busiest if key in names],
        deletions=[
            (one.deleted_at, one.deleted_by.get_username() if one.deleted_by else None, one.messages)
            for one in deletions
        ],
    )


def make_stale() -> None:
    """After a change (when its transaction is committed): the next request for figures computes them anew."""
    transaction.on_commit(lambda: cache.set(CHANGES_KEY, uuid4().hex, KEEP_SECONDS))


def forget() -> None:
    """Drop the figures themselves, at once and again after the transaction: they name people."""
    cache.delete(FIGURES_KEY)
    make_stale()


def current() -> Figures | None:
    """The figures, at most FRESH old and with every change so far; older ones while another request is computing.

    None where there are none yet and another request has been computing them for longer than WAIT_SECONDS.
    """
    give_up_at = time.monotonic() + WAIT_SECONDS
    while True:
        held: Figures | None = cache.get(FIGURES_KEY)
        changes: str | None = cache.get(CHANGES_KEY)
        if held is not None and held.changes == changes and timezone.now() - held.computed_at < FRESH:
            return held
        ours = uuid4().hex
        if cache.add(LOCK_KEY, ours, LOCK_SECONDS):
            return _compute_and_keep(changes, ours)
        if held is not None:
            return held
        if time.monotonic() > give_up_at:
            return None
        time.sleep(POLL_SECONDS)


def _compute_and_keep(changes: str | None, lock: str) -> Figures:
    try:
        figures = compute(now=timezone.now(), changes=changes)
        cache.set(FIGURES_KEY, figures, KEEP_SECONDS)
    finally:
        # Not somebody else's, who took over after LOCK_SECONDS.
        if cache.get(LOCK_KEY) == lock:
            cache.delete(LOCK_KEY)
    return figures
