"""A parsed search: the messages that it finds, and the matches to mark in their texts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from messaging.models import Message, MessageHistory
from messaging.search import engine, filters, indexing, terms
from messaging.search.filters import Reader, Vocabulary
from messaging.search.language import Either, Every, Mistake, Named, Part, Without, parse, texts_and_others, within


@dataclass(frozen=True)
class Query:
    """A parsed search. Its results match ``others`` and, unless it is None, ``term``, which the engines answer.

    ``wanted`` are the words to find, all or some of which a matching text has. ``in_history``: older texts are
    searched too.
    """

    text: str
    tree: Part
    term: terms.Term | None
    others: Q
    wanted: tuple[terms.Term, ...]
    in_history: bool

    @property
    def covered(self) -> str:
        """A sentence about which texts were searched; "" if the search has no words."""
        if not self.wanted:
            return ""
        if not indexing.are_complete(2 if self.in_history else 1):
            return _("The search index is still being built: some texts may not have been searched.")
        if self.in_history:
            return _("Searched all messages and their earlier texts.")
        return _("Searched all messages.")

    def places(self, text: str) -> list[tuple[int, int]]:
        """Return the spans of the wanted words in a text."""
        return engine.spans(terms.OneOf(self.wanted), text) if self.wanted else []

    def number_in(self, text: str) -> int:
        """Return how many of the wanted words and phrases a text has."""
        return sum(engine.matches(one, text) for one in self.wanted)

    def score(self, text: str) -> int:
        """Return how well a text matches, in millionths."""
        return round(1_000_000 * engine.score(terms.OneOf(self.wanted), text)) if self.wanted else 0

    def in_older_texts_of(self, keys: Collection[int]) -> Any:
        """Return the older texts of these messages that have any of the wanted words, by message, the newest last."""
        found = in_older_texts(terms.OneOf(self.wanted)).filter(message__in=keys)
        return found.order_by("message", "revision")

    @property
    def plain(self) -> str:
        """The text of a search for a single word or phrase; "" for any other search."""
        return self.term.text if isinstance(self.term, terms.Words) and not self.others else ""

    def within(self, period: str) -> str:
        """Return the query that narrows this search to a day, month or year; "" if none can be typed."""
        return within(self.text, self.tree, period)

    @property
    def condition(self) -> Q:
        """The condition on messages."""
        return self.others if self.term is None else engine.matching(self.term) & self.others

    def newest_messages(self, messages: Any) -> Any:
        """Return the matching rows of ``messages``, for a page of the newest ones."""
        if self.term is None:
            return messages.listed_with(self.others)
        return engine.newest_first(messages.filter(self.others), self.term)

    def first_page(self, messages: Any, *, size: int, most: int) -> engine.FirstPage:
        """Return the newest ``size`` matching rows of ``messages``, as ``engine.first_page`` does."""
        if self.term is None:
            found = messages.listed_with(self.others)
            return engine.FirstPage(list(found.values_list("pk", flat=True)[:size]), None, found)
        return engine.first_page(messages.filter(self.others), self.term, size=size, most=most)

    def moments(self, messages: Any, *, most: int, first_page: engine.FirstPage | None = None) -> list[datetime] | None:
        """Return the times of the matching rows of ``messages``; None if there are more than ``most``.

        ``first_page`` is the result of the method of that name, if it was called before.
        """
        if first_page is not None and first_page.moments is not None:
            moments = first_page.moments
        else:
            is_whole = not self.others and not messages.query.where
            if self.term is not None and is_whole and (engine.count_matching(self.term, most=most) or 0) > most:
                return None
            rows = self.newest_messages(messages) if first_page is None else first_page.rows
            moments = list(rows.order_by().values_list("timestamp", flat=True)[: most + 1])
        return moments if len(moments) <= most else None

    def number_among(self, messages: Any, *, most: int) -> int:
        """Return how many of ``messages``, a range of the newest ones, match; ``most`` + 1 if there are more."""
        found = messages.filter(self.others)
        return engine.count(found if self.term is None else engine.matching_after_key(found, self.term), most=most)

    def newest_conversations(self, conversations: Any) -> Any:
        """Return the rows of ``conversations`` with a matching message, for a page of the newest ones."""
        if self.term is None:
            return conversations.listed_with_message(self.others)
        if not self.others:
            return engine.conversations_matching(conversations, self.term)
        return conversations.with_message(self.condition)


def read(text: str, vocabulary: Vocabulary, reader: Reader) -> Query | None:
    """Parse a query; return None if it is empty. Raise Mistake if it is invalid."""
    tree = parse(text, vocabulary.names)
    if tree is None:
        return None
    parts = tree.parts if isinstance(tree, Every) else (tree,)
    in_history = any(_asks_for_history(one, vocabulary) for one in parts)
    texts, others = texts_and_others(parts)
    if in_history:
        texts, others = [], list(parts)  # no engine answers for several texts of a message in one query
    conditions = _Conditions(vocabulary, reader, in_history)
    condition = Q()
    for one in others:
        condition &= conditions.of(one, on_top=True)
    return Query(text, tree, texts[0] if texts else None, condition, tuple(_wanted(tree)), in_history)


def in_older_texts(term: terms.Term) -> Any:
    """Return the older texts that match and may be shown; those that a redaction withholds are not searched."""
    return MessageHistory.objects.readable().filter(engine.matching(term, MessageHistory), withheld=False)


def _asks_for_history(part: Part, vocabulary: Vocabulary) -> bool:
    return isinstance(part, Named) and any(
        vocabulary.find(part.name, value) is filters.HISTORY for value in part.values
    )


class _Conditions:
    """Builds the condition on messages from the parts of a search."""

    def __init__(self, vocabulary: Vocabulary, reader: Reader, in_history: bool) -> None:
        self.vocabulary, self.reader, self.in_history = vocabulary, reader, in_history

    def of(self, part: Part, *, on_top: bool = False) -> Q:
        if isinstance(part, Named):
            if _asks_for_history(part, self.vocabulary) and (not on_top or len(part.values) > 1):
                sentence = _(
                    "“in:history” is about the whole search: put it beside everything else, not after OR, “-” or “(”."
                )
                raise Mistake(sentence, part.start, part.end)
            return self.vocabulary.condition(part, self.reader)
        if isinstance(part, Without):
            return ~self.of(part.part)
        if isinstance(part, Every | Either):
            return reduce(and_ if isinstance(part, Every) else or_, map(self.of, part.parts))
        return self._of_texts(part)

    def _of_texts(self, term: terms.Term) -> Q:
        """Return the condition for words combined with filters, as a subquery of keys that the index finds.

        No database uses its index for one side of an OR; PostgreSQL would compute the words of every text instead.
        With older texts, each of several required words is looked up by itself, because one text may have one word and
        an older text another; an excluded word must be in no text.
        """
        if isinstance(term, terms.Not):
            return ~self._of_texts(term.term)
        is_split = _has(terms.Not, term) or (self.in_history and _has(terms.All, term))
        if is_split and isinstance(term, terms.All | terms.OneOf):
            return reduce(and_ if isinstance(term, terms.All) else or_, map(self._of_texts, term.terms))
        found = Message.objects.filter(engine.matching(term)).order_by().values("pk")
        if self.in_history:
            # A union instead of an OR, for the same reason.
            found = found.union(in_older_texts(term).order_by().values("message_id")).order_by()
        return Q(pk__in=found)


def _has(kind: type[terms.Term], term: terms.Term) -> bool:
    """Return whether a term is of this kind or contains one that is."""
    return isinstance(term, kind) or any(_has(kind, one) for one in getattr(term, "terms", ()))


def _wanted(part: Any) -> Iterator[terms.Term]:
    """Yield the words of a search that matching texts may have, without excluded ones."""
    if isinstance(part, terms.Words | terms.Disguised):
        yield part
    for one in getattr(part, "terms", getattr(part, "parts", ())):
        yield from _wanted(one)
