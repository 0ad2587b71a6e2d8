"""The guard in CSV files: a leading ' keeps a spreadsheet from computing a value that looks like a formula."""

from __future__ import annotations

GUARD = "'"
STARTS = ("=", "+", "-", "@", "\t", "\r")  # begin a formula, or are skipped before one


def guarded(text: str) -> str:
    """``text``, with the guard where a spreadsheet might compute it or where it begins like the guard."""
    return f"{GUARD}{text}" if text.startswith((*STARTS, GUARD)) else text


def has_guard(text: str) -> bool:
    """Whether ``text`` is what ``guarded`` returns for a text that needs the guard."""
    return text.startswith(GUARD) and guarded(text[1:]) == text


def bare(text: str) -> str:
    """``text`` without the guard."""
    return text[1:] if has_guard(text) else text
