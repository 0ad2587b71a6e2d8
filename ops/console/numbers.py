"""Numbers with their nouns for the output of commands, which is English whatever the language of pages."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """Return "1 message" or "1,200 messages"; ``many`` is the plural if it is not ``one`` with an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
