"""Set-based writes of messages that keep histories and conversation counts correct.

To avoid deadlocks, every writer locks in one order: people, conversations, messages, and within each by primary key.
People are first because deleting a user starts with the user's row.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import EmptyResultSet
from django.db import connections, models, transaction
from django.db.models import Case, Exists, ExpressionWrapper, F, OuterRef, Q, Value, When
from django.db.models.expressions import RawSQL
from django.utils import timezone

from messaging.database.references import RawDeletion
from messaging.database.statements import Slot
from messaging.editors import current_editor_id
from messaging.texts.changes import announce, somebody_listens

BATCH_SIZE = 10_000  # ids in one statement; databases limit the number of parameters
BULK_UPDATE_SIZE = 500  # texts in one bulk_update statement, which repeats each as a parameter

# A change of one of these fields may change the counts of a conversation.
COUNTED_FIELDS = {"read", "timestamp", "conversation", "conversation_id"}


def in_batches(ids: Sequence[Any], size: int = BATCH_SIZE) -> Iterator[Sequence[Any]]:
    """Yield ``ids`` in slices of at most ``size``."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def ids_subquery(ids: Iterable[int], *, using: str) -> RawSQL:
    """Return ``ids`` as a subquery for ``__in`` lookups."""
    # As one parameter: the database's limit does not apply, and the statement is prepared faster.
    return _subquery(ids_given(ids, using=using), using)


def ids_slot(name: str, *, using: str) -> RawSQL:
    """Return the same subquery with a slot, to be filled with ``ids_given``, for a statement compiled once."""
    return _subquery(Slot(name), using)


def ids_given(ids: Iterable[int], *, using: str) -> str:
    """Return ``ids`` as the parameter of the subquery that ``ids_sql`` returns."""
    return array_of(ids) if connections[using].vendor == "postgresql" else json.dumps(list(ids))


def ids_sql(using: str) -> str:
    """Return the SQL of a subquery of ids, whose one parameter ``ids_given`` returns."""
    if connections[using].vendor == "postgresql":
        return "SELECT unnest(%s::bigint[])"
    return "SELECT value FROM json_each(%s)"


def _subquery(given: str | Slot, using: str) -> RawSQL:
    return RawSQL(ids_sql(using), [given])  # noqa: S611 - one of two constants


def array_of(numbers: Iterable[int | None]) -> str:
    """Return numbers as a PostgreSQL array literal: the driver takes ten times as long to adapt a list."""
    return f"{{{json.dumps(list(numbers))[1:-1]}}}"


class ProtectedPerson(Exception):
    """A batch contains a message exchanged with somebody whose messages must be kept; nothing in it was changed."""


def refuse_protected(people: Iterable[Any], protected: Collection[Any]) -> None:
    """Raise ProtectedPerson if ``people`` (the senders and receivers of a batch) and ``protected`` share a key."""
    if protected and not set(protected).isdisjoint(people):
        raise ProtectedPerson


def lock_people(ids: Iterable[Any], *, using: str) -> set[Any]:
    """Lock users against deletion until the transaction ends, and return the primary keys of those that exist.

    ``ids`` may contain None, which is ignored. The locks do not conflict with each other. PostgreSQL takes them for
    the foreign keys anyway, but only when the transaction ends. By then a transaction that deletes one of the users may
    be waiting for a conversation that this one has locked.
    """
    wanted = sorted({pk for pk in ids if pk is not None})
    connection = connections[using]
    found: set[Any] = set()
    for batch in in_batches(wanted):
        people = get_user_model()._base_manager.using(using).filter(pk__in=batch).order_by("pk").values_list("pk")
        if connection.vendor != "postgresql":  # SQLite has one writer at a time and needs no row locks
            found.update(pk for (pk,) in people)
            continue
        sql, params = people.query.get_compiler(using).as_sql()
        with connection.cursor() as cursor:
            # The lock that a foreign key check takes; select_for_update() offers only stronger ones.
            cursor.execute(f"{sql} FOR KEY SHARE", params)
            found.update(pk for (pk,) in cursor.fetchall())
    return found


TRIES = 5  # attempts to lock the conversations of messages in order, before the last ones found are locked regardless


class _Moved(Exception):
    """Messages moved to other conversations while this transaction waited for the locks."""


class MessageWriting(RawDeletion):
    """The methods of ``MessageQuerySet`` that write."""

    def update(self, **changes: Any) -> int:
        """Update as Django does, keep each changed text as a history, and set ``edited`` and ``revision``.

        Recount the conversations if ``changes`` contain ``read``, ``timestamp`` or ``conversation``.
        """
        if not changes.keys() & (COUNTED_FIELDS | {"content"}) or self.query.is_sliced:
            return super().update(**changes)
        self._for_write = True
        with transaction.atomic(using=self.db, savepoint=False):
            if "content" in changes:
                lock_people([current_editor_id()], using=self.db)
            if not changes.keys() & COUNTED_FIELDS:
                self.lock_conversations()
                return self._update_with_history(changes)
            # Update only messages in the conversations locked here: one that matches later, in another conversation,
            # is left alone.
            conversation_ids = self._locked_conversation_ids(*self._target_conversation_ids(changes))
            rows = 0
            for batch in in_batches(conversation_ids):
                rows += self.filter(conversation_id__in=batch)._update_with_history(changes)
            self._conversations().recount_locked(conversation_ids)
            return rows

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        """Update as Django does, through ``update``, which keeps histories and counts."""
        fields = list(fields)
        if "content" in fields:
            batch_size = min(batch_size or BULK_UPDATE_SIZE, BULK_UPDATE_SIZE)
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
        """Insert as Django does, and recount the conversations. Sends no signals, so nobody is notified.

        Raise ValueError if ``update_fields`` would overwrite texts or conversations.
        """
        if update_conflicts and {"content", "conversation", "conversation_id"} & set(update_fields or ()):
            raise ValueError(
                "bulk_create cannot overwrite texts or conversations, it keeps no history: use bulk_update()."
            )
        self._for_write = True
        objs = list(objs)
        with transaction.atomic(using=self.db, savepoint=False):
            lock_people({pk for message in objs for pk in (message.sender_id, message.receiver_id)}, using=self.db)
            conversation_ids = {message.conversation_id for message in objs if message.conversation_id is not None}
            recounted = sorted(conversation_ids)
            self._lock_conversations(recounted)
            created = super().bulk_create(
                objs, batch_size, ignore_conflicts, update_conflicts, update_fields, unique_fields
            )
            self._conversations().recount_locked(recounted)
        return created

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete as Django does, reattach surviving replies, and recount the conversations or remove empty ones."""
        if self.query.is_sliced or self.query.combinator or self._fields is not None:  # type: ignore[attr-defined]
            return super().delete()  # raises an error that explains why
        self._for_write = True
        deleted: Counter[str] = Counter()
        with transaction.atomic(using=self.db):
            conversation_ids = self._locked_conversation_ids()
            ids = list(self.order_by("pk").values_list("pk", flat=True))
            messages: Any = self.model._base_manager.using(self.db)
            # For all messages before the first deletion, so that no reply is attached to one that is deleted next.
            messages.reattach_replies(ids)
            for batch in in_batches(ids):
                deleted.update(models.QuerySet.delete(messages.filter(pk__in=batch))[1])
            for batch in in_batches(conversation_ids):
                self._conversations().filter(pk__in=batch).remove_empty()
            self._conversations().recount_locked(conversation_ids)
        return deleted.total(), dict(deleted)

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def reattach_replies(self, ids: Iterable[int]) -> dict[int, int | None]:
        """Attach the replies to messages that will be deleted to their nearest surviving ancestors.

        Lock the messages with these ``ids``; the caller must have locked their conversations. A reply without a
        surviving ancestor becomes another root of its conversation. Return the new parent's id (or None) by reply id.
        """
        messages = self.model._base_manager.using(self.db)
        parents: dict[int, int | None] = {}
        for batch in in_batches(sorted(ids)):
            rows = messages.filter(pk__in=batch).order_by("pk").select_for_update()
            parents.update(rows.values_list("pk", "parent_message_id"))
        return self.reattach_replies_of(parents)

    def reattach_replies_of(self, parents: dict[int, int | None]) -> dict[int, int | None]:
        """Do what ``reattach_replies`` does, for messages that the caller has locked already.

        ``parents`` maps their ids to their parents' ids; ``nearest_survivor`` changes it.
        """
        messages = self.model._base_manager.using(self.db)
        deleted = set(parents)
        replies = messages.filter(parent_message_id__in=ids_subquery(deleted, using=self.db)).order_by()
        new_parents = {
            reply_id: nearest_survivor(parent_id, parents)
            for reply_id, parent_id in replies.values_list("pk", "parent_message_id")
            if reply_id not in deleted
        }
        self._set_parents(new_parents)
        return new_parents

    def _set_parents(self, parents: dict[int, int | None]) -> None:
        """Set the parents of messages; ``parents`` maps ids to parents' ids."""
        if not parents:
            return
        connection = connections[self.db]
        table = connection.ops.quote_name(self.model._meta.db_table)
        with connection.cursor() as cursor:
            # One statement for all is several times faster than one for each message.
            if connection.vendor == "postgresql":
                cursor.execute(
                    f"UPDATE {table} reply SET parent_message_id = new.parent_id"
                    " FROM unnest(%s::bigint[], %s::bigint[]) new(id, parent_id) WHERE reply.id = new.id",
                    [array_of(parents.keys()), array_of(parents.values())],
                )
            else:
                cursor.execute(
                    f"UPDATE {table} SET parent_message_id = new.value ->> 1"
                    f" FROM json_each(%s) new WHERE {table}.id = new.value ->> 0",
                    [json.dumps(list(parents.items()))],
                )

    def _conversations(self) -> Any:
        conversation: Any = self.model._meta.get_field("conversation").related_model
        return conversation.objects.using(self.db)

    def _conversation_ids(self) -> list[int]:
        return sorted(set(self.order_by().values_list("conversation_id", flat=True).distinct()))

    def _target_conversation_ids(self, changes: dict[str, Any]) -> list[int]:
        """Return the ids of the conversations that an update with ``changes`` moves messages to."""
        target = changes.get("conversation_id", changes.get("conversation"))
        if hasattr(target, "resolve_expression"):
            return list(self.order_by().annotate(target_id=target).values_list("target_id", flat=True).distinct())
        return [] if target is None else [getattr(target, "pk", target)]

    def _locked_conversation_ids(self, *others: int) -> list[int]:
        """Lock the conversations of these messages and the ``others``, and return their ids.

        A transaction that this one waited for may have moved messages to further conversations. Rolling back a
        savepoint then releases all locks, to take them again together: adding locks would break the order that avoids
        deadlocks. If new messages keep matching in further conversations, the last try takes what it finds.
        """
        # SQLite has one writer at a time, so there is no lock to wait for.
        for _ in range(TRIES if connections[self.db].features.has_select_for_update else 0):
            with suppress(_Moved), transaction.atomic(using=self.db):
                ids = sorted({*others, *self._conversation_ids()})
                self._lock_conversations(ids)
                if not {*others, *self._conversation_ids()} <= set(ids):
                    raise _Moved
                return ids
        ids = sorted({*others, *self._conversation_ids()})
        self._lock_conversations(ids)
        return ids

    def _lock_conversations(self, ids: Sequence[int]) -> None:
        for batch in in_batches(ids):
            self._conversations().filter(pk__in=batch).lock()

    def _update_with_history(self, changes: dict[str, Any]) -> int:
        """Store a history for each text that changes, then run Django's update; return the number of rows."""
        if "content" not in changes:
            return super().update(**changes)
        content = changes["content"]
        # An expression that is only stored may mix types (CharField and TextField); a comparison needs a single one.
        expression = content if hasattr(content, "resolve_expression") else Value(content)
        content = ExpressionWrapper(expression, output_field=models.TextField())
        self._lock_rows()
        changed = self._insert_histories(content)
        # A matching row that another transaction committed meanwhile has no history of its revision yet, so it keeps
        # its text.
        kept = self._histories().filter(message=OuterRef("pk"), revision=OuterRef("revision"))
        edited = changes.get("edited", F("edited"))
        changes = {
            **changes,
            "edited": Case(When(~Q(content=content), then=Value(True)), default=edited),
            "revision": Case(
                When(~Q(content=content), then=F("revision") + 1),
                default=F("revision"),
                output_field=models.PositiveIntegerField(),
            ),
        }
        rows = super(MessageWriting, self.filter(Q(content=content) | Exists(kept))).update(**changes)
        announce(self.model, changed, using=self.db)
        return rows

    def _histories(self) -> models.QuerySet:
        history: Any = self.model._meta.get_field("histories").related_model
        return history._base_manager.using(self.db)

    def lock_conversations(self) -> None:
        """Lock the conversations of these messages before changing texts. Needs a transaction: until it ends, no
        message joins or leaves them, on which receivers of ``texts_changed`` rely."""
        if connections[self.db].features.has_select_for_update:  # SQLite has one writer at a time
            self._locked_conversation_ids()

    def _lock_rows(self) -> None:
        """Lock the messages."""
        # In a subquery, because FOR UPDATE is not allowed with GROUP BY or DISTINCT.
        selected = self.order_by().values("pk")
        _lock_unloaded(self.model._base_manager.using(self.db).filter(pk__in=selected).select_for_update(), self.db)

    def _insert_histories(self, content: Any) -> list[int]:
        """Store a history for each text that differs from the expression ``content``.

        One INSERT … SELECT, so that no text is loaded. Return the ids of the messages if ``texts_changed`` has
        receivers, else an empty list, because there may be many.
        """
        connection = connections[self.db]
        history = self._histories().model._meta
        changed = self.order_by().annotate(selected_id=F("pk"), new_content=content)
        selected = changed.values_list("selected_id", "new_content").distinct()
        try:
            sql, params = selected.query.get_compiler(self.db).as_sql()
        except EmptyResultSet:
            return []
        editor = history.get_field("edited_by").target_field.cast_db_type(connection)
        columns = ", ".join(
            connection.ops.quote_name(history.get_field(name).column)
            for name in ("message", "revision", "old_content", "edited_at", "edited_by", "by_staff")
        )
        # Locks the rows that match only since _lock_rows(): nobody may change a text between this and the update.
        lock = " FOR UPDATE OF message" if connection.features.has_select_for_update else ""
        wanted, editor_id = somebody_listens(self.model), current_editor_id()
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {connection.ops.quote_name(history.db_table)} ({columns})"
                f" SELECT message.id, message.revision, message.content, %s, CAST(%s AS {editor}),"
                f" COALESCE(CAST(%s AS {editor}) <> message.sender_id, FALSE)"
                f" FROM ({sql}) selected JOIN {connection.ops.quote_name(self.model._meta.db_table)} message"
                f" ON message.id = selected.selected_id"
                f" WHERE message.content <> selected.new_content{lock}{' RETURNING message_id' if wanted else ''}",
                (connection.ops.adapt_datetimefield_value(timezone.now()), editor_id, editor_id, *params),
            )
            return [row[0] for row in cursor.fetchall()] if wanted else []


def _lock_unloaded(rows: models.QuerySet, using: str) -> None:
    """Lock ``rows``, a ``select_for_update()`` queryset, in the order of their keys without loading them.

    Does nothing on SQLite, which has no row locks and one writer at a time.
    """
    connection = connections[using]
    if not connection.features.has_select_for_update:
        return
    try:
        sql, params = rows.order_by("pk").values_list("pk").query.get_compiler(using).as_sql()
    except EmptyResultSet:
        return
    with connection.cursor() as cursor:
        # The database counts them, so that no ids are transferred.
        cursor.execute(f"SELECT COUNT(*) FROM ({sql}) locked", params)


def nearest_survivor(message_id: int | None, parents: dict[int, int | None]) -> int | None:
    """Return the first of a message, its parent, its parent's parent and so on that is not deleted, or None.

    ``parents`` maps the ids of the deleted messages to their parents' ids. The messages passed are mapped to the result
    instead, so that a long chain of deleted messages is walked only once. A loop returns None.
    """
    walked: dict[int, None] = {}
    while message_id in parents and message_id not in walked:
        walked[message_id] = None
        message_id = parents[message_id]
    survivor = None if message_id in walked else message_id
    for deleted_id in walked:
        parents[deleted_id] = survivor
    return survivor
