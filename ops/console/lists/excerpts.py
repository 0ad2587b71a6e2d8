"""What was searched for, marked in its surroundings in texts."""

from __future__ import annotations

from ops.console.thread.texts import Find, Piece, Places, runs

LENGTH = 160  # characters of a text in a row of a list
BEFORE = 40  # of which so many stand before what was found
SOON = 2_000  # characters at the beginning of a text


def excerpt(text: str, find: Find) -> list[Piece]:
    """The part of a text around the first of what was found, which is marked; its beginning where there is nothing."""
    places = _places(text, find)
    found, after = places[0] if places else (0, 0)
    start = max(0, found - BEFORE)
    if start:
        # From the beginning of a word, if one begins there.
        start = max(text.find(" ", start, found) + 1, start)
    end = start + max(LENGTH, BEFORE + after - found)
    pieces = _marked(text, places, start, min(end, len(text)))
    left_out = [Piece("… ", "")] if start else [], [Piece("…", "")] if end < len(text) else []
    return [*left_out[0], *pieces, *left_out[1]]


def _places(text: str, find: Find) -> Places:
    """What was found, of a long text only in its beginning if the excerpt is of that: a page has many such texts."""
    cut = text.rfind(" ", 0, SOON) if len(text) > SOON else -1
    places = find(text[:cut]) if cut >= 0 else ()
    return places if places and places[0][1] + SOON // 2 < cut else find(text)


def _marked(text: str, places: Places, start: int, end: int) -> list[Piece]:
    return [Piece(run, "found" if is_found else "") for run, is_found in runs(text, places, start, end) if run]
