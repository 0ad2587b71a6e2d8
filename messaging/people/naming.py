"""Finding a person's names in typed texts: searches, reasons, file names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from messaging.search.normalising import LETTERS, REMOVED, words

# Shorter names may be ordinary words: they match only as the whole text, or as the value of a search filter for people.
MIN_WORD_LENGTH = 3
FILTERS = ("from", "to", "with", "between")  # all search filters that take the name of a person
ACCENTS = r"\u0300-\u036f"  # combining accents
PERSON = rf'\b(?:{"|".join(FILTERS)}):(?:[^:]*,)?["“„«]?'

_LETTERS, _REMOVED = str.maketrans(LETTERS), re.compile(f"[{REMOVED}]")


class NamePattern:
    """A pattern for names as whole words, whatever their case and accents: a search for "café" finds a person called
    "cafe" and the other way round, so that either names them."""

    def __init__(self, names: Iterable[str]) -> None:
        """``names`` must not contain an empty string."""
        given = set(names)
        # Keyboards type accented letters composed (NFC) or decomposed (NFD).
        written = given | {unicodedata.normalize(form, name) for name in given for form in ("NFC", "NFD")}
        plain = {variant for name in given for variant in (words(name), _folded(name)[0])} - {""}
        self._written, self._plain = _any_of(written | plain), _any_of(plain)

    def search(self, text: str) -> bool:
        """Return whether one of the names is in ``text``."""
        return any(True for _ in self._spans(text))

    def sub(self, replacement: str, text: str) -> str:
        """Return ``text`` with ``replacement`` in place of each name."""
        pieces, end = [], 0
        for start, stop in sorted(self._spans(text)):
            if start >= end:
                pieces += [text[end:start], replacement]
            end = max(end, stop)
        return "".join([*pieces, text[end:]])

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        yield from (match.span() for match in self._written.finditer(text))
        if text.isascii() or self._plain is _NOTHING:
            return
        folded, places = _folded(text)
        for match in self._plain.finditer(folded):
            if match.end() > match.start():
                yield places[match.start()], places[match.end() - 1] + 1


def name_pattern(names: Iterable[str]) -> NamePattern | None:
    """Return a pattern that finds any of ``names``, ignoring empty ones; None without names."""
    given = [name for name in names if name]
    return NamePattern(given) if given else None


def _folded(text: str) -> tuple[str, list[int]]:
    """Return ``text`` without case, accents and invisible characters, and the original index of each character left."""
    signs, places = [], []
    for place, sign in enumerate(text):
        for one in _folded_sign(sign):
            signs.append(one)
            places.append(place)
    return "".join(signs), places


@lru_cache(maxsize=5_000)
def _folded_sign(sign: str) -> str:
    """Fold a character as name comparison (ops/accounts/names/sorting.py) and search do."""
    apart = unicodedata.normalize("NFKD", sign.casefold())
    kept = "".join(one for one in apart if not unicodedata.combining(one))
    return _REMOVED.sub("", kept.translate(_LETTERS))


_NOTHING = re.compile(r"(?!)")


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    patterns = [_word_pattern(name) for name in sorted(names)]
    return re.compile("|".join(patterns), re.IGNORECASE) if patterns else _NOTHING


def _word_pattern(name: str) -> str:
    escaped = re.escape(name)
    if len(name) >= MIN_WORD_LENGTH:
        return rf"(?<!\w){escaped}(?![\w{ACCENTS}])"
    return rf"^{escaped}$|{PERSON}{escaped}(?=[\"“”»,)&\s]|$)"
