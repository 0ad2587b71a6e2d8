"""The guard that our CSV exports put before what a spreadsheet would take for a formula."""

from __future__ import annotations

GUARD = "'"
STARTS = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet computes, or skips to find what it computes


def guarded(text: str) -> str:
    """``text`` as a cell of a CSV file that no spreadsheet computes."""
    return f"{GUARD}{text}" if text.startswith((*STARTS, GUARD)) else text


def has_guard(text: str) -> bool:
    """Whether ``text`` is as our exports write one that must be guarded."""
    return text.startswith(GUARD) and guarded(text[1:]) == text


def bare(text: str) -> str:
    """``text`` without the guard."""
    return text[1:] if has_guard(text) else text
