"""Storing texts that are there few times at once: each by a statement of its own, where Staging.one_by_one says so.

SQLite copies each row of a statement that stores many, and keeps a copy of its values until the statement ends: a text
of 10 MB was there four times. Given all of a row but the text, it fetches that where it is written.
"""

from __future__ import annotations

from ops.imports.staging.base import Staging

ROWS_TEXT = "(SELECT content FROM {rows} WHERE number = %s)"
STORED_TEXT = "(SELECT content FROM {messages} WHERE id = %s)"
REPLACE = f"UPDATE {{messages}} SET content = {ROWS_TEXT}, edited = true, revision = revision + 1 WHERE id = %s"


def store_messages(staging: Staging, template: str, params: list[int], fragments: dict[str, str]) -> int:
    """Store those of the new messages that ``template`` was not to store; how many."""
    into, select = _parts(template)
    rows = _those(staging, select, params, content="rows.number", **fragments)
    one = f"{into} VALUES (%s, %s, %s, %s, {ROWS_TEXT}{', %s' * 9})"
    return sum(staging.execute(one, row) for row in rows)


def change_texts(staging: Staging, template: str, params: list[object], base: int, fragments: dict[str, str]) -> int:
    """Replace those of the changed texts whose older ones ``template`` was not to keep as histories, and keep these;
    how many. ``base`` is the id of the history of row 0."""
    into, select = _parts(template)
    histories = _those(staging, select, params, old_content="stored.id", **fragments)
    one = f"{into} VALUES (%s, %s, %s, {STORED_TEXT}, %s, %s, %s)"
    for history in histories:
        staging.execute(one, history)
        staging.execute(REPLACE, [history[0] - base, history[1]])
    return len(histories)


def _parts(template: str) -> tuple[str, str]:
    """Where a statement stores rows, and the query of them."""
    at = template.index("SELECT")
    return template[:at], template[at:]


def _those(staging: Staging, select: str, params: list, **fragments: str) -> list[tuple]:
    return list(staging.stream(select, params, of_these=staging.these, **fragments)) if staging.one_by_one else []
