"""The order of names that people expect: case, accents and leading zeros do not count, and numbers sort by value, so
that “user2” comes before “User10”.

The key is bytes, which both databases compare alike, whatever the collation of texts.
"""

from __future__ import annotations

import re
import unicodedata

from ops.accounts.usernames import MAX_LENGTH

LONGEST = 64  # bytes of a key; names with the same key are sorted by id
NUMBER = re.compile(r"\d+")
NUMBER_AT_END = re.compile(r"\d+\Z")
AFTER_ALL = b"\xff"  # in no UTF-8


def sort_key(name: str) -> bytes:
    """Return the sort key of a name."""
    numbered = NUMBER.sub(lambda digits: _comparable(int(digits[0])), folded(name))
    return numbered.encode("utf-8", "surrogatepass")[:LONGEST]


def ranges_beginning_with(text: str) -> list[tuple[bytes, bytes]]:
    """Return the ranges of keys of names that begin with ``text``, each as (first key, key after the last); none for a
    text longer than any name.

    A number at the end of ``text`` may continue: 1, 10 and 100 are not adjacent, so there is one range per length.
    Zeros alone may continue as any number.
    """
    if len(text) > MAX_LENGTH:
        return []
    typed = folded(text)
    number = NUMBER_AT_END.search(typed)
    digits = str(int(number[0])) if number else ""
    if number is None:
        firsts = [sort_key(typed)]
    elif digits == "0":
        firsts = [sort_key(typed[: number.start()]) + b"0"]  # keys of all numbers shorter than 100 digits begin with 0
    else:
        before = sort_key(typed[: number.start()])
        firsts = [before + f"{length:03}{digits}".encode() for length in range(len(digits), MAX_LENGTH + 1)]
    return [(first, first + AFTER_ALL) for first in dict.fromkeys(first[:LONGEST] for first in firsts)]


def _comparable(number: int) -> str:
    """Return the number prefixed with its length, so that longer numbers sort higher."""
    return f"{len(str(number)):03}{number}"


def folded(name: str) -> str:
    """Return ``name`` in small letters without accents; a name that consists only of accents keeps them."""
    if name.isascii():
        return name.lower()
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign)) or decomposed
