"""Compiled terms for the engines: phrases of normalised words in place of texts, and as few operators as possible.

Typed text never becomes syntax of an engine: words contain only letters, digits and symbols, and are quoted as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from messaging.search.disguises import forms
from messaging.search.normalising import words
from messaging.search.terms import All, Disguised, Not, OneOf, Term, Words


@dataclass(frozen=True)
class Phrase:
    """Consecutive words as the index holds them. With ``prefix``, the last one is the beginning of a word."""

    words: tuple[str, ...]
    prefix: bool = False

    @property
    def text(self) -> str:
        return " ".join(self.words)


@dataclass(frozen=True)
class Without:
    """Texts that ``part`` does not match."""

    part: Part


@dataclass(frozen=True)
class Every:
    """Texts that each of two or more ``parts`` matches."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Some:
    """Texts that at least one of two or more ``parts`` matches."""

    parts: tuple[Part, ...]


Part: TypeAlias = Phrase | Without | Every | Some
Compiled: TypeAlias = Part | bool  # True matches every text, False none


@lru_cache(maxsize=500)
def compiled(term: Term) -> Compiled:
    """Return ``term`` in words of the index. A text without a letter, digit or symbol matches nothing."""
    match term:
        case Words(text, prefix):
            found = tuple(words(text).split())
            return Phrase(found, prefix) if found else False
        case Disguised(text):
            return some(Phrase(tuple(form.split())) for form in forms(text))
        case Not(inner):
            return without(compiled(inner))
        case All(terms):
            return every(map(compiled, terms))
        case OneOf(terms):
            return some(map(compiled, terms))
    raise TypeError(f"{term!r} is no term")


def undisguised(term: Term) -> Term:
    """Return ``term`` with plain words in place of disguised ones."""
    match term:
        case Disguised(text):
            return Words(words(text).replace(" ", ""))
        case Not(inner):
            return Not(undisguised(inner))
        case All(terms) | OneOf(terms):
            return type(term)(tuple(map(undisguised, terms)))
    return term


def without(part: Compiled) -> Compiled:
    """Return the negation of ``part``."""
    if isinstance(part, bool):
        return not part
    return part.part if isinstance(part, Without) else Without(part)


def every(parts: Iterable[Compiled]) -> Compiled:
    """Return the conjunction of ``parts``; True without any."""
    return _joined(parts, Every, decides=False)


def some(parts: Iterable[Compiled]) -> Compiled:
    """Return the disjunction of ``parts``; False without any."""
    return _joined(parts, Some, decides=True)


def _joined(parts: Iterable[Compiled], kind: type[Every] | type[Some], *, decides: bool) -> Compiled:
    """Combine parts into one: a part that is ``decides`` decides the result, and its opposite is dropped."""
    kept: list[Part] = []
    for part in parts:
        if part is decides:
            return decides
        if not isinstance(part, bool):
            kept += part.parts if isinstance(part, kind) else [part]
    return not decides if not kept else kept[0] if len(kept) == 1 else kind(tuple(dict.fromkeys(kept)))


def wanted(part: Compiled) -> Iterator[Phrase]:
    """Yield the phrases that a matching text may contain, without excluded ones."""
    match part:
        case Phrase():
            yield part
        case Every(parts) | Some(parts):
            for one in parts:
                yield from wanted(one)


def holds(part: Compiled, padded: str) -> bool:
    """Return whether a text matches, given its words with a space before and after them."""
    match part:
        case Phrase(_, prefix):
            return f" {part.text}{'' if prefix else ' '}" in padded
        case Without(inner):
            return not holds(inner, padded)
        case Every(parts):
            return all(holds(one, padded) for one in parts)
        case Some(parts):
            return any(holds(one, padded) for one in parts)
    return bool(part)
