"""Near-duplicate messages: spam campaigns send many texts with small changes.

The index finds candidates: messages that share any of a few rarer runs of three words. Then their runs are compared
with those of the message. A message with none of the looked-up runs is not found, however similar it is.
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
COMPARED = 20_000  # characters of each text, from its start
ASKED, LOOKED_UP = 12, 4  # runs whose frequency is estimated; the rarest of these, which find candidates
MOST_CANDIDATES = 1_000  # the newest ones
LEAST_LIKENESS = 0.4


class Similar(NamedTuple):
    """A message, and the share of the runs in either text that both texts have: 1 if all are the same."""

    message: Any
    likeness: float


def similar_to(message: Any, *, most: int = 50, using: str = DEFAULT_DB_ALIAS) -> list[Similar]:
    """Return the messages most similar to ``message``, sorted by likeness and then newest first, without itself.

    Of those that share rare runs with it, the newest MOST_CANDIDATES are compared. They have ``beginning`` instead of
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
    """Return the runs of three consecutive words of ``text``, in order, as dict keys; a shorter text is one run."""
    found = words(text).split()
    if not found:
        return {}
    return {" ".join(found[place : place + RUN]): None for place in range(max(1, len(found) - RUN + 1))}


def likeness(one: dict[str, None], other: dict[str, None]) -> float:
    """Return the share of the runs in either text that are in both."""
    both = len(one.keys() & other.keys())
    return both / (len(one) + len(other) - both) if both else 0.0


def _looked_up(own: dict[str, None], using: str) -> OneOf:
    """Return a term for the rarest of some runs spread over the text."""
    asked = list(own)
    if len(asked) > ASKED:
        edges = [len(asked) * place // ASKED for place in range(ASKED + 1)]
        asked = [asked[start] for start, _ in pairwise(edges)]
    terms = [Words(run) for run in asked]
    if len(terms) > LOOKED_UP:
        terms.sort(key=lambda term: engine.estimate(term, using=using))
    return OneOf(tuple(terms[:LOOKED_UP]))
