"""Messages that say nearly the same: spam comes in campaigns, each text changed a little.

Candidates are found by the index: messages that share a few of the rarer runs of three words. Then their runs are
compared with those of the message. What has none of the looked-up runs in common is not found, however alike it is.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS
from django.db.models.functions import Left

from messaging.search import engine
from messaging.search.normalising import words
from messaging.search.terms import OneOf, Words

RUN = 3  # words
COMPARED = 20_000  # characters of each text, from its beginning
ASKED, LOOKED_UP = 12, 4  # runs of the message whose frequency is asked for; the rarest of these find candidates
MOST_CANDIDATES = 1_000  # the newest
LEAST_LIKENESS = 0.4


class Similar(NamedTuple):
    """A message, and which share of the runs of words in both texts they have in common: 1 where they say the same."""

    message: Any
    likeness: float


def similar_to(message: Any, *, most: int = 50, using: str = DEFAULT_DB_ALIAS) -> list[Similar]:
    """Return the messages most like ``message``, the likest first and then the newest, without itself.

    Of those that share rare words with it, the newest MOST_CANDIDATES are compared. They carry ``beginning`` instead of
    the whole text.
    """
    own = runs(message.content[:COMPARED])
    if not own:
        return []
    found = type(message)._base_manager.using(using).exclude(pk=message.pk).select_related("sender", "receiver")
    candidates = engine.newest_first(found.order_by("-timestamp", "-id"), _looked_up(own, using))
    rows = candidates.defer("content").annotate(beginning=Left("content", COMPARED))[:MOST_CANDIDATES]
    compared = [Similar(row, likeness(own, runs(row.beginning))) for row in rows]
    alike = [one for one in compared if one.likeness >= LEAST_LIKENESS]
    return sorted(alike, key=lambda one: -one.likeness)[:most]


def runs(text: str) -> dict[str, None]:
    """Return each three consecutive words of ``text``, in their order; of a shorter one, all."""
    found = words(text).split()
    if not found:
        return {}
    return {" ".join(found[place : place + RUN]): None for place in range(max(1, len(found) - RUN + 1))}


def likeness(one: dict[str, None], other: dict[str, None]) -> float:
    """Which share of the runs in either of two texts is in both."""
    both = len(one.keys() & other.keys())
    return both / (len(one) + len(other) - both) if both else 0.0


def _looked_up(own: dict[str, None], using: str) -> OneOf:
    """A search for the rarest of some runs, which lie spread over the text."""
    asked = list(own)
    if len(asked) > ASKED:
        edges = [len(asked) * place // ASKED for place in range(ASKED + 1)]
        asked = [asked[start] for start, _ in pairwise(edges)]
    terms = [Words(run) for run in asked]
    if len(terms) > LOOKED_UP:
        terms.sort(key=lambda term: engine.estimate(term, using=using))
    return OneOf(tuple(terms[:LOOKED_UP]))
