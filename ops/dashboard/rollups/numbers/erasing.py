"""Taking somebody's numbers out of those of days, at once when their account goes: days are counted anew later."""

from __future__ import annotations

from typing import Any

from ops.dashboard.models import DayNumbers
from ops.dashboard.rollups import measures
from ops.dashboard.rollups.numbers import blocks
from ops.dashboard.rollups.numbers.storing import lock

# By account, and by what begins with one.
BY_ACCOUNT = (
    *(*measures.BY_PERSON, *blocks.NAMES, measures.REVIEWED, measures.REVIEWED_CASES),
    *(measures.READINGS, measures.CASE_READINGS, measures.OPENINGS, measures.UNREPORTED, measures.GLASS),
    *(measures.STAFF_SEARCHES, measures.REVIEW_TIMES, measures.AGREED),
)


def forget_person(user_id: Any, *, using: str) -> None:
    """Remove the parts of all days, and of their blocks, that are about this account. Within a transaction.

    Whoever counts waits meanwhile: else a block could be made of days that still name it.
    """
    lock(using)
    rows: Any = DayNumbers.objects.using(using)
    account = str(user_id)
    for row in rows.filter(measure__in=BY_ACCOUNT).iterator():
        kept = {key: number for key, number in row.numbers.items() if key.partition(":")[0] != account}
        if len(kept) < len(row.numbers):
            rows.filter(pk=row.pk).update(numbers=kept, total=sum(kept.values()))
