"""Removing what an import added: all that nobody touched since, in batches; what was touched is listed and left.

So is what was exchanged with somebody on hold. A message is touched when it was edited, or answered by a message
that did not come with the import. That its receiver reads it, or is notified of it, does not count: it would keep
everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import models
from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast

from messaging.models import Conversation, Message
from messaging.writing import in_batches
from ops.audit.models import Entry
from ops.imports.models import Import
from ops.imports.staging.base import Staging
from ops.imports.storing import texts
from ops.imports.storing.ids import ids_after
from ops.jobs.pacing import Pace
from ops.jobs.run import Run

PIECE = 2_000  # ids whose messages are removed at a time, many times over where that is fast
PEOPLE = 500
LISTED = 1_000  # messages that are named among those left

EDITED = "EXISTS (SELECT 1 FROM {histories} edits WHERE edits.message_id = message.id)"
# Replies of the import itself lie between its first and its last id.
ANSWERED = """
EXISTS (
    SELECT 1 FROM {messages} answers
    WHERE answers.parent_message_id = message.id AND (answers.id <= %s OR answers.id > %s)
)
"""
HELD = "(message.sender_id IN {on_hold} OR message.receiver_id IN {on_hold})"
NOBODY = "(SELECT CAST(NULL AS bigint) WHERE 1 = 0)"
UNTOUCHED = f"message.id > %s AND message.id <= %s AND NOT {HELD} AND NOT {EDITED} AND NOT {ANSWERED}"
CONVERSATIONS = """
SELECT DISTINCT conversation_id FROM {messages} message WHERE message.id > %s AND message.id <= %s ORDER BY 1
"""
GOING = f"SELECT message.id FROM {{messages}} message WHERE {UNTOUCHED}"
# Whether something stays that answers what goes.
STAYING = f"""
SELECT EXISTS (
    SELECT 1 FROM {{messages}} message CROSS JOIN {{messages}} reply
    WHERE {UNTOUCHED} AND reply.parent_message_id = message.id AND (reply.id <= %s OR reply.id > %s
    OR reply.sender_id IN {{on_hold}} OR reply.receiver_id IN {{on_hold}} OR EXISTS (
        SELECT 1 FROM {{histories}} edits WHERE edits.message_id = reply.id
    ) OR EXISTS (
        SELECT 1 FROM {{messages}} answers
        WHERE answers.parent_message_id = reply.id AND (answers.id <= %s OR answers.id > %s)
    ))
)
"""
FORGET_NOTIFICATIONS = f"DELETE FROM {{notifications}} WHERE message_id IN ({GOING})"
REMOVE = f"DELETE FROM {{messages}} AS message WHERE {UNTOUCHED}"
LEFT = f"""
SELECT message.id, CASE WHEN {HELD} THEN 'held' WHEN {EDITED} THEN 'edited' ELSE 'answered' END
FROM {{messages}} message WHERE message.id > %s AND message.id <= %s ORDER BY message.id
"""
# Texts that were put back are edited since, too.
EDITED_SINCE = f"""
SELECT kept.message_id, 'edited' FROM {{histories}} kept CROSS JOIN {{messages}} stored
WHERE kept.id > %s AND kept.id <= %s AND stored.id = kept.message_id AND stored.content <> kept.old_content
    AND {texts.EDITED_SINCE} ORDER BY kept.message_id
"""
COUNT = "SELECT COUNT(*) FROM ({query}) counted"


class Undoing:
    """One import being removed, on one database; what was done is counted in the cursor of ``run``.

    ``unfinished`` imports go whole, whoever is on hold: nothing of them was there before, and their file still is.
    """

    def __init__(self, import_: Import, staging: Staging, run: Run, *, unfinished: bool = False) -> None:
        self.staging, self.run = staging, run
        if unfinished:
            staging.names["on_hold"] = NOBODY
        self.using = staging.using
        rows = import_.last_row
        self.messages = ids_after(import_.message_base, rows)
        self.histories = ids_after(import_.history_base, rows)
        self.people = ids_after(import_.user_base, import_.counts.get("users", 0))
        self.total = rows

    def remove_messages(self) -> None:
        """Remove the messages that nobody touched, the latest first, so that most go before what they answer."""
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
        """Put replaced texts back, as an edit with history or as if nothing had been."""
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
        """Remove the accounts that the import created and nobody uses: no message, no sign-in, no role, no trace.

        So it is with those that imports created which were undone before: perhaps they stayed for this one.
        """
        for first, last in sorted([self.people, *left_by_undone(self.using)]):
            after = max(first, self.run.cursor.get("people_after", 0))
            while after < last:
                with self.run.batch():
                    self.run.cursor["people_after"] = after = self._remove_people(after, last)

    def left(self) -> tuple[int, list[list[Any]]]:
        """How many messages were touched since, or are held, and left, and the first of them: [id, why], which is
        "held", "edited" or "answered"."""
        named: list[list[Any]] = []
        total = 0
        for sql, ids in ((LEFT, self.messages), (EDITED_SINCE, self.histories)):
            total += self.staging.value(COUNT.replace("{query}", sql), ids)
            found = self.staging.stream(f"{sql} LIMIT {LISTED - len(named)}", ids)
            named.extend([message_id, why] for message_id, why in found)
        return total, named

    def counts(self) -> dict[str, int]:
        """What was done so far, by name."""
        names = ("messages", "conversations", "restored", "users")
        return {name: self.run.cursor.get(name, 0) for name in names}

    def _remove(self, after: int, upto: int) -> None:
        chosen = [after, upto]
        untouched = [*chosen, *self.messages]
        touched = [row[0] for row in self.staging.stream(CONVERSATIONS, chosen)]
        # Locked first, as every writer does: nobody can answer what is about to go.
        for batch in self._conversations(touched):
            batch.lock()
        if self.staging.value(STAYING, [*untouched, *chosen, *self.messages]):
            going = [row[0] for row in self.staging.stream(GOING, untouched)]
            Message.objects.using(self.using).reattach_replies(going)
        self.staging.execute(FORGET_NOTIFICATIONS, untouched)
        self._count(messages=self.staging.execute(REMOVE, untouched))
        for batch in self._conversations(touched):
            self._count(conversations=batch.remove_empty())
            batch.recount()

    def _remove_people(self, after: int, last: int) -> int:
        """Remove the first of the accounts up to ``last``; up to where they were looked at."""
        users = get_user_model()._base_manager.using(self.using)
        people = users.filter(pk__gt=after, pk__lte=last).order_by("pk").select_for_update()
        held = list(people.values_list("pk", flat=True)[:PEOPLE])
        if held:
            self._count(users=_unused(users.filter(pk__in=held))._raw_delete(self.using))
        return held[-1] if len(held) == PEOPLE else last

    def _conversations(self, ids: list[int]) -> Iterator[Any]:
        return (Conversation.objects.using(self.using).filter(pk__in=batch) for batch in in_batches(ids))

    def _count(self, **numbers: int) -> None:
        for name, number in numbers.items():
            self.run.cursor[name] = self.run.cursor.get(name, 0) + number


def plan(import_: Import, staging: Staging) -> dict[str, int]:
    """What undoing would do now, in counts: messages removed and left, texts put back and left."""
    ids = ids_after(import_.message_base, import_.last_row)
    kept = ids_after(import_.history_base, import_.last_row)
    stored = "SELECT COUNT(*) FROM {messages} message WHERE message.id > %s AND message.id <= %s"
    messages = staging.value(stored, ids)
    going = staging.value(COUNT.replace("{query}", GOING), [*ids, *ids])
    restored = staging.value(COUNT.replace("{query}", texts.REPLACED), kept)
    edited_since = staging.value(COUNT.replace("{query}", EDITED_SINCE), kept)
    return {"messages": going, "restored": restored, "kept": messages - going + edited_since}


def left_by_undone(using: str) -> list[tuple[int, int]]:
    """Between which ids accounts lie that imports created which are undone, as far as there still are some."""
    gone = Import.objects.using(using).filter(state__in=(Import.State.UNDONE, Import.State.TAKEN_BACK))
    created = (ids_after(one.user_base, one.counts.get("users", 0)) for one in gone.exclude(user_base=None))
    users = get_user_model()._base_manager.using(using)
    return [ids for ids in created if users.filter(pk__gt=ids[0], pk__lte=ids[1]).exists()]


def _unused(users: models.QuerySet) -> models.QuerySet:
    """Of these accounts, those that an import made and nobody has used since."""
    unused = users.filter(is_active=False, last_login=None, is_staff=False, is_superuser=False)
    unused = unused.filter(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    model = users.model
    for relation in model._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and (relation.one_to_many or relation.one_to_one):
            column = {relation.field.name: OuterRef("pk")}
            unused = unused.exclude(Exists(relation.related_model._base_manager.filter(**column)))
    # Whoever the audit trail speaks of stays, so that erasing them empties what it says.
    entries = Entry.objects.filter(target_type=model._meta.label_lower, target_id=Cast(OuterRef("pk"), CharField()))
    return unused.exclude(Exists(entries))
