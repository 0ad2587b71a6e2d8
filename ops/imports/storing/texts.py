"""Replacing texts of stored messages, keeping each older text as a history; and restoring them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from messaging.editors import current_editor_id
from messaging.models import Message
from messaging.texts.changes import announce, somebody_listens
from messaging.writing import ids_subquery, in_batches, lock_people
from ops.imports.staging.base import Staging
from ops.imports.storing import one_by_one
from ops.imports.storing.ids import Bases
from ops.imports.storing.messages import CHANGED_MEANWHILE
from ops.jobs.pacing import Pace
from ops.jobs.run import JobFailed, Run

PIECE = 500  # texts in the first batch; Pace multiplies it while batches are fast

NEXT = "SELECT number, message_id FROM {changes} WHERE number > %s ORDER BY number LIMIT %s"
KEEP_OLD = """
INSERT INTO {histories} (id, message_id, revision, old_content, edited_at, edited_by_id, by_staff)
SELECT changes.number + %s, stored.id, stored.revision, {old_content}, COALESCE({edited_at}, %s),
    CAST(%s AS {user_id}), COALESCE(CAST(%s AS {user_id}) <> stored.sender_id, FALSE)
FROM {changes} changes CROSS JOIN {rows} rows CROSS JOIN {messages} stored
WHERE changes.number > %s AND changes.number <= %s AND rows.number = changes.number
    AND stored.id = changes.message_id AND stored.content <> rows.content AND stored.redaction IS NULL
    AND NOT {edited_later} {of_these}
"""
REPLACE = """
UPDATE {messages} SET content = rows.content, edited = true, revision = {messages}.revision + 1
FROM {changes} changes CROSS JOIN {rows} rows
WHERE changes.number > %s AND changes.number <= %s AND rows.number = changes.number
    AND {messages}.id = changes.message_id AND {messages}.content <> rows.content AND {messages}.redaction IS NULL
    AND NOT {edited_later} {of_these}
"""
# The stored text was edited later than the row's text, while the file was read. Redacted texts are not replaced,
# either.
EDITED_LATER = """
EXISTS (
    SELECT 1 FROM {histories} later WHERE later.message_id = changes.message_id AND later.edited_at > {edited_at}
)
"""
# A text that somebody edited after the import: their edit kept the import's text as a history of its own.
EDITED_SINCE = """
EXISTS (
    SELECT 1 FROM {histories} later WHERE later.message_id = kept.message_id
        AND (later.edited_at > kept.edited_at OR (later.edited_at = kept.edited_at AND later.id > kept.id))
)
"""
# A history that the import made (between two ids), of a text that nobody edited since.
OURS = "kept.id > %s AND kept.id <= %s AND NOT " + EDITED_SINCE
KEPT_BETWEEN = "SELECT message_id FROM {histories} WHERE id > %s AND id <= %s ORDER BY message_id"
REPLACED = "SELECT kept.message_id FROM {histories} kept WHERE " + OURS + " ORDER BY kept.message_id"
# Only the revision shows that there was another text: it increases again, so that no number stands for two texts. The
# table ``changes`` records which messages had been edited before.
RESTORE_AS_IT_WAS = """
UPDATE {messages} SET content = kept.old_content, edited = (changes.was_edited OR EXISTS (
    SELECT 1 FROM {histories} others WHERE others.message_id = kept.message_id AND others.id <> kept.id
)), revision = {messages}.revision + 1
FROM {histories} kept CROSS JOIN {changes} changes
WHERE {ours} AND changes.number = kept.id - %s AND {messages}.id = kept.message_id
"""
DELETE_HISTORIES = "DELETE FROM {histories} WHERE id IN (SELECT kept.id FROM {histories} kept WHERE {ours})"
KEEP_IMPORTED = """
INSERT INTO {histories} (message_id, revision, old_content, edited_at, edited_by_id, by_staff)
SELECT stored.id, stored.revision, stored.content, %s, CAST(%s AS {user_id}),
    COALESCE(CAST(%s AS {user_id}) <> stored.sender_id, FALSE)
FROM {histories} kept CROSS JOIN {messages} stored
WHERE kept.id > %s AND kept.id <= %s AND stored.id = kept.message_id AND stored.content <> kept.old_content
    AND stored.id IN ({ids})
"""
RESTORE = """
UPDATE {messages} SET content = kept.old_content, edited = true, revision = {messages}.revision + 1
FROM {histories} kept
WHERE kept.id > %s AND kept.id <= %s AND {messages}.id = kept.message_id AND {messages}.id IN ({ids})
"""


def change_texts(staging: Staging, run: Run, bases: Bases) -> None:
    """Replace the texts in the table ``changes``, from the cursor's row on. Raises JobFailed if a message is gone."""
    pace = Pace()
    while rows := list(staging.stream(NEXT, [run.cursor.get("changed_to", 0), PIECE * pace.size])):
        after, upto = run.cursor.get("changed_to", 0), rows[-1][0]
        with pace.timed(), run.batch():
            if _lock([message_id for _, message_id in rows], staging.using) < len(rows):
                raise JobFailed(CHANGED_MEANWHILE)
            changed = _change(staging, bases.histories or 0, after, upto)
            _announce_changes(staging, bases.histories or 0, after, upto)
            run.cursor["changed_to"] = upto
            run.cursor["changed"] = run.cursor.get("changed", 0) + changed


def _change(staging: Staging, base: int, after: int, upto: int) -> int:
    """Replace the texts of the rows after ``after`` up to ``upto``; return how many were replaced."""
    keeping = [base, *_now(staging), after, upto]
    fragments = {"edited_later": EDITED_LATER}
    many = {**fragments, "of_these": staging.others}
    changed = staging.execute(KEEP_OLD, keeping, old_content="stored.content", **many)
    staging.execute(REPLACE, [after, upto], **many)
    return changed + one_by_one.change_texts(staging, KEEP_OLD, keeping, base, fragments)


def restore_as_they_were(staging: Staging, first: int, last: int, base: int) -> int:
    """Within a batch, restore the texts of the histories after ``first`` up to ``last``, and delete these; return how
    many. Texts edited since are skipped."""
    ids = _lock_replaced(staging, first, last)
    restored = staging.execute(RESTORE_AS_IT_WAS, [first, last, base], ours=OURS)
    staging.execute(DELETE_HISTORIES, [first, last], ours=OURS)
    announce(Message, ids, using=staging.using)
    return restored


def restore(staging: Staging, first: int, last: int) -> int:
    """Within a batch, restore the texts of the histories after ``first`` up to ``last`` as edits; return how many.

    Each gets a new revision, and the imported text becomes a history. At most PIECE of them; texts edited since are
    skipped.
    """
    # Queried before a history is added: with one, the text counts as edited since.
    ids = _lock_replaced(staging, first, last)
    if ids:
        listed = ", ".join(map(str, ids))
        staging.execute(KEEP_IMPORTED, [*_now(staging), first, last], ids=listed)
        staging.execute(RESTORE, [first, last], ids=listed)
        announce(Message, ids, using=staging.using)
    return len(ids)


def _announce_changes(staging: Staging, base: int, after: int, upto: int) -> None:
    """Announce the texts that the rows after ``after`` up to ``upto`` changed: those with a history of the import."""
    if somebody_listens(Message):
        ids = [message_id for (message_id,) in staging.stream(KEPT_BETWEEN, [base + after, base + upto])]
        announce(Message, ids, using=staging.using)


def _lock_replaced(staging: Staging, first: int, last: int) -> list[int]:
    """Lock the messages whose texts were replaced and not edited since, until the batch ends; return their ids."""
    _lock([message_id for (message_id,) in staging.stream(REPLACED, [first, last])], staging.using)
    # Somebody may have edited one before it was locked.
    return [message_id for (message_id,) in staging.stream(REPLACED, [first, last])]


def _lock(message_ids: list[int], using: str) -> int:
    """Lock messages, after the person in whose name they are edited and their conversations; return how many exist."""
    lock_people([current_editor_id()], using=using)
    messages: Any = Message._base_manager.using(using)
    messages.filter(pk__in=ids_subquery(message_ids, using=using)).lock_conversations()
    return sum(
        len(messages.filter(pk__in=batch).order_by("pk").select_for_update().values_list("pk"))
        for batch in in_batches(sorted(message_ids))
    )


def _now(staging: Staging) -> list[Any]:
    """Return the time of a replacement, as the database takes it, and twice its editor. Call with messages locked."""
    editor_id = current_editor_id()
    return [staging.connection.ops.adapt_datetimefield_value(timezone.now()), editor_id, editor_id]
