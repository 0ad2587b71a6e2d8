"""The tree of a text search, which the query language builds and the engines answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Words:
    """Consecutive words: one word, or a phrase. With ``prefix``, the last one is the beginning of a word."""

    text: str
    prefix: bool = False


@dataclass(frozen=True)
class Disguised:
    """A word as people write it to evade a filter: spaced out, with repeated or look-alike letters."""

    text: str


@dataclass(frozen=True)
class Not:
    """Texts that do not match ``term``."""

    term: Term


@dataclass(frozen=True)
class All:
    """Texts that match each of ``terms``."""

    terms: tuple[Term, ...]


@dataclass(frozen=True)
class OneOf:
    """Texts that match at least one of ``terms``."""

    terms: tuple[Term, ...]


Term: TypeAlias = Words | Disguised | Not | All | OneOf
