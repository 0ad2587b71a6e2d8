"""Undoing an import: removes what it added, in batches, and keeps and lists messages that were touched since.

A message is touched if it was edited, or answered by a message from outside the import. Being read, or a notification
to its receiver, does not count: otherwise nearly every message would be kept. Messages exchanged with somebody on hold
are kept, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import models
from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast

from messaging import joining
from messaging.joining import Move
from messaging.models import Conversation, Message
from messaging.writing import ids_subquery, in_batches
from ops.audit.models import Entry
from ops.imports.models import Import, Joined
from ops.imports.staging.base import Staging
from ops.imports.storing import texts
from ops.imports.storing.ids import ids_after
from ops.jobs.pacing import Pace
from ops.jobs.run import Run

PIECE = 2_000  # ids in the first batch; Pace multiplies it while batches are fast
PEOPLE = 500
LISTED = 1_000  # kept messages that are listed

EDITED = "EXISTS (SELECT 1 FROM {histories} edits WHERE edits.message_id = message.id)"
# Replies from the import itself have ids between its first and its last one.
ANSWERED = """
EXISTS (
    SELECT 1 FROM {messages} answers
    WHERE answers.parent_message_id = message.id AND (answers.id <= %s OR answers.id > %s) AND NOT EXISTS (
        SELECT 1 FROM {joined_rows} joined WHERE joined.batch_id = {batch} AND joined.message_id = answers.id
    )
)
"""
# Messages that the import joined to its own move back when those are removed, so they do not keep them.
JOINED = """
SELECT joined.message_id FROM {joined_rows} joined
WHERE joined.batch_id = {batch} AND joined.parent_id > %s AND joined.parent_id <= %s
    AND joined.parent_id IN ({removable}) ORDER BY joined.message_id
"""
ON_HOLD = "(message.sender_id IN {on_hold} OR message.receiver_id IN {on_hold})"
NOBODY = "(SELECT CAST(NULL AS bigint) WHERE 1 = 0)"
UNTOUCHED = f"message.id > %s AND message.id <= %s AND NOT {ON_HOLD} AND NOT {EDITED} AND NOT {ANSWERED}"
CONVERSATIONS = """
SELECT DISTINCT conversation_id FROM {messages} message WHERE message.id > %s AND message.id <= %s ORDER BY 1
"""
REMOVABLE = "SELECT message.id FROM {messages} message WHERE " + UNTOUCHED
# Whether a message that is kept answers one that is removed.
ANSWER_STAYS = """
SELECT EXISTS (
    SELECT 1 FROM {messages} message CROSS JOIN {messages} reply
    WHERE {untouched} AND reply.parent_message_id = message.id AND (reply.id <= %s OR reply.id > %s
    OR reply.sender_id IN {on_hold} OR reply.receiver_id IN {on_hold} OR EXISTS (
        SELECT 1 FROM {histories} edits WHERE edits.message_id = reply.id
    ) OR EXISTS (
        SELECT 1 FROM {messages} answers
        WHERE answers.parent_message_id = reply.id AND (answers.id <= %s OR answers.id > %s)
    ))
)
"""
REMOVE_NOTIFICATIONS = "DELETE FROM {notifications} WHERE message_id IN ({removable})"
REMOVE = "DELETE FROM {messages} AS message WHERE {untouched}"
KEPT = (
    f"SELECT message.id, CASE WHEN {ON_HOLD} THEN 'held' WHEN {EDITED} THEN 'edited' ELSE 'answered' END "
    "FROM {messages} message WHERE message.id > %s AND message.id <= %s ORDER BY message.id"
)
# A restored text counts as edited since, too, but equals the old one again.
TEXTS_KEPT = (
    "SELECT kept.message_id, 'edited' FROM {histories} kept CROSS JOIN {messages} stored "
    "WHERE kept.id > %s AND kept.id <= %s AND stored.id = kept.message_id AND stored.content <> kept.old_content "
    f"AND {texts.EDITED_SINCE} ORDER BY kept.message_id"
)


class Undoing:
    """The removal of one import from one database.

    The cursor of ``run`` counts what was done, under "undone": the job may have stored the import, and counted that.

    ``unfinished`` imports are removed despite holds: none of their messages existed before, and the file is still kept.
    """

    def __init__(self, import_: Import, staging: Staging, run: Run, *, unfinished: bool = False) -> None:
        self.import_, self.staging, self.run = import_, staging, run
        _name_batch(import_, staging)
        if unfinished:
            staging.names["on_hold"] = NOBODY
        self.using = staging.using
        rows = import_.last_row
        self.messages = ids_after(import_.message_base, rows)
        self.histories = ids_after(import_.history_base, rows)
        self.people = ids_after(import_.user_base, import_.counts.get("users", 0))
        self.total = rows

    def remove_messages(self) -> None:
        """Remove the untouched messages, latest first, so that most are removed before the messages they answer."""
        first, last = self.messages
        upto = self.run.cursor.get("upto", last)
        pace = Pace()
        while upto > first:
            after = max(first, upto - PIECE * pace.size)
            with pace.timed(), self.run.batch():
                self._remove(after, upto)
                self.run.cursor["upto"] = upto = after
                self.run.advance(done=last - upto, total=self.total)

    def restore_texts(self, *, as_they_were: bool) -> None:
        """Restore replaced texts: as edits with a history or, with ``as_they_were``, as if nothing had happened."""
        first, last = self.histories
        if not self.staging.value(
            "SELECT EXISTS (SELECT 1 FROM {histories} WHERE id > %s AND id <= %s)", [first, last]
        ):
            return
        upto = self.run.cursor.get("texts_upto", last)
        while upto > first:
            after = max(first, upto - texts.PIECE)
            with self.run.batch():
                if as_they_were:
                    restored = texts.restore_as_they_were(self.staging, after, upto, first)
                else:
                    restored = texts.restore(self.staging, after, upto)
                self._count(restored=restored)
                self.run.cursor["texts_upto"] = upto = after

    def remove_people(self) -> None:
        """Remove the accounts that the import created and nobody has used: no message, sign-in, role or other trace.

        Remove such accounts of imports undone earlier as well: messages of this import may have kept them.
        """
        for first, last in sorted([self.people, *people_of_undone(self.using)]):
            after = max(first, self.run.cursor.get("people_after", 0))
            while after < last:
                with self.run.batch():
                    self.run.cursor["people_after"] = after = self._remove_people(after, last)

    def kept(self) -> tuple[int, list[list[Any]]]:
        """Return how many messages are kept because they were touched or are on hold, and the first LISTED of them:
        [id, why], where why is "held", "edited" or "answered".
        """
        named: list[list[Any]] = []
        total = 0
        for query, ids in ((KEPT, self.messages), (TEXTS_KEPT, self.histories)):
            total += self.staging.count(query, ids)
            found = self.staging.stream(f"{query} LIMIT {LISTED - len(named)}", ids)
            named.extend([message_id, why] for message_id, why in found)
        return total, named

    def counts(self) -> dict[str, int]:
        """Return what was done so far, as numbers by name."""
        return {"messages": 0, "conversations": 0, "restored": 0, "users": 0, **self.run.cursor.get("undone", {})}

    def _remove(self, after: int, upto: int) -> None:
        chosen = [after, upto]
        untouched = [*chosen, *self.messages]
        conversations = self._conversations_of(chosen)
        # Lock first, as every writer does, so that nobody can answer a message that is about to be removed.
        for batch in self._conversations(conversations):
            batch.lock()
        if self._take_back_joins(chosen, untouched):
            # A message about to be removed may have moved along with the one it answers.
            conversations = sorted({*conversations, *self._conversations_of(chosen)})
        if self.staging.value(ANSWER_STAYS, [*untouched, *chosen, *self.messages], untouched=UNTOUCHED):
            removable = [row[0] for row in self.staging.stream(REMOVABLE, untouched)]
            Message.objects.using(self.using).reattach_replies(removable)
        self.staging.execute(REMOVE_NOTIFICATIONS, untouched, removable=REMOVABLE)
        self._count(messages=self.staging.execute(REMOVE, untouched, untouched=UNTOUCHED))
        for batch in self._conversations(conversations):
            self._count(conversations=batch.remove_empty())
            batch.recount()

    def _take_back_joins(self, chosen: list[int], untouched: list[int]) -> bool:
        """Move back what the import joined to messages that are about to be removed; return whether there was any."""
        joined = Joined.objects.using(self.using).filter(batch=self.import_)
        if not joined.exists():
            return False
        found = [row[0] for row in self.staging.stream(JOINED, [*chosen, *untouched], removable=REMOVABLE)]
        for some in in_batches(found):
            rows = joined.filter(message_id__in=ids_subquery(some, using=self.using))
            moves = [Move(*row) for row in rows.values_list(*Move._fields)]
            joining.undo_joins(moves, using=self.using)
            rows.delete()
            self._count(separated=len(moves))
        return bool(found)

    def _conversations_of(self, chosen: list[int]) -> list[int]:
        return [row[0] for row in self.staging.stream(CONVERSATIONS, chosen)]

    def _remove_people(self, after: int, last: int) -> int:
        """Remove the unused ones of the next PEOPLE accounts up to ``last``; return the last id that was examined."""
        users = get_user_model()._base_manager.using(self.using)
        people = users.filter(pk__gt=after, pk__lte=last).order_by("pk").select_for_update()
        locked = list(people.values_list("pk", flat=True)[:PEOPLE])
        if locked:
            self._count(users=_unused(users.filter(pk__in=locked))._raw_delete(self.using))
        return locked[-1] if len(locked) == PEOPLE else last

    def _conversations(self, ids: list[int]) -> Iterator[Any]:
        return (Conversation.objects.using(self.using).filter(pk__in=batch) for batch in in_batches(ids))

    def _count(self, **numbers: int) -> None:
        undone = self.run.cursor.setdefault("undone", {})
        for name, number in numbers.items():
            undone[name] = undone.get(name, 0) + number


def _name_batch(import_: Import, staging: Staging) -> None:
    """Make ``{batch}`` in queries stand for the id of the import."""
    key = Joined._meta.get_field("batch").target_field.get_db_prep_value(import_.pk, staging.connection)
    staging.names["batch"] = f"'{key}'"


def count_effects(import_: Import, staging: Staging) -> dict[str, int]:
    """Return how many messages undoing would remove and keep now, and how many texts it would restore."""
    _name_batch(import_, staging)
    ids = ids_after(import_.message_base, import_.last_row)
    histories = ids_after(import_.history_base, import_.last_row)
    stored = "SELECT COUNT(*) FROM {messages} message WHERE message.id > %s AND message.id <= %s"
    messages = staging.value(stored, ids)
    removable = staging.count(REMOVABLE, [*ids, *ids])
    restored = staging.count(texts.REPLACED, histories)
    texts_kept = staging.count(TEXTS_KEPT, histories)
    return {"messages": removable, "restored": restored, "kept": messages - removable + texts_kept}


def people_of_undone(using: str) -> list[tuple[int, int]]:
    """Return the id ranges of accounts that undone imports created, where any still exist."""
    gone = Import.objects.using(using).filter(state__in=(Import.State.UNDONE, Import.State.TAKEN_BACK))
    created = (ids_after(one.user_base, one.counts.get("users", 0)) for one in gone.exclude(user_base=None))
    users = get_user_model()._base_manager.using(using)
    return [ids for ids in created if users.filter(pk__gt=ids[0], pk__lte=ids[1]).exists()]


def _unused(users: models.QuerySet) -> models.QuerySet:
    """Return the unused ones of these accounts: no password, sign-in or role, and no row that refers to them."""
    unused = users.filter(is_active=False, last_login=None, is_staff=False, is_superuser=False)
    unused = unused.filter(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    model = users.model
    for relation in model._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and (relation.one_to_many or relation.one_to_one):
            column = {relation.field.name: OuterRef("pk")}
            unused = unused.exclude(Exists(relation.related_model._base_manager.filter(**column)))
    # An account that the audit trail names is kept, so that erasing the person still redacts those entries.
    entries = Entry.objects.filter(target_type=model._meta.label_lower, target_id=Cast(OuterRef("pk"), CharField()))
    return unused.exclude(Exists(entries))
