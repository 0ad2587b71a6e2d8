"""The QuerySets and managers of messages and conversations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import EmptyResultSet
from django.db import connections, models, transaction
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from messaging import joining
from messaging.database.references import RawDeletion
from messaging.texts.beginnings import with_beginning
from messaging.writing import MessageWriting, ids_subquery, in_batches, lock_people

# A person with more messages than this is in so many rows of a list that scanning the list in its order fills a page
# sooner than collecting all of that person's rows. The limit is higher for conversations, because each row of theirs
# needs a look at its messages.
FREQUENT, FREQUENT_IN_CONVERSATIONS = 20_000, 100_000
LOOKED_THROUGH, PAGE = 1_000, 51  # conversations scanned from the start of a list; rows of a page, and one more
WITHHELD = Q(message__redaction__gt=F("revision"))  # of a history: moderators removed part of a later text
IS_WITHHELD = Case(When(WITHHELD, then=Value(True)), default=Value(False))
NAMES = ("external_id", "awaited_parent_external_id")  # the fields by which a reply finds its parent
# Reads the messages once, and looks up a name for each person instead of each message.
USERNAMES = """
WITH message AS ({messages}),
member AS (
    SELECT conversation_id, sender_id AS person_id FROM message
    UNION SELECT conversation_id, receiver_id FROM message
)
SELECT conversation_id, username FROM member JOIN {user} AS person ON person.{key} = member.person_id
"""


def readable_text(instead: str) -> Case:
    """Return an expression for the older text of a history, or ``instead`` if that text is withheld."""
    return Case(When(WITHHELD, then=Value(instead)), default=F("old_content"), output_field=models.TextField())


def _any_of_people(condition: Q) -> list[Q]:
    """Return the alternatives of a condition if each names a sender or a receiver; otherwise an empty list."""
    is_choice = not condition.negated and (condition.connector == Q.OR or len(condition.children) == 1)
    parts: list[Q] = []
    for one in condition.children if is_choice else ():
        found = _any_of_people(one) if isinstance(one, Q) else [Q(one)] if _names_somebody(one) else []
        if not found:
            return []
        parts += found
    return parts


def _names_somebody(part: Any) -> bool:
    return isinstance(part, tuple) and part[0] in ("sender", "receiver")


class ConversationQuerySet(RawDeletion):
    def unread(self) -> ConversationQuerySet:
        """Conversations with a message that its receiver has not read."""
        return self.filter(unread_count__gt=0)

    def edited(self) -> ConversationQuerySet:
        """Conversations with an edited message."""
        return self.filter(Exists(self._messages().filter(conversation=OuterRef("pk"), edited=True)))

    def never_edited(self) -> ConversationQuerySet:
        """Conversations without an edited message."""
        return self.filter(~Exists(self._messages().filter(conversation=OuterRef("pk"), edited=True)))

    def of(self, user: Any) -> ConversationQuerySet:
        """Conversations in which ``user`` (or a primary key) sent or received a message."""
        sent, received = (
            self._messages().filter(**{person: user}).order_by().values("conversation_id")
            for person in ("sender", "receiver")
        )
        # Unordered: since Django 6, a union takes the default ordering of its model.
        return self.filter(pk__in=sent.union(received).order_by())

    def listed_of(self, user: Any) -> ConversationQuerySet:
        """The same rows as ``of``, in a query that is fast for one page of a list."""
        theirs = Q(sender=user) | Q(receiver=user)
        return self._row_by_row(theirs) if self._holds_for_many(theirs) else self.of(user)

    def between(self, one: Any, other: Any) -> ConversationQuerySet:
        """Conversations in which these two (or their primary keys) wrote to each other."""
        return self.filter(pk__in=self._messages().between_values(one, other, "conversation_id"))

    def with_message(self, condition: Q) -> ConversationQuerySet:
        """Conversations with a message for which ``condition`` holds."""
        return self.filter(pk__in=self._messages().filter(condition).order_by().values("conversation_id"))

    def listed_with_message(self, condition: Q) -> ConversationQuerySet:
        """The same rows as ``with_message``, in a query that is fast for one page of an ordered list."""
        if self._holds_for_many(condition) or self._holds_soon(condition):
            return self._row_by_row(condition)
        return self.with_message(condition)

    def _holds_for_many(self, condition: Q) -> bool:
        return self._messages().holds_for_many(condition, FREQUENT_IN_CONVERSATIONS)

    def _holds_soon(self, condition: Q) -> bool:
        """Return whether the first rows of a list already fill a page.

        If so, SQLite need not collect the conversations of all matching messages, perhaps by reading every text.
        """
        if connections[self.db].vendor == "postgresql" or not condition or _any_of_people(condition):
            return False
        first = self.filter(pk__in=self.values("pk")[:LOOKED_THROUGH])
        return len(first._row_by_row(condition).values_list("pk")[:PAGE]) == PAGE

    def _row_by_row(self, condition: Q) -> ConversationQuerySet:
        return self.filter(Exists(self._messages().filter(conversation=OuterRef("pk")).row_by_row(condition)))

    def for_list(self) -> ConversationQuerySet:
        """Add the columns of a list row: ``edited_count``, ``opening_id`` (the oldest message without a parent) and
        ``latest_id`` (the newest message)."""
        edited = self._messages().filter(conversation=OuterRef("pk"), edited=True).order_by().values("conversation")
        messages = self._messages().filter(conversation=OuterRef("pk"))
        roots = messages.filter(parent_message=None).order_by("timestamp", "id")
        return self.annotate(
            edited_count=Coalesce(Subquery(edited.annotate(number=Count("*")).values("number")), 0),
            opening_id=Subquery(roots.values("pk")[:1]),
            latest_id=Subquery(messages.order_by("-timestamp", "-id").values("pk")[:1]),
        )

    def lock(self) -> list[int]:
        """Lock these conversations until the transaction ends, as writers do before messages; return their ids."""
        # So recounts cannot overlap; the order of ids avoids deadlocks.
        return list(self.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))

    def recount(self) -> int:
        """Lock the conversations, set their counts from the messages, and return the number of conversations."""
        with transaction.atomic(using=self.db, savepoint=False):
            # A separate statement: on PostgreSQL, an UPDATE counts messages as they were before it waited for a lock.
            ids = self.lock()
            self.recount_locked(ids)
        return len(ids)

    def recount_locked(self, ids: Sequence[int]) -> None:
        """Set the counts of the conversations with these ids, which the transaction has locked.

        Written in SQL to read each conversation's messages once: Django would write one subquery for each count, and
        this runs for nearly every message that is stored.
        """
        connection = connections[self.db]
        message: Any = self.model._meta.get_field("messages").related_model
        conversations, messages = (connection.ops.quote_name(model._meta.db_table) for model in (self.model, message))
        with connection.cursor() as cursor:
            for batch in in_batches(ids):
                these = ids_subquery(batch, using=self.db)
                cursor.execute(
                    f"UPDATE {conversations} SET (message_count, unread_count, last_message_at) = ("
                    "SELECT COUNT(*), COUNT(*) FILTER (WHERE NOT message.read),"
                    f" COALESCE(MAX(message.timestamp), {conversations}.last_message_at)"
                    f" FROM {messages} message WHERE message.conversation_id = {conversations}.id)"
                    f" WHERE id IN ({these.sql})",
                    these.params,
                )

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete as Django does, but lock the conversations first, so that nobody adds a message to them."""
        with transaction.atomic(using=self.db):
            if not self.query.is_sliced:
                self.lock()
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def remove_empty(self) -> int:
        """Delete the conversations without a message, and return how many there were."""
        messages = self._messages().filter(conversation=OuterRef("pk"))
        return self.filter(~Exists(messages))._raw_delete(self.db)

    def _messages(self) -> Any:
        message: Any = self.model._meta.get_field("messages").related_model
        return message._base_manager.using(self.db)


class MessageQuerySet(MessageWriting):
    """Messages. No method changes a text without keeping its history, or affects counts without a recount.

    Whichever method stores an external id, the messages that await it join that message.
    """

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        objs = list(objs)
        arrived = {name for one in objs for name in (one.external_id, one.awaited_parent_external_id) if name}
        if not arrived:
            return super().bulk_create(objs, *args, **kwargs)
        self._for_write = True
        with transaction.atomic(using=self.db):  # with a savepoint: an error leaves the outer transaction usable
            lock_people({pk for one in objs for pk in (one.sender_id, one.receiver_id)}, using=self.db)
            own = {one.conversation_id for one in objs if one.conversation_id is not None}
            self._lock_conversations(sorted(own | joining.conversations_awaiting(arrived, using=self.db)))
            created = super().bulk_create(objs, *args, **kwargs)
            joining.join_awaiting(arrived, using=self.db)
        return created

    def update(self, **changes: Any) -> int:
        arrived = [changes[name] for name in NAMES if isinstance(changes.get(name), str)]
        if not arrived:
            return super().update(**changes)
        with transaction.atomic(using=self.db, savepoint=False):
            rows = super().update(**changes)
            joining.join_awaiting(arrived, using=self.db)
        return rows

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        objs, fields = list(objs), list(fields)
        with transaction.atomic(using=self.db, savepoint=False):
            rows = super().bulk_update(objs, fields, batch_size=batch_size)
            arrived = {getattr(one, name) for name in NAMES if name in fields for one in objs}
            joining.join_awaiting(arrived, using=self.db)
        return rows

    bulk_update.alters_data = True  # type: ignore[attr-defined]

    def mark_read(self) -> int:
        """Mark the messages as read by their receivers, and return how many were unread."""
        return self.filter(read=False).update(read=True)

    def with_replies(self) -> MessageQuerySet:
        """Messages with a reply."""
        return self.filter(Exists(self.model._base_manager.filter(parent_message=OuterRef("pk"))))

    def without_replies(self) -> MessageQuerySet:
        """Messages without a reply."""
        return self.filter(~Exists(self.model._base_manager.filter(parent_message=OuterRef("pk"))))

    def for_list(self) -> MessageQuerySet:
        """Add the columns of a list row: the names of sender and receiver, ``reply_count``, ``history_count``, and
        ``beginning`` instead of the whole text."""
        replies = self.model._base_manager.filter(parent_message=OuterRef("pk")).order_by().values("parent_message")
        histories = self._histories().filter(message=OuterRef("pk")).order_by().values("message")
        name = get_user_model().USERNAME_FIELD
        own = (field.name for field in self.model._meta.concrete_fields)
        rows = self.select_related("sender", "receiver").only(*own, f"sender__{name}", f"receiver__{name}")
        return with_beginning(rows, "content").annotate(
            reply_count=Coalesce(Subquery(replies.annotate(number=Count("*")).values("number")), 0),
            history_count=Coalesce(Subquery(histories.annotate(number=Count("*")).values("number")), 0),
        )

    def row_by_row(self, condition: Q) -> MessageQuerySet:
        """Return messages for which ``condition`` holds, scanned in the caller's order."""
        # The CASE keeps the database from using an index that fits the condition.
        return self.alias(found=Case(When(condition, then=Value(1)), default=Value(0))).filter(found=1)

    def listed_with(self, condition: Q) -> MessageQuerySet:
        """The same rows as ``filter(condition)``, in a query that is fast for one page of a list."""
        is_every = condition.connector == Q.AND and not condition.negated
        among, rest = self, Q()
        for one in condition.children if is_every else (condition,):
            part = one if isinstance(one, Q) else Q(one)
            # A part that names only one side has an index in the order of the list.
            if among is self and len(_any_of_people(part)) > 1 and self.holds_for_many(part, FREQUENT):
                among = self.row_by_row(part)
            else:
                rest &= part
        return among.filter(rest)

    def holds_for_many(self, condition: Q, most: int) -> bool:
        """Return whether any alternative of a ``condition`` about people alone matches more than ``most`` messages;
        False for any other condition."""
        messages: Any = self.model._base_manager.using(self.db).order_by()
        return any(messages.filter(one)[most:].exists() for one in _any_of_people(condition))

    def first_in(self, conversation_ids: Iterable[int], condition: Q) -> dict[int, tuple[int, int]]:
        """Return, by conversation id, the id of the first message for which ``condition`` holds and how many there are.

        A conversation without such a message is left out.
        """
        found = self.filter(conversation_id__in=list(conversation_ids))
        # Row by row: otherwise a database may read all messages of a person to find those in these conversations.
        found = found.row_by_row(condition) if _any_of_people(condition) else found.filter(condition)
        matches: dict[int, tuple[int, int]] = {}
        for conversation_id, pk in found.order_by("timestamp", "id").values_list("conversation_id", "pk"):
            first, number = matches.get(conversation_id, (pk, 0))
            matches[conversation_id] = first, number + 1
        return matches

    def usernames_by_conversation(self, conversation_ids: Iterable[int]) -> dict[int, list[str]]:
        """Return the sorted usernames of everybody in each of these conversations, by conversation id."""
        messages = self.filter(conversation_id__in=list(conversation_ids)).order_by()
        people = messages.values("conversation_id", "sender_id", "receiver_id")
        try:
            sql, params = people.query.get_compiler(self.db).as_sql()
        except EmptyResultSet:
            return {}
        user, quote = get_user_model()._meta, connections[self.db].ops.quote_name
        usernames: dict[int, list[str]] = {}
        with connections[self.db].cursor() as cursor:
            key = quote(str(user.pk.column))
            cursor.execute(USERNAMES.format(messages=sql, user=quote(user.db_table), key=key), params)
            for conversation_id, username in cursor.fetchall():
                usernames.setdefault(conversation_id, []).append(username)
        return {conversation_id: sorted(found) for conversation_id, found in usernames.items()}

    def of(self, user: Any) -> MessageQuerySet:
        """Messages that ``user`` (or a primary key) sent or received."""
        return self.filter(Q(sender=user) | Q(receiver=user))

    def between(self, one: Any, other: Any) -> MessageQuerySet:
        """Messages that these two (or their primary keys) sent to each other."""
        messages: Any = self.model._base_manager.using(self.db)
        return self.filter(pk__in=messages.between_values(one, other, "pk"))

    def between_values(self, one: Any, other: Any, column: str) -> models.QuerySet:
        """Return ``column`` of the messages that two people sent to each other, as a subquery.

        Each half reads the index of one person's sent messages and that of the other's received ones, and few rows of
        the table.
        """
        there, back = (
            self.filter(sender=sender, pk__in=self.filter(receiver=receiver).order_by().values("pk"))
            for sender, receiver in ((one, other), (other, one))
        )
        return there.order_by().values(column).union(back.order_by().values(column)).order_by()

    def listed_of(self, user: Any) -> MessageQuerySet:
        """The same rows as ``of``, in a query that is fast for one page of a list."""
        return self.listed_with(Q(sender=user) | Q(receiver=user))


MessageManager = models.Manager.from_queryset(MessageQuerySet)


class UnreadMessagesManager(MessageManager):
    """``Message.unread``: the messages that their receivers have not read."""

    def get_queryset(self) -> MessageQuerySet:
        unread: MessageQuerySet = super().get_queryset().filter(read=False)  # type: ignore[assignment]
        return unread

    def unread_for_user(self, user: Any) -> MessageQuerySet:
        """The messages that ``user`` has not read, newest first, loading only what an inbox row shows."""
        return (
            self.get_queryset()
            .filter(receiver=user)
            .select_related("sender")
            .only("conversation_id", "content", "hidden", "timestamp", "sender__username")
            .order_by("-timestamp", "-id")
        )

    def for_users(self, users: Iterable[Any]) -> MessageQuerySet:
        """The messages that any of ``users`` has not read, newest first, with the username of the receiver too."""
        return (
            self.get_queryset()
            .filter(receiver__in=users)
            .select_related("sender", "receiver")
            .only("conversation_id", "content", "hidden", "timestamp", "sender__username", "receiver__username")
            .order_by("-timestamp", "-id")
        )

    def count_for_users(self, users: Iterable[Any]) -> dict[Any, int]:
        """Return the number of unread messages by the user's primary key, without the users who have none."""
        counted = self.get_queryset().filter(receiver__in=users).order_by().values("receiver")
        return dict(counted.annotate(number=Count("*")).values_list("receiver", "number"))

    def conversations(self) -> ConversationQuerySet:
        """Conversations with an unread message, found by their stored count."""
        conversation: Any = self.model._meta.get_field("conversation").related_model
        return conversation.objects.unread()


class MessageHistoryQuerySet(models.QuerySet):
    def readable(self, *, originals: bool = False) -> MessageHistoryQuerySet:
        """Return histories with ``withheld`` and ``text`` (empty if withheld), without ``old_content``. ``originals``
        includes all texts: the caller checks ``messaging.read_redacted`` and records the reading."""
        # Withheld if moderators removed part of a later text: any older one may hold the same words.
        text = F("old_content") if originals else readable_text("")
        return self.annotate(withheld=IS_WITHHELD, text=text).defer("old_content")

    def for_list(self) -> MessageHistoryQuerySet:
        """Add the columns of a list row: the editor, the message with its people but without its text, ``withheld``,
        and the ``beginning`` of the older text as far as it may be shown."""
        rows = self.select_related("message__sender", "message__receiver", "edited_by").defer("message__content")
        found: MessageHistoryQuerySet = with_beginning(
            rows.annotate(withheld=IS_WITHHELD), "old_content", shown=readable_text("")
        )
        return found

    def after_a_reply(self) -> MessageHistoryQuerySet:
        """Edits of messages that already had a reply: the reply answers a text that is no longer shown."""
        message: Any = self.model._meta.get_field("message").related_model
        replies = message._base_manager.using(self.db).filter(parent_message=OuterRef("message"))
        return self.filter(Exists(replies.filter(timestamp__lt=OuterRef("edited_at"))))

    def corrections(self) -> MessageHistoryQuerySet:
        """Edits by somebody other than the sender, except the latest removal of words from a message."""
        return self.filter(by_staff=True).exclude(
            message__redaction__isnull=False, message__redaction=F("revision") + 1
        )
