"""QuerySets as vocabulary: what screens and commands say about sets of messages and conversations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connections, models, transaction
from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from messaging.editors import current_editor_id

BATCH = 10_000  # ids in one statement; databases limit them

# Changing one of these changes what a conversation counts.
COUNTED_FIELDS = {"read", "timestamp", "conversation", "conversation_id"}


def in_batches(ids: Sequence[Any], size: int = BATCH) -> Iterator[Sequence[Any]]:
    """``ids`` in slices of at most ``size``."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


class ConversationQuerySet(models.QuerySet):
    def unread(self) -> ConversationQuerySet:
        """Conversations with a message that its receiver has not read."""
        return self.filter(unread_count__gt=0)

    def edited(self) -> ConversationQuerySet:
        """Conversations with an edited message."""
        messages = self._messages().filter(conversation=OuterRef("pk"), edited=True)
        return self.filter(Exists(messages))

    def with_participant(self, user: Any) -> ConversationQuerySet:
        """Conversations in which ``user`` sent or received a message."""
        theirs = self._messages().filter(conversation=OuterRef("pk"))
        return self.filter(Exists(theirs.filter(sender=user)) | Exists(theirs.filter(receiver=user)))

    def lock(self) -> list[int]:
        """Hold these rows until the transaction ends, so that counts cannot be taken twice at once; their ids.

        The lock admits new messages (their foreign key) and is taken in the order of ids, so nobody deadlocks.
        """
        return list(self.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))

    def recount(self) -> int:
        """Set the counts from the messages in one UPDATE; returns how many conversations there were.

        The rows are locked by a statement of their own first: on PostgreSQL an UPDATE that waits for another one would
        still count what its own beginning saw.
        """
        with transaction.atomic(using=self.db):
            ids = self.lock()
            for batch in in_batches(ids):
                self.model._base_manager.using(self.db).filter(pk__in=batch).update(
                    message_count=self._counted(Count("*")),
                    unread_count=self._counted(Count("pk", filter=Q(read=False))),
                    last_message_at=Coalesce(self._of_messages(Max("timestamp")), F("last_message_at")),
                )
        return len(ids)

    def remove_empty(self) -> int:
        """Delete those without a message; returns how many."""
        messages = self._messages().filter(conversation=OuterRef("pk"))
        return self.filter(~Exists(messages))._raw_delete(self.db)

    def _messages(self) -> models.QuerySet:
        return self.model._meta.get_field("messages").related_model._base_manager.using(self.db)

    def _of_messages(self, aggregate: models.Aggregate) -> Subquery:
        grouped = self._messages().filter(conversation=OuterRef("pk")).order_by().values("conversation")
        return Subquery(grouped.annotate(figure=aggregate).values("figure"))

    def _counted(self, aggregate: models.Aggregate) -> Coalesce:
        return Coalesce(self._of_messages(aggregate), 0)


class MessageQuerySet(models.QuerySet):
    """Messages. No method of it changes a text without keeping the old one, or a count without recounting."""

    def mark_read(self) -> int:
        """Mark as read by their receivers; returns how many were unread."""
        return self.filter(read=False).update(read=True)

    def for_thread(self) -> MessageQuerySet:
        """With what a thread shows of each message: its people, its histories and their editors; no query per row."""
        return self.select_related("sender", "receiver").prefetch_related("histories__edited_by")

    def with_replies(self) -> MessageQuerySet:
        """Messages that somebody answered."""
        return self.filter(Exists(self.model._base_manager.filter(parent_message=OuterRef("pk"))))

    def of(self, user: Any) -> MessageQuerySet:
        """Messages that ``user`` sent or received."""
        return self.filter(Q(sender=user) | Q(receiver=user))

    def update(self, **changes: Any) -> int:
        """As Django's, but a changed ``content`` is kept in the history first and sets ``edited``, in sets.

        Conversations are recounted where ``read``, ``timestamp`` or ``conversation`` change.
        """
        if not changes.keys() & (COUNTED_FIELDS | {"content"}) or self.query.is_sliced:
            return super().update(**changes)
        self._for_write = True
        with transaction.atomic(using=self.db):
            if not changes.keys() & COUNTED_FIELDS:
                return self._update_keeping_texts(changes)
            # The conversations are chosen once: one that a new message makes match later on is left alone.
            touched = list(self.order_by().values_list("conversation_id", flat=True).distinct())
            rows = 0
            for batch in in_batches(touched):
                rows += self.filter(conversation_id__in=batch)._update_keeping_texts(changes)
            moved_to = changes.get("conversation_id", changes.get("conversation"))
            self._recount([*touched, *([] if moved_to is None else [getattr(moved_to, "pk", moved_to)])])
            return rows

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """As Django's (no signals: nobody is notified), and the conversations are recounted.

        Raises ValueError where it would overwrite texts without a history.
        """
        if kwargs.get("update_conflicts") and "content" in (kwargs.get("update_fields") or ()):
            raise ValueError("bulk_create cannot overwrite texts, it keeps no history: use update() or bulk_update().")
        self._for_write = True
        with transaction.atomic(using=self.db):
            created = super().bulk_create(objs, *args, **kwargs)
            self._recount(list({message.conversation_id for message in created}))
        return created

    def _recount(self, conversation_ids: Sequence[int]) -> None:
        conversations = self.model._meta.get_field("conversation").related_model.objects.using(self.db)
        for batch in in_batches(conversation_ids):
            conversations.filter(pk__in=batch).recount()

    def _update_keeping_texts(self, changes: dict[str, Any]) -> int:
        if "content" not in changes:
            return super().update(**changes)
        content = changes["content"]
        if not hasattr(content, "resolve_expression"):
            content = Value(content, output_field=models.TextField())
        now = timezone.now()
        self._lock()
        self._keep_texts(content, now)
        # A row that another transaction added after its text could be kept has no history: it is left as it came.
        kept = self._histories().filter(message=OuterRef("pk"), edited_at=now, old_content=OuterRef("content"))
        edited = changes.get("edited", F("edited"))
        changes = {**changes, "edited": Case(When(~Q(content=content), then=Value(True)), default=edited)}
        return super(MessageQuerySet, self.filter(Q(content=content) | Exists(kept))).update(**changes)

    def _histories(self) -> models.QuerySet:
        return self.model._meta.get_field("histories").related_model._base_manager.using(self.db)

    def _lock(self) -> None:
        """Hold the rows on databases that lock rows, without loading them (SQLite has one writer at a time)."""
        connection = connections[self.db]
        if connection.features.has_select_for_update:
            rows = self.order_by("pk").select_for_update(of=("self",)).values_list("pk")
            sql, params = rows.query.get_compiler(self.db).as_sql()
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT COUNT(*) FROM ({sql}) locked", params)

    def _keep_texts(self, content: Any, now: datetime) -> None:
        """One INSERT … SELECT: the texts that ``content`` (an expression) would replace become histories."""
        connection = connections[self.db]
        history = self._histories().model._meta
        editor = Cast(Value(current_editor_id()), output_field=history.get_field("edited_by").target_field)
        rows = (
            self.order_by()
            .annotate(text_after=content)
            .exclude(content=F("text_after"))
            .values_list("pk", "content", Value(now, output_field=models.DateTimeField()), editor)
            .distinct()
        )
        columns = ", ".join(
            connection.ops.quote_name(history.get_field(name).column)
            for name in ("message", "old_content", "edited_at", "edited_by")
        )
        try:
            sql, params = rows.query.get_compiler(self.db).as_sql()
        except models.query.EmptyResultSet:
            return
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {connection.ops.quote_name(history.db_table)} ({columns}) {sql}", params)


MessageManager = models.Manager.from_queryset(MessageQuerySet)


class UnreadMessagesManager(MessageManager):  # type: ignore[valid-type,misc]
    """``Message.unread``: only what its receiver has not read, with the questions that the screens ask of it."""

    def get_queryset(self) -> MessageQuerySet:
        return super().get_queryset().filter(read=False)

    def unread_for_user(self, user: Any) -> MessageQuerySet:
        """What ``user`` has not read yet, the newest first, loading exactly what an inbox row shows."""
        return (
            self.get_queryset()
            .filter(receiver=user)
            .select_related("sender")
            .only("conversation_id", "content", "timestamp", "sender__username")
            .order_by("-timestamp", "-id")
        )

    def for_users(self, users: Iterable[Any]) -> MessageQuerySet:
        """What any of ``users`` has not read yet, the newest first, with the receiver as well."""
        return (
            self.get_queryset()
            .filter(receiver__in=users)
            .select_related("sender", "receiver")
            .only("conversation_id", "content", "timestamp", "sender__username", "receiver__username")
            .order_by("-timestamp", "-id")
        )

    def count_for_users(self, users: Iterable[Any]) -> dict[Any, int]:
        """How many messages each of ``users`` has not read, by primary key; who has none is not in it."""
        counted = self.get_queryset().filter(receiver__in=users).order_by().values("receiver")
        return dict(counted.annotate(number=Count("*")).values_list("receiver", "number"))

    def conversations(self) -> ConversationQuerySet:
        """Conversations that hold an unread message; their own count answers, which is recounted from here."""
        return self.model._meta.get_field("conversation").related_model.objects.unread()
