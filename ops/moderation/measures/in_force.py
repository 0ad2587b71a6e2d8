"""The measures in force on people, in words for staff."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops.moderation.measures.people import until_in_words
from ops.moderation.models import Act, Measure

STRICTEST_FIRST = (Act.SUSPEND, Act.RESTRICT, Act.WARN)
WORDS = {Act.SUSPEND: "suspended", Act.RESTRICT: "restricted"}


@dataclass(frozen=True)
class InForce:
    """A measure that holds: its act, in a word, what is to be known besides, and the case in which it was decided."""

    act: Act
    word: str
    more: str
    case_id: int

    def __str__(self) -> str:
        return f"{self.word} {self.more}".strip()


def in_force(ids: Collection[Any]) -> dict[Any, list[InForce]]:
    """Return what holds for each of these people, the strictest first; one query, people without anything left out.

    Warnings are among it until they are confirmed.
    """
    rows = Measure.objects.holding().filter(user__in=list(ids))
    found: defaultdict[Any, list[InForce]] = defaultdict(list)
    for one in sorted(rows.select_related("decision"), key=lambda one: (STRICTEST_FIRST.index(Act(one.act)), one.pk)):
        found[one.user_id].append(_in_words(Act(one.act), one.until, one.decision.case_id))
    return dict(found)


def _in_words(act: Act, until: datetime | None, case_id: int) -> InForce:
    if until is None:
        return InForce(act, "warned", "and did not confirm it yet", case_id)
    return InForce(act, WORDS[act], f"until {until_in_words(until)}", case_id)
