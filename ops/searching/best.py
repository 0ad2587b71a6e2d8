"""The list of messages, ordered by how well they match a search."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property
from typing import Any

from django.db.models.functions import Left
from django.utils.translation import gettext_lazy

from messaging.search.engine import MARKED
from ops.console.keyset import MAX_COUNTED, KeysetChangeList, Order

RANKED = MAX_COUNTED  # messages that are ranked: the newest that were found
BEST = Order("best", gettext_lazy("Best first"), ("-score", "-id"))


class RankedChangeList(KeysetChangeList):
    """A list of messages that offers the order BEST if the search has words.

    A score depends on the text alone, so that it can be a position in the list, as times are in the other orders.
    """

    @property
    def is_ranked(self) -> bool:
        return self.order == BEST

    @property
    def orders(self) -> list[Any]:
        offered = super().orders
        asks_for_words = self.search is not None and self.search.query is not None and self.search.query.wanted
        return offered if asks_for_words else [one for one in offered if one.title != BEST.title]

    def _ordering(self, *, descending: bool) -> list[str]:
        return ["-timestamp", "-id"] if self.is_ranked else super()._ordering(descending=descending)

    def _page(self, cursor: tuple[Any, ...] | None, size: int, *, backwards: bool) -> tuple[list[Any], bool]:
        if not self.is_ranked:
            return super()._page(cursor, size, backwards=backwards)
        if backwards:
            end = len(self._ranking) if cursor is None else bisect_left(self._ranking, _place(*cursor))
            start = max(0, end - size)
            more = start > 0
        else:
            start = 0 if cursor is None else bisect_right(self._ranking, _place(*cursor))
            end = start + size
            more = end < len(self._ranking)
        places = self._ranking[start:end]
        rows = self.model_admin.with_found(self.root_queryset, self.search).in_bulk([-key for _, key in places])
        found = [(rows[-key], -score) for score, key in places if -key in rows]
        for row, score in found:
            row.score = score
        return [row for row, _ in found], more

    @cached_property
    def _ranking(self) -> list[tuple[int, int]]:
        """The places of all ranked messages, the best first; of equal scores the newest."""
        if self.unsearched is None:
            rows = self.queryset.order_by("-timestamp", "-id")
        else:
            rows = self.model_admin.narrowed(self.unsearched.order_by("-timestamp", "-id"), self.search)
        texts = rows.annotate(marked_text=Left("content", MARKED)).values_list("pk", "marked_text")[:RANKED]
        return sorted(_place(self._score(text), pk) for pk, text in texts)

    def _score(self, text: str) -> int:
        query = self.search.query if self.search is not None else None
        return query.score(text) if query is not None else 0

    def _cursor_value(self, name: str, text: str) -> Any:
        return int(text) if name == "score" else super()._cursor_value(name, text)

    def _cursor_at(self, row: Any) -> str:
        return f"{self.cursor_prefix}{row.score}~{row.pk}" if self.is_ranked else super()._cursor_at(row)

    def neighbour(self, row: Any, *, forwards: bool) -> Any:
        if not self.is_ranked:
            return super().neighbour(row, forwards=forwards)
        place = _place(self._score(row.content[:MARKED]), row.pk)
        at = bisect_right(self._ranking, place) if forwards else bisect_left(self._ranking, place) - 1
        if not 0 <= at < len(self._ranking):
            return None
        return self.queryset.model.objects.filter(pk=-self._ranking[at][1]).first()


def _place(score: int, key: int) -> tuple[int, int]:
    """Return a sort key: in ascending order the best score comes first, and of equal scores the newest."""
    return -score, -key
