"""A search as somebody typed it: the messages that it finds, and what to mark in their texts."""

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
    """What is found meets ``others`` and, unless it is None, ``term``, which engines answer. ``wanted`` are the words
    that texts of it have, all or some of them. ``in_history`` says that older texts are searched too."""

    text: str
    tree: Part
    term: terms.Term | None
    others: Q
    wanted: tuple[terms.Term, ...]
    in_history: bool

    @property
    def covered(self) -> str:
        """What was searched, in a sentence; "" where no words were looked for."""
        if not self.wanted:
            return ""
        if not indexing.are_complete(2 if self.in_history else 1):
            return _("The search index is still being built: some texts may not have been searched.")
        if self.in_history:
            return _("Searched all messages and their earlier texts.")
        return _("Searched all messages.")

    def places(self, text: str) -> list[tuple[int, int]]:
        """Where what was looked for stands in a text."""
        return engine.spans(terms.OneOf(self.wanted), text) if self.wanted else []

    def number_in(self, text: str) -> int:
        """How much of what was looked for stands in a text."""
        return sum(engine.matches(one, text) for one in self.wanted)

    def score(self, text: str) -> int:
        """How well a text answers it, in millionths."""
        return round(1_000_000 * engine.score(terms.OneOf(self.wanted), text)) if self.wanted else 0

    def in_older_texts_of(self, keys: Collection[int]) -> Any:
        """The older texts of these messages that have some of what was looked for, the newest last."""
        found = in_older_texts(terms.OneOf(self.wanted)).filter(message__in=keys)
        return found.order_by("message", "revision")

    @property
    def plain(self) -> str:
        """The words that are all of it; "" where it asks for anything else."""
        return self.term.text if isinstance(self.term, terms.Words) and not self.others else ""

    def within(self, period: str) -> str:
        """What to type for those of its messages that were sent on a day, in a month or year; "" if it is too long."""
        return within(self.text, self.tree, period)

    @property
    def condition(self) -> Q:
        """That of messages."""
        return self.others if self.term is None else engine.matching(self.term) & self.others

    def newest_messages(self, messages: Any) -> Any:
        """Those of ``messages`` that it finds, for a page of the newest of them."""
        if self.term is None:
            return messages.listed_with(self.others)
        return engine.newest_first(messages.filter(self.others), self.term)

    def first_page(self, messages: Any, *, size: int, most: int) -> engine.FirstPage:
        """The newest ``size`` of ``messages`` that it finds, as ``engine.first_page`` tells them."""
        if self.term is None:
            found = messages.listed_with(self.others)
            return engine.FirstPage(list(found.values_list("pk", flat=True)[:size]), None, found)
        return engine.first_page(messages.filter(self.others), self.term, size=size, most=most)

    def moments(self, messages: Any, *, most: int, first_page: engine.FirstPage | None = None) -> list[datetime] | None:
        """When those of ``messages`` were sent that it finds; None where they are more than ``most``.

        ``first_page`` is what the method of this name returned, if it was called.
        """
        if first_page is not None and first_page.moments is not None:
            moments = first_page.moments
        else:
            is_whole = not self.others and not messages.query.where
            if self.term is not None and is_whole and (engine.number(self.term, most=most) or 0) > most:
                return None
            rows = self.newest_messages(messages) if first_page is None else first_page.rows
            moments = list(rows.order_by().values_list("timestamp", flat=True)[: most + 1])
        return moments if len(moments) <= most else None

    def number_among(self, messages: Any, *, most: int) -> int:
        """How many of ``messages`` it finds, which are some of the newest; ``most`` + 1 where there are more."""
        found = messages.filter(self.others)
        return engine.count(found if self.term is None else engine.later(found, self.term), most=most)

    def newest_conversations(self, conversations: Any) -> Any:
        """Those of ``conversations`` in which it finds a message, for a page of the newest of them."""
        if self.term is None:
            return conversations.listed_with_message(self.others)
        if not self.others:
            return engine.conversations_matching(conversations, self.term)
        return conversations.with_message(self.condition)


def read(text: str, vocabulary: Vocabulary, reader: Reader) -> Query | None:
    """Read what was typed; None for nothing. Raises Mistake."""
    tree = parse(text, vocabulary.names)
    if tree is None:
        return None
    parts = tree.parts if isinstance(tree, Every) else (tree,)
    in_history = any(_asks_for_history(one, vocabulary) for one in parts)
    texts, others = texts_and_others(parts)
    if in_history:
        texts, others = [], list(parts)  # which of several texts has a word, no engine is asked at once
    conditions = _Conditions(vocabulary, reader, in_history)
    condition = Q()
    for one in others:
        condition &= conditions.of(one, on_top=True)
    return Query(text, tree, texts[0] if texts else None, condition, tuple(_wanted(tree)), in_history)


def in_older_texts(term: terms.Term) -> Any:
    """The older texts that may be shown and that match; those before a removed part are not searched."""
    return MessageHistory.objects.readable().filter(engine.matching(term, MessageHistory), withheld=False)


def _asks_for_history(part: Part, vocabulary: Vocabulary) -> bool:
    return isinstance(part, Named) and any(
        vocabulary.find(part.name, value) is filters.HISTORY for value in part.values
    )


class _Conditions:
    """Makes the condition of messages that parts of a search ask for."""

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
        """Of words that stand beside filters: as keys that an index has found, because no database asks its index for
        one side of an OR. PostgreSQL would make the words of every text instead.

        With the older texts, words that must all be there are looked for one by one, because one text may have one of
        them and an older text another; and no text has one that is excluded.
        """
        if isinstance(term, terms.Not):
            return ~self._of_texts(term.term)
        is_split = _has(terms.Not, term) or (self.in_history and _has(terms.All, term))
        if is_split and isinstance(term, terms.All | terms.OneOf):
            return reduce(and_ if isinstance(term, terms.All) else or_, map(self._of_texts, term.terms))
        found = Message.objects.filter(engine.matching(term)).order_by().values("pk")
        if self.in_history:
            # Not by OR, for the same reason.
            found = found.union(in_older_texts(term).order_by().values("message_id")).order_by()
        return Q(pk__in=found)


def _has(kind: type[terms.Term], term: terms.Term) -> bool:
    """Whether a term is of this kind, or holds one that is."""
    return isinstance(term, kind) or any(_has(kind, one) for one in getattr(term, "terms", ()))


def _wanted(part: Any) -> Iterator[terms.Term]:
    """The words of a search that texts have which it finds."""
    if isinstance(part, terms.Words | terms.Disguised):
        yield part
    for one in getattr(part, "terms", getattr(part, "parts", ())):
        yield from _wanted(one)
