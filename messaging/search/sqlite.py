"""Searching on SQLite: for each table of texts, an FTS5 table of their words, and a table of rows not indexed yet.

Triggers note the row of every text that is stored, changed or deleted by any code. ``catch_up`` indexes the noted rows
in batches, because one at a time takes FTS5 ten times as long. A search uses the index except for the noted rows, whose
texts it reads itself, so that it is right at any moment.

The index stores the words of each text as well, because FTS5 before SQLite 3.43 needs them to delete a row.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from messaging.search.compiling import Compiled, Every, Phrase, Some, Without, holds, without
from messaging.search.normalising import words

MOST_NOTED = 50_000  # noted rows that a search reads itself, the newest; with more, it reports that it is incomplete


class Tables(NamedTuple):
    """A table of texts with its column, and the names of its search tables and triggers."""

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
        """A table that has a row while deleted words are still in the pages of the index."""
        return f"{self.texts}_words_erased"

    @property
    def triggers(self) -> dict[str, str]:
        """The statements that create the triggers, by name."""
        changed = f"UPDATE OF {self.column}"
        roads = {"insert": ("INSERT", "NEW"), "delete": ("DELETE", "OLD"), "update": (changed, "NEW")}
        return {
            f"{self.texts}_search_{name}": f"CREATE TRIGGER IF NOT EXISTS {self.texts}_search_{name}"
            f" AFTER {event} ON {self.texts}"
            # Not "OR IGNORE": the conflict clause of the statement that fires a trigger overrides it, so that an upsert
            # of a noted row would fail.
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
            # The words are separated by spaces, and contain no ASCII capitals or punctuation.
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {self.words} USING fts5(words, columnsize=0, tokenize='ascii')",
        ]


def register(connection: Any, **_: Any) -> None:
    """Register the SQL functions that this module's statements call, on ``connection_created``."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("messaging_search_words", 1, words, deterministic=True)
        connection.connection.create_function("messaging_search_holds", 2, _holds, deterministic=True)


def condition(part: Compiled, tables: Tables, key: str, column: str, *, by_index: bool = True) -> tuple[str, list[str]]:
    """Return a condition (SQL) on a row with its ``key`` and text, and its parameters.

    The whole condition is one index lookup. With ``by_index`` false, each row is examined.
    """
    if isinstance(part, bool):
        return ("1" if part else "0"), []
    if not by_index:
        return f"messaging_search_holds({column}, %s)", [as_json(part)]
    found, complement = expression(part)
    looked_for = as_json(without(part) if complement else part)
    return f"{key} {'NOT ' if complement else ''}IN ({_rows(tables)})", [found, looked_for]


def _rows(tables: Tables) -> str:
    """Return a query of the matching keys: those of the index, and those of noted rows."""
    texts, noted = tables.texts, tables.noted
    return (
        f"SELECT rowid FROM {tables.words} WHERE {tables.words} MATCH %s AND rowid NOT IN (SELECT id FROM {noted})"
        f" UNION ALL SELECT id FROM {texts} WHERE id IN (SELECT id FROM {noted} ORDER BY id DESC LIMIT {MOST_NOTED})"
        f" AND messaging_search_holds({texts}.{tables.column}, %s)"
    )


def exact_number(part: Compiled, tables: Tables, *, most: int) -> tuple[str, list[str]]:
    """Return a query that counts all matching rows, up to ``most`` + 1, and its parameters; "" as from ``number``."""
    found, complement = expression(part)
    return (
        ("", []) if complement else (f"SELECT COUNT(*) FROM ({_rows(tables)} LIMIT {most + 1})", [found, as_json(part)])
    )


def number(part: Compiled, tables: Tables, *, most: int) -> tuple[str, list[str]]:
    """Return a query that counts matching rows of the index, up to ``most`` + 1, and its parameters.

    "" if the index can only find the rows that do not match.
    """
    found, complement = expression(part)
    if complement:
        return "", []
    rows = f"SELECT 1 FROM {tables.words} WHERE {tables.words} MATCH %s LIMIT {most + 1}"
    return f"SELECT COUNT(*) FROM ({rows})", [found]


def expression(part: Compiled) -> tuple[str, bool]:
    """Return the FTS5 expression of ``part``, and whether it finds the complement instead: FTS5 has no unary NOT."""
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
    """Return the expression for all ``parts``: wanted NOT excluded ones, or the complement if all are excluded."""
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
