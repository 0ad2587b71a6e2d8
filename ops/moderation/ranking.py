"""The place of a case in the queue, which is ordered by ``rank_at``: set when flags change, never by time alone.

A case is due when the target time of its worst label has passed since it became pending. It ranks earlier if several
people reported it: each further reporter takes off a tenth of the target time, weighted by how often their flags were
upheld, up to half of it in total. The order is therefore total and stable, and no case waits for ever behind newer
ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, Q

from messaging.writing import ids_subquery
from ops.moderation.labels.targets import target_of, worst
from ops.moderation.models import Flag, Outcome
from ops.moderation.models.labels import Severity

FOR_EACH = 0.1  # of the target time, for each further reporter whose flags are always upheld
MOST = 0.5  # of the target time


class Rank(NamedTuple):
    """When a case is due, and the time that orders the queue."""

    due_at: datetime
    rank_at: datetime


def rank(pending_since: datetime, target: timedelta, weights: Collection[float]) -> Rank:
    """Return the rank of a case that is pending since ``pending_since``. ``target`` is the target time of its worst
    label; ``weights`` are those of its reporters, from 0 to 1."""
    further = sorted(weights, reverse=True)[1:]
    bonus = min(MOST, FOR_EACH * sum(further)) * target
    due_at = pending_since + target
    return Rank(due_at, due_at - bonus)


def weights_of(reporters: Collection[int], *, using: str) -> dict[int, float]:
    """Return the weight of each reporter: how often their settled flags were upheld, or 0.5 if none were settled."""
    settled = Flag.objects.using(using).filter(reporter__in=reporters, outcome__in=[Outcome.UPHELD, Outcome.DISMISSED])
    counts = (
        settled.order_by()
        .values_list("reporter")
        .annotate(upheld=Count("pk", filter=Q(outcome=Outcome.UPHELD)), total=Count("pk"))
    )
    known = {reporter: (upheld + 1) / (total + 2) for reporter, upheld, total in counts}
    return {reporter: known.get(reporter, 0.5) for reporter in reporters}


def ranks_of(pending_since: Mapping[int, datetime], *, using: str) -> dict[int, tuple[Severity, Rank]]:
    """Return the worst severity and the rank of each case with a waiting flag, from its waiting flags.
    ``pending_since`` maps keys of cases to when they became pending. Two queries."""
    ids = list(pending_since)
    among = ids if len(ids) == 1 else ids_subquery(ids, using=using)
    flags = Flag.objects.using(using).waiting().filter(case__in=among).order_by()
    severities: defaultdict[int, set[str]] = defaultdict(set)
    reporters: defaultdict[int, set[int]] = defaultdict(set)
    for case_id, severity, reporter in flags.values_list("case", "label__severity", "reporter"):
        severities[case_id].add(severity)
        reporters[case_id].update([] if reporter is None else [reporter])
    weights = weights_of({one for some in reporters.values() for one in some}, using=using) if severities else {}
    found = {}
    for pk, some in severities.items():
        severity = worst(some)
        its = [weights[one] for one in reporters[pk]]
        found[pk] = severity, rank(pending_since[pk], target_of(severity), its)
    return found
