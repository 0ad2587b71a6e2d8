"""Texts of stored messages that an import replaces: each older text becomes a history; and putting them back."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from messaging.editors import current_editor_id
from messaging.models import Message
from messaging.writing import in_batches, lock_people
from ops.imports.staging.base import CHANGES, ROWS, Staging
from ops.imports.storing.ids import Bases
from ops.imports.storing.messages import CHANGED_MEANWHILE
from ops.jobs.pacing import Pace
from ops.jobs.run import JobFailed, Run

PIECE = 500  # texts replaced at a time, many times over where that is fast

NEXT = f"SELECT number, message_id FROM {CHANGES} WHERE number > %s ORDER BY number LIMIT %s"
KEEP_TEXTS = f"""
INSERT INTO {{histories}} (id, message_id, old_content, edited_at, edited_by_id)
SELECT changes.number + %s, stored.id, stored.content, %s, CAST(%s AS {{user_id}})
FROM {CHANGES} changes CROSS JOIN {ROWS} rows CROSS JOIN {{messages}} stored
WHERE changes.number > %s AND changes.number <= %s AND rows.number = changes.number
    AND stored.id = changes.message_id AND stored.content <> rows.content
"""
REPLACE_TEXTS = f"""
UPDATE {{messages}} SET content = rows.content, edited = true
FROM {CHANGES} changes CROSS JOIN {ROWS} rows
WHERE changes.number > %s AND changes.number <= %s AND rows.number = changes.number
    AND {{messages}}.id = changes.message_id AND {{messages}}.content <> rows.content
"""
# A text that somebody edited again after the import: their edit kept the import's text as a history of its own.
EDITED_SINCE = """
EXISTS (
    SELECT 1 FROM {histories} later WHERE later.message_id = kept.message_id
        AND (later.edited_at > kept.edited_at OR (later.edited_at = kept.edited_at AND later.id > kept.id))
)
"""
OURS = f"kept.id > %s AND kept.id <= %s AND NOT {EDITED_SINCE}"
REPLACED = f"SELECT kept.message_id FROM {{histories}} kept WHERE {OURS} ORDER BY kept.message_id"
RESTORE_AS_IT_WAS = f"""
UPDATE {{messages}} SET content = kept.old_content, edited = (changes.was_edited OR EXISTS (
    SELECT 1 FROM {{histories}} others WHERE others.message_id = kept.message_id AND others.id <> kept.id
))
FROM {{histories}} kept CROSS JOIN {CHANGES} changes
WHERE {OURS} AND changes.number = kept.id - %s AND {{messages}}.id = kept.message_id
"""
FORGET_TEXTS = f"DELETE FROM {{histories}} WHERE id IN (SELECT kept.id FROM {{histories}} kept WHERE {OURS})"
KEEP_AGAIN = """
INSERT INTO {histories} (message_id, old_content, edited_at, edited_by_id)
SELECT stored.id, stored.content, %s, CAST(%s AS {user_id})
FROM {histories} kept CROSS JOIN {messages} stored
WHERE kept.id > %s AND kept.id <= %s AND stored.id = kept.message_id AND stored.content <> kept.old_content
    AND stored.id IN ({ids})
"""
RESTORE = """
UPDATE {messages} SET content = kept.old_content, edited = true
FROM {histories} kept
WHERE kept.id > %s AND kept.id <= %s AND {messages}.id = kept.message_id AND {messages}.id IN ({ids})
"""


def change_texts(staging: Staging, run: Run, bases: Bases) -> None:
    """Replace the texts that CHANGES lists, from the cursor's row on. Raises JobFailed where a message is gone."""
    pace = Pace()
    while rows := list(staging.stream(NEXT, [run.cursor.get("changed_to", 0), PIECE * pace.size])):
        after, upto = run.cursor.get("changed_to", 0), rows[-1][0]
        with pace.timed(), run.batch():
            if _held([message_id for _, message_id in rows], staging.using) < len(rows):
                raise JobFailed(CHANGED_MEANWHILE)
            changed = staging.execute(KEEP_TEXTS, [bases.histories, *_now(staging), after, upto])
            staging.execute(REPLACE_TEXTS, [after, upto])
            run.cursor["changed_to"] = upto
            run.cursor["changed"] = run.cursor.get("changed", 0) + changed


def restore_as_they_were(staging: Staging, first: int, last: int, base: int) -> int:
    """Within a batch, take back the changes with histories after ``first`` up to ``last``, as if they had never been.

    CHANGES knows which messages had been edited before. What somebody edited since is left. Returns how many.
    """
    _hold_replaced(staging, first, last)
    restored = staging.execute(RESTORE_AS_IT_WAS, [first, last, base])
    staging.execute(FORGET_TEXTS, [first, last])
    return restored


def restore(staging: Staging, first: int, last: int) -> int:
    """Within a batch, put the texts back that the histories after ``first`` up to ``last`` kept: an edit like others.

    At most PIECE of them; what somebody edited since is left. Returns how many.
    """
    # Found before anything is kept anew: that says of a text that it was edited since.
    ids = _hold_replaced(staging, first, last)
    if ids:
        listed = ", ".join(map(str, ids))
        staging.execute(KEEP_AGAIN, [*_now(staging), first, last], ids=listed)
        staging.execute(RESTORE, [first, last], ids=listed)
    return len(ids)


def _hold_replaced(staging: Staging, first: int, last: int) -> list[int]:
    """The messages whose texts were replaced and not edited since; nobody can edit them until the batch ends."""
    _held([message_id for (message_id,) in staging.stream(REPLACED, [first, last])], staging.using)
    return [message_id for (message_id,) in staging.stream(REPLACED, [first, last])]


def _held(message_ids: list[int], using: str) -> int:
    """Lock messages, after the person in whose name they are edited; how many of them there are."""
    lock_people([current_editor_id()], using=using)
    messages: Any = Message._base_manager.using(using)
    return sum(
        len(messages.filter(pk__in=batch).order_by("pk").select_for_update().values_list("pk"))
        for batch in in_batches(sorted(message_ids))
    )


def _now(staging: Staging) -> list[Any]:
    """When a text is replaced, and by whom, as the database takes it; asked for when the messages are locked."""
    return [staging.connection.ops.adapt_datetimefield_value(timezone.now()), current_editor_id()]
