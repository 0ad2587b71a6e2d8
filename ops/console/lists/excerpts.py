"""The words that were searched for, marked in names and in their surroundings in texts."""

from __future__ import annotations

from ops.console.thread.texts import Piece, places, runs

LENGTH = 160  # characters of a text in a row of a list
BEFORE = 40  # of which so many stand before the words


def marked(text: str, words: str) -> list[Piece]:
    """``text`` with ``words`` marked, whatever their case."""
    return [Piece(run, "found" if is_found else "") for run, is_found in runs(text, words) if run]


def excerpt(text: str, words: str) -> list[Piece]:
    """The part of a text around ``words``, which are marked; its beginning where they are not in it."""
    found = next(places(text, words), 0)
    start = max(0, found - BEFORE)
    if start:
        # From the beginning of a word, if one begins there.
        start = max(text.find(" ", start, found) + 1, start)
    end = start + max(LENGTH, BEFORE + len(words))
    pieces = marked(text[start:end], words)
    before, after = [Piece("… ", "")] if start else [], [Piece("…", "")] if end < len(text) else []
    return [*before, *pieces, *after]
