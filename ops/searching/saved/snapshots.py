"""Which messages are stored at a moment, in order to distinguish those that are stored later.

The highest key is not enough: on PostgreSQL a message gets its key before its transaction commits, and others with
higher keys may be committed earlier. So the gaps between the newest keys are kept with the highest one. Most of them
stay empty, since their messages were deleted or never committed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import F, Window
from django.db.models.functions import Lag

from messaging.models import Message
from messaging.writing import array_of

LOOKED_AT = 10_000  # the newest messages, which are searched for gaps
MOST_GAPS = 500  # the newest ones


class Snapshot(NamedTuple):
    """The messages with keys up to ``up_to``, except those in ``missing``: runs of keys [first, last]."""

    up_to: int
    missing: list[list[int]]


def stored(using: str = DEFAULT_DB_ALIAS) -> Snapshot:
    """Return which messages are stored now. Those that are committed meanwhile may be included or not."""
    keys = Message.objects.using(using).order_by("-pk").values_list("pk", flat=True)
    newest = keys.first() or 0
    if connections[using].vendor != "postgresql":  # one writer at a time: keys are in the order of commits
        return Snapshot(newest, [])
    before = next(iter(keys[LOOKED_AT : LOOKED_AT + 1]), 0)
    rows = keys.filter(pk__gt=before, pk__lte=newest)
    rows = rows.annotate(previous=Window(Lag("pk", default=0), order_by=F("pk").asc()))
    gaps = rows.filter(previous__lt=F("pk") - 1).values_list("previous", "pk")[:MOST_GAPS]
    return Snapshot(newest, [[max(previous, before) + 1, pk - 1] for previous, pk in gaps if pk > before + 1])


def since(then: Snapshot, using: str = DEFAULT_DB_ALIAS) -> list[Any]:
    """Return the messages that were not stored then, as one or two querysets."""
    messages = Message.objects.using(using)
    late = list(_within(then.missing, using)) if then.missing else []
    return [messages.filter(pk__gt=then.up_to), *([messages.filter(pk__in=late)] if late else [])]


def _within(runs: list[list[int]], using: str) -> Iterator[int]:
    """Yield the keys of the messages within these runs."""
    firsts, lasts = (array_of(ends) for ends in zip(*runs, strict=True))
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT late.id FROM unnest(%s::bigint[], %s::bigint[]) AS gap (first, last)"
            " JOIN messaging_message AS late ON late.id BETWEEN gap.first AND gap.last",
            [firsts, lasts],
        )
        yield from (pk for (pk,) in cursor)
