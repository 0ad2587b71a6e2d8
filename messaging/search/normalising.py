"""Normalising a text to words, the same for the index and for searches, on either database.

Case, accents, character widths and invisible characters are removed. Every character that is not a letter, digit or
emoji separates words, so a link or a decimal number is split into its parts. Emoji, and the characters of scripts
without spaces between words, are words of their own, so that a search for several in a row finds any part of a text in
those scripts.

``messaging.search.postgresql`` builds a database function from the same tables. A change of the tables needs a
migration that replaces that function and rebuilds the indexes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import regex

READ = 2_000_000  # characters of a text; words may be eighteen times as long, and PostgreSQL's limit for them is 1 GB
LONGEST_WORD = 500  # characters; a longer one is split, because PostgreSQL's limit for a word is 2,046 bytes

# The tables list characters after folding, which unifies compatible characters and lowercases capitals. They are ranges
# and single characters, written as escapes that Python and PostgreSQL read alike.
# Removed: marks of Latin, Greek, Cyrillic, Hebrew and Arabic, and invisible characters.
REMOVED = (
    r"\u00ad\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640"
    r"\u064b-\u065f\u0670\u180b-\u180e\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e\u2060-\u2069\u20d0-\u20ff"
    r"\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\U0001f3fb-\U0001f3ff\U000e0000-\U000e01ef"
)
# Spaces, punctuation, currencies, arrows, mathematical signs, private and undefined characters.
SEPARATORS = (
    r"\u0001-\u002f\u003a-\u0060\u007b-\u00a8\u00ab\u00ac\u00af-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7"
    r"\u02c2-\u02c5\u02d2-\u02df\u0387\u055a-\u055f\u0589\u058a\u05be\u05c0\u05c3\u05c6\u05f3\u05f4\u0600-\u060d"
    r"\u061b-\u061f\u066a-\u066d\u06d4\u0700-\u070f\u0964\u0965\u0970\u0e3f\u0e4f\u0e5a\u0e5b\u0f04-\u0f12"
    r"\u0f3a-\u0f3d\u104a-\u104f\u10fb\u1360-\u1368\u1400\u166e\u1680\u169b\u169c\u17d4-\u17da\u1800-\u180a"
    r"\u2000-\u200a\u2010-\u2029\u202f-\u205f\u206a-\u206f\u20a0-\u20cf\u2190-\u22ff\u2308-\u230b\u2329\u232a"
    r"\u2768-\u2775\u27c0-\u27ff\u2900-\u2aff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3011\u3014-\u301f\u3030\u303d\u30a0"
    r"\u30fb\ua4fe\ua4ff\ua60d-\ua60f\ue000-\uf8ff\ufd3e\ufd3f\ufff0-\uffff\U000e01f0-\U0010ffff"
)
# Emoji and other symbols, and letters of Thai, Lao, Burmese, Khmer, Chinese, Japanese and Yi.
ALONE = (
    r"\u00a9\u00ae\u0e01-\u0e3e\u0e40-\u0e4e\u0e50-\u0e59\u0e81-\u0edf\u1000-\u1049\u1050-\u109f\u1780-\u17d3"
    r"\u17dc-\u17e9\u2300-\u2307\u230c-\u2328\u232b-\u23ff\u2500-\u2767\u2776-\u27bf\u2b00-\u2bff\u2e80-\u2fff"
    r"\u3005-\u3007\u3012\u3013\u3020-\u302f\u3031-\u303c\u303e-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f"
    r"\u31a0-\u31ff\u3400-\u9fff\ua000-\ua4cf\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\U0001b000-\U0001b2ff"
    r"\U0001f000-\U0001f3fa\U0001f400-\U0001faff\U00020000-\U0003ffff"
)
# Letters that Unicode does not decompose, and that people type as plain letters if a keyboard lacks them.
LETTERS = {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "ς": "σ", "ß": "ss", "æ": "ae", "œ": "oe"}

PART = 1 << 16  # characters of words that are processed together
LONGEST_KEPT = 8  # characters of a grapheme whose classification is cached

_REMOVED, _SEPARATORS = (re.compile(f"[{table}]+") for table in (REMOVED, SEPARATORS))
_ALONE = re.compile(f"[{ALONE}]")
_TOO_LONG = re.compile(f"[^ ]{{{LONGEST_WORD}}}(?=[^ ])")
_LETTERS = str.maketrans(LETTERS)
_ASCII_WORD = re.compile("[a-zA-Z0-9]+")
# A run of ASCII letters and digits without a mark, or else one grapheme.
_SEEN = regex.compile(r"[a-zA-Z0-9]+(?=[\x00-\x7f]|\Z)|\X")
_ASCII = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256))


def words(text: str) -> str:
    """Return the words of the first READ characters of ``text``, separated by single spaces."""
    text = text[:READ]
    if text.isascii():
        found = text.encode().translate(_ASCII).decode()
    else:
        found = _SEPARATORS.sub(" ", _folded(text))
        found = _ALONE.sub(r" \g<0> ", found)
    if len(found) > LONGEST_WORD:
        found = _TOO_LONG.sub(r"\g<0> ", found)
    if len(found) <= PART:
        return _spaced_once(found)
    return " ".join(filter(None, map(_spaced_once, _parts(found))))


def _parts(spaced: str) -> Iterator[str]:
    """Yield parts of ``spaced``, split at spaces: a list of all words would take ten times the memory of the text."""
    start = 0
    while (end := spaced.find(" ", start + PART)) >= 0:
        yield spaced[start:end]
        start = end
    yield spaced[start:]


def _spaced_once(spaced: str) -> str:
    return " ".join(filter(None, spaced.split(" ")))


class Place(NamedTuple):
    """A word of a text, and the range of its characters in the text."""

    word: str
    start: int
    end: int


def places(text: str) -> list[Place]:
    """Return the words of the first READ characters of ``text`` with their positions."""
    text = text[:READ]
    found = _ascii_places(text) if text.isascii() else _places(text)
    return [piece for place in found for piece in _in_pieces(place)]


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).lower().translate(_LETTERS)
    return unicodedata.normalize("NFC", _REMOVED.sub("", plain))


def _ascii_places(text: str) -> Iterator[Place]:
    for match in _ASCII_WORD.finditer(text):
        yield Place(match.group().lower(), *match.span())


def _places(text: str) -> Iterator[Place]:
    """Yield the places, grapheme by grapheme: folding never changes anything across their boundaries."""
    word, start, end = "", 0, 0
    for match in _SEEN.finditer(text):
        seen = match.group()
        if seen.isascii() and seen.isalnum():
            start, end = start if word else match.start(), match.end()
            word += seen.lower()
            continue
        classified = _classified if len(seen) <= LONGEST_KEPT else _classified.__wrapped__
        for character, separates, alone in classified(seen):
            if word and (separates or alone):
                yield Place(word, start, end)
                word = ""
            if alone:
                yield Place(character, *match.span())
            elif not separates:
                start, end = start if word else match.start(), match.end()
                word += character
    if word:
        yield Place(word, start, end)


@lru_cache(maxsize=5_000)  # only for up to LONGEST_KEPT characters, because a grapheme may have thousands of marks
def _classified(seen: str) -> list[tuple[str, bool, bool]]:
    """Return the folded characters of a grapheme, each with whether it separates words and whether it is a word of its
    own. Cached, because a text has few distinct graphemes."""
    folded = _folded(seen)
    return [(one, bool(_SEPARATORS.match(one)), bool(_ALONE.match(one))) for one in folded]


def _in_pieces(place: Place) -> Iterator[Place]:
    if len(place.word) <= LONGEST_WORD:
        yield place
        return
    for first in range(0, len(place.word), LONGEST_WORD):
        yield Place(place.word[first : first + LONGEST_WORD], place.start, place.end)
