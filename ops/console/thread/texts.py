"""Texts of messages for pages: hidden characters are named, words of a search marked, long texts collapsed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, NamedTuple, TypeAlias

from django.utils.translation import gettext as _

from messaging.languages.wording import grouped
from ops.files import invisible

LONG, LONG_LINES = 2_000, 40  # a text with more characters or line ends is collapsed
START, START_LINES = 1_000, 20  # the part of it that remains visible
MOST_NAMED = 500  # hidden characters, or runs of the same one, in one part of a text
JOINS = re.compile("[\u200d\ufe0e\ufe0f]")  # characters that belong to the one before them
LINK = re.compile(r"https?://|\bwww\.", re.IGNORECASE)

Kind = Literal["", "hidden", "found"]
Places: TypeAlias = Sequence[tuple[int, int]]  # (start, end), in order
Find: TypeAlias = Callable[[str], Places]  # returns the places of a search in a text


class Piece(NamedTuple):
    """A run of plain text, the name of a hidden character, or words of a search."""

    text: str
    kind: Kind


@dataclass(frozen=True)
class Text:
    """A text for a page: ``plain`` if it is short and has nothing to mark, else ``start`` and, if it is long, ``rest``;
    ``is_cut`` if the rest is left out, because the page would become too large."""

    plain: str | None
    start: list[Piece]
    rest: list[Piece]
    size: int
    is_cut: bool = False

    @property
    def size_in_words(self) -> str:
        return grouped(self.size)


def shown_text(content: str, *, find: Find | None = None, whole: bool = False, with_rest: bool = True) -> Text:
    """Return a message's text for a page; with ``whole``, it is not collapsed."""
    end = len(content) if whole else _end_of_start(content)
    is_long = end < len(content)
    found = find(content) if find else ()
    # A long text is searched for hidden characters only once, in its pieces.
    if not (is_long or found or len(content) > LONG or has_hidden(content)):
        return Text(content, [], [], len(content))
    rest = _pieces(content, found, end, len(content)) if is_long and with_rest else []
    return Text(None, _pieces(content, found, 0, end), rest, len(content), is_cut=is_long and not with_rest)


def has_hidden(content: str) -> bool:
    """Whether a text has characters that are invisible or that change its direction."""
    return invisible.INVISIBLE.search(content) is not None


def has_link(content: str) -> bool:
    """Whether a text contains a web address."""
    return LINK.search(content) is not None


def _end_of_start(content: str) -> int:
    """Return where to cut a long text: after a word if possible, never within what readers see as one character."""
    if len(content) <= LONG and content.count("\n") <= LONG_LINES:
        return len(content)
    end = -1
    for _line in range(START_LINES):
        end = content.find("\n", end + 1, START)
        if end < 0:
            end = min(START, len(content) - 1)
            break
    if content[end] == "\n":
        return end
    space = max(content.rfind(sign, end - 100, end) for sign in " \n\t")
    if space > 0:
        return space
    nearest = max(1, end - 50)
    while end > nearest and (unicodedata.combining(content[end]) or JOINS.match(content[end])):
        end -= 1
    return end


def _pieces(text: str, found: Places, start: int, end: int) -> list[Piece]:
    pieces: list[Piece] = []
    left = MOST_NAMED
    is_cut = False
    for run, is_found in runs(text, found, start, end):
        if is_found:
            pieces.append(Piece(run, "found"))
            continue
        end = 0
        for name, characters in groupby(invisible.parts(run), key=lambda part: part.name):
            if name and not left:
                if not is_cut:
                    pieces.append(Piece(_("further hidden characters are not marked"), "hidden"))
                pieces.append(Piece(run[end:], ""))
                is_cut = True
                break
            parts = list(characters)
            begin, end = end, end + sum(len(part.text) for part in parts)
            pieces.append(Piece(_named(name, len(parts)), "hidden") if name else Piece(run[begin:end], ""))
            left -= bool(name)
    return pieces


def _named(name: str, number: int) -> str:
    return name if number == 1 else f"{name} × {grouped(number)}"


def runs(text: str, found: Places, start: int, end: int) -> Iterator[tuple[str, bool]]:
    """Split ``text`` from ``start`` to ``end`` into runs, each with whether it is at one of the places in ``found``."""
    at = start
    for first, last in found:
        first, last = max(first, at), min(last, end)
        if first < last:
            yield text[at:first], False
            yield text[first:last], True
            at = last
    yield text[at:end], False
