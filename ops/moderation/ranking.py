"""Where a case stands in the queue: ordered by ``rank_at``, which is set when flags come and never by time alone.

A case is due when the target time of its worst label has passed since it was opened. It ranks before that where several
people reported it: each further reporter takes off a tenth of the target time, weighted by how often their flags were
upheld, up to half of it. So the order is total and stable, and no case waits for ever behind newer ones.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, Q

from ops.moderation.labels.targets import target_of, worst
from ops.moderation.models import Flag, Outcome
from ops.moderation.models.labels import Severity

FOR_EACH = 0.1  # of the target time, for each further reporter who is always right
MOST = 0.5  # of the target time


class Rank(NamedTuple):
    """When a case is due, and by what it is ordered."""

    due_at: datetime
    rank_at: datetime


def rank(pending_since: datetime, target: timedelta, weights: Collection[float]) -> Rank:
    """Return the rank of a case that is pending since then, by its worst label's ``target`` time; ``weights`` are those
    of its reporters, from 0 to 1."""
    further = sorted(weights, reverse=True)[1:]
    bonus = min(MOST, FOR_EACH * sum(further)) * target
    due_at = pending_since + target
    return Rank(due_at, due_at - bonus)


def weights_of(reporters: Collection[int], *, using: str) -> dict[int, float]:
    """Return the weight of each reporter: how often their settled flags were upheld, 0.5 for somebody unknown."""
    settled = Flag.objects.using(using).filter(reporter__in=reporters, outcome__in=[Outcome.UPHELD, Outcome.DISMISSED])
    counts = (
        settled.order_by()
        .values_list("reporter")
        .annotate(upheld=Count("pk", filter=Q(outcome=Outcome.UPHELD)), total=Count("pk"))
    )
    known = {reporter: (upheld + 1) / (total + 2) for reporter, upheld, total in counts}
    return {reporter: known.get(reporter, 0.5) for reporter in reporters}


def rank_of(case_id: int, pending_since: datetime, *, using: str) -> tuple[Severity, Rank] | None:
    """Return the worst severity of a case's waiting flags and its rank; None where no flag is waiting."""
    flags = Flag.objects.using(using).waiting().filter(case=case_id).order_by()
    found = list(flags.values_list("label__severity", "reporter"))
    if not found:
        return None
    severity = worst(severity for severity, _ in found)
    reporters = {reporter for _, reporter in found if reporter is not None}
    return severity, rank(pending_since, target_of(severity), weights_of(reporters, using=using).values())
