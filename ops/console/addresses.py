"""What addresses hold: anybody can write one, so nothing in it is believed."""

from __future__ import annotations


def whole_number(text: str | None) -> int | None:
    """A whole number from 0 on that a database takes as a primary key, or None for anything else."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else None


def searched_words(text: str) -> str:
    """What somebody typed to search for, without blanks around it and without NUL, which PostgreSQL refuses."""
    return text.strip().replace("\x00", "")
