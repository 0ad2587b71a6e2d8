"""Writing messages in sets: no road changes a text without keeping the old one, or a count without recounting.

Every writer takes its locks in one order, so that none waits in a circle: people, conversations, messages; within each
by primary key. Deleting a user starts with the user's row, which makes people the first.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import EmptyResultSet
from django.db import connections, models, transaction
from django.db.models import Case, Exists, ExpressionWrapper, F, OuterRef, Q, Value, When
from django.db.models.expressions import RawSQL
from django.utils import timezone

from messaging.editors import current_editor_id

BATCH = 10_000  # ids in one statement; databases limit them
TEXTS = 500  # different texts in one statement of bulk_update, where each is named several times

# Changing one of these changes what a conversation counts.
COUNTED_FIELDS = {"read", "timestamp", "conversation", "conversation_id"}


def in_batches(ids: Sequence[Any], size: int = BATCH) -> Iterator[Sequence[Any]]:
    """``ids`` in slices of at most ``size``."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def one_parameter(ids: Iterable[int], *, using: str) -> RawSQL:
    """``ids`` for ``…__in``, as one parameter of the statement: thousands of them cost no more than one to prepare."""
    if connections[using].vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::bigint[])", [list(ids)])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(ids))])


class Protected(Exception):
    """A message is one of somebody whose messages are to stay: nothing of the batch was done."""


def refuse_protected(people: Iterable[Any], protected: Collection[Any]) -> None:
    """Raise Protected where one of ``people``, who sent or received what is about to go, is among the protected."""
    if protected and not set(protected).isdisjoint(people):
        raise Protected


def hold_people(ids: Iterable[Any], *, using: str) -> set[Any]:
    """Those of ``ids`` (None is ignored) that are users; until the transaction ends nobody can delete them.

    PostgreSQL would check and lock them when the transaction ends, which is too late: whoever deletes one of them may
    be waiting for a conversation by then.
    """
    wanted = sorted({pk for pk in ids if pk is not None})
    connection = connections[using]
    held: set[Any] = set()
    for batch in in_batches(wanted):
        people = get_user_model()._base_manager.using(using).filter(pk__in=batch).order_by("pk").values_list("pk")
        if connection.vendor != "postgresql":
            held.update(pk for (pk,) in people)
            continue
        sql, params = people.query.get_compiler(using).as_sql()
        with connection.cursor() as cursor:
            # The lock that a foreign key takes: Django itself offers only stronger ones.
            cursor.execute(f"{sql} FOR KEY SHARE", params)
            held.update(pk for (pk,) in cursor.fetchall())
    return held


class MessageWriting(models.QuerySet):
    """The writing half of ``MessageQuerySet``."""

    def update(self, **changes: Any) -> int:
        """As Django's, but a changed ``content`` is kept in the history first and sets ``edited``, in sets.

        Conversations are recounted where ``read``, ``timestamp`` or ``conversation`` change.
        """
        if not changes.keys() & (COUNTED_FIELDS | {"content"}) or self.query.is_sliced:
            return super().update(**changes)
        self._for_write = True
        with transaction.atomic(using=self.db, savepoint=False):
            if "content" in changes:
                hold_people([current_editor_id()], using=self.db)
            if not changes.keys() & COUNTED_FIELDS:
                return self._update_keeping_texts(changes)
            # The conversations are chosen once: one that a new message makes match later on is left alone.
            touched = self._conversation_ids()
            recounted = sorted({*touched, *self._moved_to(changes)})
            self._lock_conversations(recounted)
            rows = 0
            for batch in in_batches(touched):
                rows += self.filter(conversation_id__in=batch)._update_keeping_texts(changes)
            self._recount(recounted)
            return rows

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        """As Django's; old texts are kept as in ``update``."""
        fields = list(fields)
        if "content" in fields:
            batch_size = min(batch_size or TEXTS, TEXTS)
        return super().bulk_update(objs, fields, batch_size=batch_size)

    bulk_update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(
        self,
        objs: Iterable[Any],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[Any]:
        """As Django's (no signals: nobody is notified), and the conversations are recounted.

        Raises ValueError where it would overwrite texts without a history, or move messages without a recount.
        """
        if update_conflicts and {"content", "conversation", "conversation_id"} & set(update_fields or ()):
            raise ValueError(
                "bulk_create cannot overwrite texts or conversations, it keeps no history: use bulk_update()."
            )
        self._for_write = True
        objs = list(objs)
        with transaction.atomic(using=self.db, savepoint=False):
            hold_people({pk for message in objs for pk in (message.sender_id, message.receiver_id)}, using=self.db)
            touched = sorted({message.conversation_id for message in objs if message.conversation_id is not None})
            self._lock_conversations(touched)
            created = super().bulk_create(
                objs, batch_size, ignore_conflicts, update_conflicts, update_fields, unique_fields
            )
            self._recount(touched)
        return created

    def delete(self) -> tuple[int, dict[str, int]]:
        """As Django's, with the replies of others handed on and the conversations recounted (or removed), in sets."""
        if self.query.is_sliced or self.query.combinator or self._fields is not None:  # type: ignore[attr-defined]
            return super().delete()  # which refuses, and says why
        self._for_write = True
        deleted: Counter[str] = Counter()
        with transaction.atomic(using=self.db):
            touched = self._conversation_ids()
            self._lock_conversations(touched)
            ids = list(self.order_by("pk").values_list("pk", flat=True))
            everything: Any = self.model._base_manager.using(self.db)
            # All are handed on before the first one goes, so that no reply lands on what goes next.
            everything.hand_replies_on(ids)
            for batch in in_batches(ids):
                deleted.update(models.QuerySet.delete(everything.filter(pk__in=batch))[1])
            self._recount(touched)
            for batch in in_batches(touched):
                self._conversations().filter(pk__in=batch).remove_empty()
        return deleted.total(), dict(deleted)

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def hand_replies_on(self, ids: Iterable[int]) -> dict[int, int | None]:
        """Before the messages ``ids`` go: lock them, and hang what answers them on its nearest ancestor that stays.

        A reply without such an ancestor becomes a further beginning of its conversation. Returns the new parent's id
        (or None) of each reply, by the reply's id. The caller holds the conversations' locks.
        """
        messages = self.model._base_manager.using(self.db)
        parents: dict[int, int | None] = {}
        for batch in in_batches(sorted(ids)):
            rows = messages.filter(pk__in=batch).order_by("pk").select_for_update()
            parents.update(rows.values_list("pk", "parent_message_id"))
        return self.hand_replies_over(parents)

    def hand_replies_over(self, parents: dict[int, int | None]) -> dict[int, int | None]:
        """As ``hand_replies_on``, for messages that the caller has locked: ``parents`` says what each of them answers.

        Shortens the paths in ``parents``.
        """
        messages = self.model._base_manager.using(self.db)
        doomed = set(parents)
        replies: dict[int, int | None] = {}
        answers = messages.filter(parent_message_id__in=one_parameter(doomed, using=self.db)).order_by()
        for reply_id, parent_id in answers.values_list("pk", "parent_message_id"):
            if reply_id not in doomed:
                replies[reply_id] = nearest_staying(parent_id, parents)
        self._hang(replies)
        return replies

    def _hang(self, parents: dict[int, int | None]) -> None:
        """Set the parents of messages, given by id; on PostgreSQL in one statement, which is several times faster."""
        if not parents:
            return
        connection = connections[self.db]
        table = connection.ops.quote_name(self.model._meta.db_table)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(
                    f"UPDATE {table} reply SET parent_message_id = new.parent_id"
                    " FROM unnest(%s::bigint[], %s::bigint[]) new(id, parent_id) WHERE reply.id = new.id",
                    [list(parents.keys()), list(parents.values())],
                )
            else:
                cursor.executemany(
                    f"UPDATE {table} SET parent_message_id = %s WHERE id = %s",
                    [(parent_id, reply_id) for reply_id, parent_id in parents.items()],
                )

    def _conversations(self) -> Any:
        conversation: Any = self.model._meta.get_field("conversation").related_model
        return conversation.objects.using(self.db)

    def _conversation_ids(self) -> list[int]:
        return sorted(set(self.order_by().values_list("conversation_id", flat=True).distinct()))

    def _moved_to(self, changes: dict[str, Any]) -> list[int]:
        """The ids of the conversations that an update moves messages to."""
        target = changes.get("conversation_id", changes.get("conversation"))
        if hasattr(target, "resolve_expression"):
            return list(self.order_by().annotate(moved_to=target).values_list("moved_to", flat=True).distinct())
        return [] if target is None else [getattr(target, "pk", target)]

    def _lock_conversations(self, ids: Sequence[int]) -> None:
        for batch in in_batches(ids):
            self._conversations().filter(pk__in=batch).lock()

    def _recount(self, conversation_ids: Sequence[int]) -> None:
        for batch in in_batches(conversation_ids):
            self._conversations().filter(pk__in=batch).recount()

    def _update_keeping_texts(self, changes: dict[str, Any]) -> int:
        if "content" not in changes:
            return super().update(**changes)
        content = changes["content"]
        # Of a given type, as an expression may mix types where its value is only stored.
        known = Value(content) if not hasattr(content, "resolve_expression") else content
        content = ExpressionWrapper(known, output_field=models.TextField())
        now = timezone.now()
        self._lock_rows()
        self._keep_texts(content, now)
        # A row that another transaction added after its text could be kept has no history: it is left as it came.
        kept = self._histories().filter(message=OuterRef("pk"), edited_at=now, old_content=OuterRef("content"))
        edited = changes.get("edited", F("edited"))
        changes = {**changes, "edited": Case(When(~Q(content=content), then=Value(True)), default=edited)}
        return super(MessageWriting, self.filter(Q(content=content) | Exists(kept))).update(**changes)

    def _histories(self) -> models.QuerySet:
        history: Any = self.model._meta.get_field("histories").related_model
        return history._base_manager.using(self.db)

    def _lock_rows(self) -> None:
        """Hold the rows on databases that lock rows, without loading them (SQLite has one writer at a time)."""
        connection = connections[self.db]
        if not connection.features.has_select_for_update:
            return
        # Chosen in a subquery: groups and distinct rows cannot be locked themselves.
        chosen = self.order_by().values("pk")
        rows = self.model._base_manager.using(self.db).filter(pk__in=chosen).order_by("pk").select_for_update()
        try:
            sql, params = rows.values_list("pk").query.get_compiler(self.db).as_sql()
        except EmptyResultSet:
            return
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM ({sql}) locked", params)

    def _keep_texts(self, content: Any, now: datetime) -> None:
        """One INSERT … SELECT: the texts that ``content`` (an expression) would replace become histories."""
        connection = connections[self.db]
        history = self._histories().model._meta
        chosen = self.order_by().annotate(chosen_id=F("pk"), text_after=content).values_list("chosen_id", "text_after")
        try:
            sql, params = chosen.distinct().query.get_compiler(self.db).as_sql()
        except EmptyResultSet:
            return
        editor = history.get_field("edited_by").target_field.cast_db_type(connection)
        columns = ", ".join(
            connection.ops.quote_name(history.get_field(name).column)
            for name in ("message", "old_content", "edited_at", "edited_by")
        )
        # What began to match since the rows were locked is locked here, so that the text kept is the one replaced.
        lock = " FOR UPDATE OF message" if connection.features.has_select_for_update else ""
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {connection.ops.quote_name(history.db_table)} ({columns})"
                f" SELECT message.id, message.content, %s, CAST(%s AS {editor}) FROM ({sql}) chosen"
                f" JOIN {connection.ops.quote_name(self.model._meta.db_table)} message ON message.id = chosen.chosen_id"
                f" WHERE message.content <> chosen.text_after{lock}",
                (connection.ops.adapt_datetimefield_value(now), current_editor_id(), *params),
            )


def nearest_staying(message_id: int | None, parents: dict[int, int | None]) -> int | None:
    """The nearest of a message and its ancestors that is not a key of ``parents`` (id to parent's id), or None.

    Shortens the paths it walks in ``parents``, so that a long run is walked once.
    """
    walked: dict[int, None] = {}
    while message_id in parents and message_id not in walked:
        walked[message_id] = None
        message_id = parents[message_id]
    found = None if message_id in walked else message_id
    for doomed in walked:
        parents[doomed] = found
    return found
