"""Numbers with what they count, in the output of commands, which is English whatever the language of pages."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """Return "1 message", "1,200 messages"; ``many`` says the plural that is not ``one`` with an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
