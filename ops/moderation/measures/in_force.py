"""The measures in force on people, described for staff."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.translation import pgettext_lazy

from ops.moderation.measures.people import until_in_words
from ops.moderation.models import Act, Measure

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Words(NamedTuple):
    """Descriptions of a measure in force: one word, a few words, and a sentence."""

    word: StrOrPromise
    words: StrOrPromise
    sentence: StrOrPromise


# The strictest first.
WORDS = {
    Act.SUSPEND: Words(
        pgettext_lazy("a person", "suspended"),
        pgettext_lazy("a person", "suspended until %(time)s"),
        pgettext_lazy("a person", "Suspended until %(time)s."),
    ),
    Act.RESTRICT: Words(
        pgettext_lazy("a person", "restricted"),
        pgettext_lazy("a person", "restricted until %(time)s"),
        pgettext_lazy("a person", "Restricted until %(time)s."),
    ),
    Act.WARN: Words(
        pgettext_lazy("a person", "warned"),
        pgettext_lazy("a person", "warned and did not confirm it yet"),
        pgettext_lazy("a person", "Warned and did not confirm it yet."),
    ),
}
STRICTEST_FIRST = tuple(WORDS)


@dataclass(frozen=True)
class InForce:
    """A measure in force: its act, its end (None for a warning), and the case in which it was decided."""

    act: Act
    until: datetime | None
    case_id: int

    @property
    def word(self) -> str:
        return str(WORDS[self.act].word)

    def __str__(self) -> str:
        return WORDS[self.act].words % self._time

    @property
    def sentence(self) -> str:
        return WORDS[self.act].sentence % self._time

    @property
    def _time(self) -> dict[str, str]:
        return {} if self.until is None else {"time": until_in_words(self.until)}


def in_force(ids: Collection[Any]) -> dict[Any, list[InForce]]:
    """Return the measures in force by person, strictest first, leaving out people without any. Runs one query.

    Warnings are in force until they are confirmed.
    """
    rows = Measure.objects.holding().filter(user__in=list(ids))
    found: defaultdict[Any, list[InForce]] = defaultdict(list)
    for one in sorted(rows.select_related("decision"), key=lambda one: (STRICTEST_FIRST.index(Act(one.act)), one.pk)):
        found[one.user_id].append(InForce(Act(one.act), one.until, one.decision.case_id))
    return dict(found)
