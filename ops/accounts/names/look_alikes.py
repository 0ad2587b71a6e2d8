"""Names that read alike, although they are written with other characters: “alice” and “аlice” with a Cyrillic a.

A name has skeletons, as in Unicode Technical Standard 39: without compatibility forms (NFKC), invisible characters and
capital letters, and with each character that looks like another (“confusables”) replaced by it. Two names read alike
if they share a skeleton. Each name has two, with and without small letters from the start, because a capital letter
may look like another letter than its small form does: “Igor” reads like “igor”, and like “lgor”.
"""

from __future__ import annotations

import json
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from hashlib import blake2b
from importlib.resources import files

from ops.accounts.names.unseen import INVISIBLE

STEPS = 5  # most names no longer change after two
DIGEST_BYTES = 8  # among a million names, two with one digest are less likely than one in a million
# The table's entries for ASCII. Most names are ASCII and need no other entries, and reading the whole table takes as
# long as erasing thousands of messages. “%” looks like characters beyond ASCII.
ASCII_CONFUSABLES = str.maketrans({"`": "'", '"': "''", "I": "l", "|": "l", "1": "l", "0": "O", "m": "rn"})
BEYOND_ASCII = "%"
MARKS_OF_DIRECTION = "\u200e\u200f"  # around letters that are written from right to left, in the table


def skeletons(name: str) -> tuple[str, str]:
    """Return two skeletons of a name: of the name in small letters, and of the name as written."""
    text = name if name.isascii() else INVISIBLE.sub("", unicodedata.normalize("NFKC", INVISIBLE.sub("", name)))
    text = " ".join(text.split())
    # Among Latin letters a Greek capital Ν is meant to look like N; in a Greek name it is the capital of ν.
    mixed = not text.isascii() and any(character.isascii() and character.isalpha() for character in text)
    first = _decomposed(text).translate(_confusables_beyond_ascii()) if mixed else text
    return _settled(_folded(first)), _settled(text)


def digests(name: str) -> tuple[str, str]:
    """Return short digests of both skeletons, for columns that can be compared."""
    folded, written = skeletons(name)
    return _digest(folded), _digest(written)


def alike(names: Iterable[str]) -> dict[str, list[str]]:
    """Return those of ``names`` that read like others of them, each with these others."""
    names = list(dict.fromkeys(names))
    by_skeleton = defaultdict(list)
    for name in names:
        for skeleton in set(skeletons(name)):
            by_skeleton[skeleton].append(name)
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for group in by_skeleton.values():
        for name in group if len(group) > 1 else ():
            found[name].update(dict.fromkeys(other for other in group if other != name))
    return {name: list(found[name]) for name in names if name in found}


@cache
def confusables() -> dict[int, str]:
    """Return Unicode's table of confusables: for each character the text that it looks like, for ``str.translate``."""
    raw = (files("confusable_homoglyphs") / "confusables.json").read_bytes()
    # Each entry is {"c": text, "n": its name in Unicode}; the names, most of the file, are dropped while parsing.
    table: dict[str, list[str]] = json.loads(raw, object_hook=lambda entry: entry if len(entry) > 2 else entry["c"])
    # The table lists both directions, so the text that all others look like is the one with most neighbours.
    neighbours: dict[str, set[str]] = defaultdict(set)
    for character, others in table.items():
        for other in others:
            one, another = character.strip(MARKS_OF_DIRECTION), other.strip(MARKS_OF_DIRECTION)
            neighbours[one].add(another)
            neighbours[another].add(one)
    replaced: dict[int, str] = {}
    seen: set[str] = set()
    for text in neighbours:
        if text not in seen:
            group = _connected(text, neighbours)
            seen |= group
            looked_like = max(group, key=lambda one: (len(one), len(neighbours[one]), one.isascii(), one))
            replaced.update((ord(one), looked_like) for one in group if len(one) == 1 and one != looked_like)
    return replaced


@cache
def _confusables_beyond_ascii() -> dict[int, str]:
    return {character: text for character, text in confusables().items() if character > 127}


def _connected(text: str, neighbours: dict[str, set[str]]) -> set[str]:
    found, waiting = {text}, [text]
    while waiting:
        new = neighbours[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def _settled(text: str) -> str:
    """Replace confusables and lower the case of ``text`` repeatedly, until it no longer changes."""
    plain = text.isascii() and BEYOND_ASCII not in text
    table = ASCII_CONFUSABLES if plain else confusables()
    for _ in range(STEPS):
        before, text = text, _folded(_decomposed(_decomposed(text).translate(table)))
        if text == before:
            break
    return text


def _folded(text: str) -> str:
    return text.casefold() if text.isascii() else unicodedata.normalize("NFKC", text.casefold())


def _decomposed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFD", text)


def _digest(skeleton: str) -> str:
    return blake2b(skeleton.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).hexdigest()
