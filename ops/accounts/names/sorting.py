"""The order of names as people expect it: capital letters, accents and leading zeros do not count, and numbers count as
numbers, so that “user2” stands before “User10”.

The key is bytes, which both databases compare alike, whatever the collation of their texts.
"""

from __future__ import annotations

import re
import unicodedata

from ops.accounts.usernames import MAX_LENGTH

LONGEST = 64  # bytes of a key; names that begin with as much stand in the order of their numbers
NUMBER = re.compile(r"\d+")
NUMBER_AT_END = re.compile(r"\d+\Z")
AFTER_ALL = b"\xff"  # in no UTF-8


def sort_key(name: str) -> bytes:
    """What a name is sorted by."""
    numbered = NUMBER.sub(lambda digits: _comparable(int(digits[0])), folded(name))
    return numbered.encode("utf-8", "surrogatepass")[:LONGEST]


def ranges_beginning_with(text: str) -> list[tuple[bytes, bytes]]:
    """The first key, and one after the last, of each range of names that begin with ``text``: none for a longer text
    than any name.

    A number at its end may go on: 1, 10 and 100 are not near each other, so each length has a range of its own. Zeros
    alone may become any number.
    """
    if len(text) > MAX_LENGTH:
        return []
    typed = folded(text)
    number = NUMBER_AT_END.search(typed)
    digits = str(int(number[0])) if number else ""
    if number is None:
        firsts = [sort_key(typed)]
    elif digits == "0":
        firsts = [sort_key(typed[: number.start()]) + b"0"]  # the lengths of all numbers but absurd ones begin so
    else:
        before = sort_key(typed[: number.start()])
        firsts = [before + f"{length:03}{digits}".encode() for length in range(len(digits), MAX_LENGTH + 1)]
    return [(first, first + AFTER_ALL) for first in dict.fromkeys(first[:LONGEST] for first in firsts)]


def _comparable(number: int) -> str:
    """A number so that a longer one is greater."""
    return f"{len(str(number)):03}{number}"


def folded(name: str) -> str:
    """``name`` in small letters, without accents. What consists of accents alone keeps them."""
    if name.isascii():
        return name.lower()
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign)) or decomposed
