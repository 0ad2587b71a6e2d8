"""Storing long texts with few copies in memory: one statement for each of the rows in Staging.one_by_one.

SQLite copies each row of a statement that stores many, and keeps a copy of its values until the statement ends: a text
of 10 MB was in memory four times. Given all values of a row but the text, it fetches the text where it writes it.
"""

from __future__ import annotations

from ops.imports.staging.base import Staging

ROWS_TEXT = "(SELECT content FROM {rows} WHERE number = %s)"
STORED_TEXT = "(SELECT content FROM {messages} WHERE id = %s)"
REPLACE = f"UPDATE {{messages}} SET content = {ROWS_TEXT}, edited = true, revision = revision + 1 WHERE id = %s"


def store_messages(staging: Staging, template: str, params: list[int], fragments: dict[str, str]) -> int:
    """Store the new messages that ``template`` leaves out; return how many."""
    into, select = _parts(template)
    rows = _those(staging, select, params, content="rows.number", **fragments)
    one = f"{into} VALUES (%s, %s, %s, %s, {ROWS_TEXT}{', %s' * 9})"
    return sum(staging.execute(one, row) for row in rows)


def change_texts(staging: Staging, template: str, params: list[object], base: int, fragments: dict[str, str]) -> int:
    """Replace the texts that ``template`` leaves out, keeping the older ones as histories; return how many. The history
    of row 0 would have the id ``base``.
    """
    into, select = _parts(template)
    histories = _those(staging, select, params, old_content="stored.id", **fragments)
    one = f"{into} VALUES (%s, %s, %s, {STORED_TEXT}, %s, %s, %s)"
    for history in histories:
        staging.execute(one, history)
        staging.execute(REPLACE, [history[0] - base, history[1]])
    return len(histories)


def _parts(template: str) -> tuple[str, str]:
    """Split a statement into the part that names where to store rows, and the query of the rows."""
    at = template.index("SELECT")
    return template[:at], template[at:]


def _those(staging: Staging, select: str, params: list, **fragments: str) -> list[tuple]:
    return list(staging.stream(select, params, of_these=staging.these, **fragments)) if staging.one_by_one else []
