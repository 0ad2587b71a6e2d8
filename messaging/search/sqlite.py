"""Searching on SQLite: for each table of texts an FTS5 table of their words, and one of what that has to catch up with.

Triggers note the row of every text that is stored, changed or deleted, on whatever road; ``catch_up`` takes the noted
rows into the index, many at a time, as FTS5 wants it: one at a time takes ten times as long. A search reads the index
but for the noted rows, and looks at those themselves, so that it is right at any moment.

The index keeps the words of a text as well, because this is how FTS5 before SQLite 3.43 deletes a row.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from messaging.search.compiling import Compiled, Every, Phrase, Some, Without, holds, without
from messaging.search.normalising import words

MOST_NOTED = 50_000  # rows that a search looks at itself, the newest; beyond them it says that it is incomplete


class Tables(NamedTuple):
    """A table of texts with its column, and the names of what searching keeps of it."""

    texts: str
    column: str

    @property
    def words(self) -> str:
        return f"{self.texts}_words"

    @property
    def noted(self) -> str:
        return f"{self.texts}_unindexed"

    @property
    def erased(self) -> str:
        """A table of one row while words that were deleted are still in the pages of the index."""
        return f"{self.texts}_words_erased"

    @property
    def triggers(self) -> dict[str, str]:
        """The statements that create the triggers, by name."""
        changed = f"UPDATE OF {self.column}"
        roads = {"insert": ("INSERT", "NEW"), "delete": ("DELETE", "OLD"), "update": (changed, "NEW")}
        return {
            f"{self.texts}_search_{name}": f"CREATE TRIGGER IF NOT EXISTS {self.texts}_search_{name}"
            f" AFTER {event} ON {self.texts}"
            # Not "OR IGNORE": what the statement says of conflicts that fires a trigger holds instead, so that an
            # upsert of a noted row would fail.
            f" BEGIN INSERT INTO {self.noted} (id) SELECT {row}.id"
            f" WHERE {row}.id NOT IN (SELECT id FROM {self.noted}); END"
            for name, (event, row) in roads.items()
        }

    @property
    def creation(self) -> list[str]:
        """The statements that create the tables."""
        return [
            f"CREATE TABLE IF NOT EXISTS {self.noted} (id INTEGER PRIMARY KEY)",
            f"CREATE TABLE IF NOT EXISTS {self.erased} (id INTEGER PRIMARY KEY)",
            # The words are separated by spaces, and have capitals or other signs of ASCII nowhere.
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {self.words} USING fts5(words, columnsize=0, tokenize='ascii')",
        ]


def register(connection: Any, **_: Any) -> None:
    """Receiver of ``connection_created``: what the statements of this module call."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("messaging_search_words", 1, words, deterministic=True)
        connection.connection.create_function("messaging_search_holds", 2, _holds, deterministic=True)


def condition(part: Compiled, tables: Tables, key: str, column: str, *, by_index: bool = True) -> tuple[str, list[str]]:
    """Return a condition (SQL) on a row with its ``key`` and text, and its parameters.

    One question to the index for the whole of it. With ``by_index`` false, each row is looked at.
    """
    if isinstance(part, bool):
        return ("1" if part else "0"), []
    if not by_index:
        return f"messaging_search_holds({column}, %s)", [as_json(part)]
    found, complement = expression(part)
    looked_for = as_json(without(part) if complement else part)
    return f"{key} {'NOT ' if complement else ''}IN ({_rows(tables)})", [found, looked_for]


def _rows(tables: Tables) -> str:
    """A query of the keys that are found: those of the index, and those of noted rows."""
    texts, noted = tables.texts, tables.noted
    return (
        f"SELECT rowid FROM {tables.words} WHERE {tables.words} MATCH %s AND rowid NOT IN (SELECT id FROM {noted})"
        f" UNION ALL SELECT id FROM {texts} WHERE id IN (SELECT id FROM {noted} ORDER BY id DESC LIMIT {MOST_NOTED})"
        f" AND messaging_search_holds({texts}.{tables.column}, %s)"
    )


def exact_number(part: Compiled, tables: Tables, *, most: int) -> tuple[str, list[str]]:
    """Return a query of how many rows are found, up to ``most`` + 1, and its parameters; "" as of ``number``."""
    found, complement = expression(part)
    return (
        ("", []) if complement else (f"SELECT COUNT(*) FROM ({_rows(tables)} LIMIT {most + 1})", [found, as_json(part)])
    )


def number(part: Compiled, tables: Tables, *, most: int) -> tuple[str, list[str]]:
    """Return a query of how many rows of the index are found, up to ``most`` + 1, and its parameters.

    "" where it would have to count those that are not found.
    """
    found, complement = expression(part)
    if complement:
        return "", []
    rows = f"SELECT 1 FROM {tables.words} WHERE {tables.words} MATCH %s LIMIT {most + 1}"
    return f"SELECT COUNT(*) FROM ({rows})", [found]


def expression(part: Compiled) -> tuple[str, bool]:
    """Return ``part`` as FTS5 asks for it, and whether that finds just the others: it knows only "this, not that"."""
    match part:
        case Phrase(words, prefix):
            return '"' + " ".join(words).replace('"', '""') + '"' + (" *" if prefix else ""), False
        case Without(inner):
            found, complement = expression(inner)
            return found, not complement
        case Every(parts):
            return _together(parts)
        case Some(parts):
            found, complement = _together(map(without, parts))
            return found, not complement
    raise TypeError(part)


def _together(parts: Iterable[Compiled]) -> tuple[str, bool]:
    """What all ``parts`` find: what is wanted without what is not; where nothing is, the others of the latter."""
    asked = [expression(one) for one in parts]
    excluded = " OR ".join(f"({found})" for found, complement in asked if complement)
    wanted = " AND ".join(f"({found})" for found, complement in asked if not complement)
    if not wanted:
        return excluded, True
    return (f"({wanted}) NOT ({excluded})" if excluded else wanted), False


def as_json(part: Compiled) -> str:
    """Return ``part`` as ``messaging_search_holds`` reads it."""
    return json.dumps(_listed(part))


def _listed(part: Compiled) -> Any:
    match part:
        case Phrase(words, prefix):
            return ["phrase", list(words), prefix]
        case Without(inner):
            return ["without", _listed(inner)]
        case Every(parts):
            return ["every", *map(_listed, parts)]
        case Some(parts):
            return ["some", *map(_listed, parts)]
    return part


@lru_cache(maxsize=50)
def _read(listed: str) -> Compiled:
    return _part(json.loads(listed))


def _part(listed: Any) -> Any:
    match listed:
        case ["phrase", words, prefix]:
            return Phrase(tuple(words), prefix)
        case ["without", inner]:
            return Without(_part(inner))
        case ["every", *parts]:
            return Every(tuple(map(_part, parts)))
        case ["some", *parts]:
            return Some(tuple(map(_part, parts)))
    return listed


def _holds(text: str | None, listed: str) -> bool:
    return text is not None and holds(_read(listed), f" {words(text)} ")
