"""Excerpts of texts around the words of a search, which are marked."""

from __future__ import annotations

from ops.console.thread.texts import Find, Piece, Places, runs

LENGTH = 160  # characters of a text in a row of a list
BEFORE = 40  # of them before the first place found
SOON = 2_000  # characters at the beginning of a text, which are searched first


def excerpt(text: str, find: Find) -> list[Piece]:
    """Return the part of a text around the first place found, with found words marked; else its beginning."""
    places = _places(text, find)
    found, after = places[0] if places else (0, 0)
    start = max(0, found - BEFORE)
    if start:
        # Start at the beginning of a word if there is one.
        start = max(text.find(" ", start, found) + 1, start)
    end = start + max(LENGTH, BEFORE + after - found)
    pieces = _marked(text, places, start, min(end, len(text)))
    left_out = [Piece("… ", "")] if start else [], [Piece("…", "")] if end < len(text) else []
    return [*left_out[0], *pieces, *left_out[1]]


def _places(text: str, find: Find) -> Places:
    """Return the places found; in a long text, only those in its beginning if the excerpt is from there, because a page
    has many long texts."""
    cut = text.rfind(" ", 0, SOON) if len(text) > SOON else -1
    places = find(text[:cut]) if cut >= 0 else ()
    return places if places and places[0][1] + SOON // 2 < cut else find(text)


def _marked(text: str, places: Places, start: int, end: int) -> list[Piece]:
    return [Piece(run, "found" if is_found else "") for run, is_found in runs(text, places, start, end) if run]
