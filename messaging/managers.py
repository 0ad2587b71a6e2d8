"""The QuerySets and managers of messages and conversations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from messaging import joining
from messaging.database.references import RawDeletion
from messaging.writing import MessageWriting, in_batches, lock_people

# Texts have no index, so a search reads only those of the newest messages, which takes about 0.1 s.
SEARCHED_TEXTS = 50_000
# People with more messages than this are in so many rows of a list that going through its rows in their order finds a
# page of it sooner than collecting all of theirs. Each row of a conversation takes looking at its messages.
FREQUENT, FREQUENT_IN_CONVERSATIONS = 20_000, 100_000
NAMES = ("external_id", "awaited_parent_external_id")  # by which an answer finds what it answers


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
        # Unordered: since Django 6, a union is ordered as its model is by default.
        return self.filter(pk__in=sent.union(received).order_by())

    def listed_of(self, user: Any) -> ConversationQuerySet:
        """The same as ``of``, for a page of a list."""
        messages = self._messages()
        if messages.are_frequent([user], FREQUENT_IN_CONVERSATIONS):
            return self.filter(Exists(messages.filter(conversation=OuterRef("pk")).row_by_row([user])))
        return self.of(user)

    def between(self, one: Any, other: Any) -> ConversationQuerySet:
        """Conversations in which these two (or their primary keys) wrote to each other."""
        return self.filter(pk__in=self._messages().between_values(one, other, "conversation_id"))

    def matching(self, text: str) -> ConversationQuerySet:
        """Conversations with a message that ``MessageQuerySet.matching`` finds."""
        messages = self._messages()
        if messages.are_frequent(messages.people_called(text), FREQUENT_IN_CONVERSATIONS):
            return self.filter(Exists(messages.filter(conversation=OuterRef("pk")).matching_row_by_row(text)))
        return self.filter(pk__in=messages.matching_values(text, "conversation_id"))

    def for_list(self) -> ConversationQuerySet:
        """Add what a row of a list shows: ``edited_count``, ``opening_id`` (the oldest message without a parent) and
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
        """Lock these conversations until the transaction ends, and return their ids.

        Every writer of messages does so before it locks a message, so that recounts cannot overlap. The order of ids
        avoids deadlocks.
        """
        return list(self.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))

    def recount(self) -> int:
        """Set the counts from the messages, in one UPDATE; returns the number of conversations.

        The rows are locked by an earlier statement: on PostgreSQL, an UPDATE that has waited for a lock would count the
        messages as they were when it started.
        """
        with transaction.atomic(using=self.db, savepoint=False):
            ids = self.lock()
            for batch in in_batches(ids):
                self.model._base_manager.using(self.db).filter(pk__in=batch).update(
                    message_count=Coalesce(self._aggregate(Count("*")), 0),
                    unread_count=Coalesce(self._aggregate(Count("pk", filter=Q(read=False))), 0),
                    last_message_at=Coalesce(self._aggregate(Max("timestamp")), F("last_message_at")),
                )
        return len(ids)

    def delete(self) -> tuple[int, dict[str, int]]:
        """As Django's, with the conversations locked first, so that nobody adds a message to them."""
        with transaction.atomic(using=self.db):
            if not self.query.is_sliced:
                self.lock()
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def remove_empty(self) -> int:
        """Delete the conversations without a message; returns how many there were."""
        messages = self._messages().filter(conversation=OuterRef("pk"))
        return self.filter(~Exists(messages))._raw_delete(self.db)

    def _messages(self) -> Any:
        message: Any = self.model._meta.get_field("messages").related_model
        return message._base_manager.using(self.db)

    def _aggregate(self, aggregate: models.Aggregate) -> Subquery:
        """Return the aggregate of each conversation's messages, which is NULL without any."""
        grouped = self._messages().filter(conversation=OuterRef("pk")).order_by().values("conversation")
        return Subquery(grouped.annotate(value=aggregate).values("value"))


class MessageQuerySet(MessageWriting):
    """Messages. None of its methods changes a text without its history, or counts without a recount.

    What awaits one of their external ids joins it, whichever method stores it.
    """

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        objs = list(objs)
        arrived = {name for one in objs for name in (one.external_id, one.awaited_parent_external_id) if name}
        if not arrived:
            return super().bulk_create(objs, *args, **kwargs)
        self._for_write = True
        with transaction.atomic(using=self.db):  # with a savepoint: what is refused spoils nothing else
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
        """Mark the messages as read by their receivers; returns how many were unread."""
        return self.filter(read=False).update(read=True)

    def with_replies(self) -> MessageQuerySet:
        """Messages with a reply."""
        return self.filter(Exists(self.model._base_manager.filter(parent_message=OuterRef("pk"))))

    def without_replies(self) -> MessageQuerySet:
        """Messages without a reply."""
        return self.filter(~Exists(self.model._base_manager.filter(parent_message=OuterRef("pk"))))

    def for_list(self) -> MessageQuerySet:
        """Add what a list row shows: sender and receiver, ``reply_count`` and ``history_count``."""
        replies = self.model._base_manager.filter(parent_message=OuterRef("pk")).order_by().values("parent_message")
        histories = self._histories().filter(message=OuterRef("pk")).order_by().values("message")
        return self.select_related("sender", "receiver").annotate(
            reply_count=Coalesce(Subquery(replies.annotate(number=Count("*")).values("number")), 0),
            history_count=Coalesce(Subquery(histories.annotate(number=Count("*")).values("number")), 0),
        )

    def matching(self, text: str) -> MessageQuerySet:
        """Messages that ``text`` finds.

        Those sent or received by people whose username contains it, the one with this external id, and, among the
        newest SEARCHED_TEXTS messages, those that contain it. Ignores case (on SQLite of a to z only).
        """
        messages: Any = self.model._base_manager.using(self.db)
        if messages.are_frequent(messages.people_called(text), FREQUENT):
            return self.matching_row_by_row(text)
        return self.filter(pk__in=messages.matching_values(text, "pk"))

    def matching_row_by_row(self, text: str) -> MessageQuerySet:
        """The same as ``matching``, for terms that find people with many messages: no index by person is used."""
        conditions = [Q(external_id=text), self._newest() & Q(content__icontains=text)]
        return self.row_by_row(self.people_called(text), *conditions)

    def people_called(self, text: str) -> models.QuerySet:
        """The primary keys of people whose username contains ``text``."""
        return get_user_model()._base_manager.using(self.db).filter(username__icontains=text).values("pk")

    def are_frequent(self, people: Any, most: int) -> bool:
        """Whether ``people`` (or a query of primary keys) sent, or received, more than ``most`` messages."""
        messages: Any = self.model._base_manager.using(self.db).order_by()
        return any(messages.filter(**{f"{side}__in": people})[most:].exists() for side in ("sender", "receiver"))

    def row_by_row(self, people: Any, *others: Q) -> MessageQuerySet:
        """Messages that ``people`` sent or received, or for which one of ``others`` holds.

        Looks at each row in the order that the caller wants, as no database does by itself where an index fits.
        """
        conditions = (Q(sender__in=people), Q(receiver__in=people), *others)
        found = Case(*(When(condition, then=Value(1)) for condition in conditions), default=Value(0))
        return self.alias(found=found).filter(found=1)

    def _newest(self) -> Q:
        """Whether a message is among the newest SEARCHED_TEXTS."""
        messages: Any = self.model._base_manager.using(self.db).order_by("-timestamp", "-id")
        oldest = messages.values_list("timestamp", flat=True)[SEARCHED_TEXTS - 1 :].first()
        return Q() if oldest is None else Q(timestamp__gte=oldest)

    def matching_values(self, text: str, column: str) -> models.QuerySet:
        """Return ``column`` of the messages that ``matching`` finds, as a subquery.

        A union, because each of its parts can use its own index; conditions joined by OR would use none.
        """
        people = self.people_called(text)
        containing = self.filter(self._newest(), content__icontains=text)
        parts = [self.filter(receiver__in=people), self.filter(external_id=text), containing]
        first = self.filter(sender__in=people)
        return first.order_by().values(column).union(*(part.order_by().values(column) for part in parts)).order_by()

    def first_matches(self, conversation_ids: Iterable[int], text: str) -> dict[int, tuple[int, int]]:
        """Return the first message with ``text`` of each of these conversations that has one, and how many have it, by
        the conversation's id; the same messages as ``matching`` finds, but those of people called so."""
        containing = self._newest() & Q(content__icontains=text)
        found = self.filter(containing | Q(external_id=text), conversation_id__in=list(conversation_ids))
        matches: dict[int, tuple[int, int]] = {}
        for conversation_id, pk in found.order_by("timestamp", "id").values_list("conversation_id", "pk"):
            first, number = matches.get(conversation_id, (pk, 0))
            matches[conversation_id] = first, number + 1
        return matches

    def usernames_by_conversation(self, conversation_ids: Iterable[int]) -> dict[int, list[str]]:
        """Return the usernames of everybody in each of these conversations, sorted, by the conversation's id."""
        messages = self.filter(conversation_id__in=list(conversation_ids)).order_by()
        senders = messages.values_list("conversation_id", "sender__username")
        pairs = senders.union(messages.values_list("conversation_id", "receiver__username")).order_by()
        usernames: dict[int, list[str]] = {}
        for conversation_id, username in pairs:
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

        Each half reads the index of what one sent and that of what the other received, and few rows of the table.
        """
        there, back = (
            self.filter(sender=sender, pk__in=self.filter(receiver=receiver).order_by().values("pk"))
            for sender, receiver in ((one, other), (other, one))
        )
        return there.order_by().values(column).union(back.order_by().values(column)).order_by()

    def listed_of(self, user: Any) -> MessageQuerySet:
        """The same as ``of``, for a page of a list."""
        return self.row_by_row([user]) if self.are_frequent([user], FREQUENT) else self.of(user)


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
        """The messages that any of ``users`` has not read, newest first, as above but with the receiver's username."""
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
        """Conversations with an unread message, found by their own count."""
        conversation: Any = self.model._meta.get_field("conversation").related_model
        return conversation.objects.unread()


class MessageHistoryQuerySet(models.QuerySet):
    def after_a_reply(self) -> MessageHistoryQuerySet:
        """Edits of messages that somebody had answered by then: what was answered is not what stands there now."""
        message: Any = self.model._meta.get_field("message").related_model
        replies = message._base_manager.using(self.db).filter(parent_message=OuterRef("message"))
        return self.filter(Exists(replies.filter(timestamp__lt=OuterRef("edited_at"))))

    def corrections(self) -> MessageHistoryQuerySet:
        """Edits by somebody else than the sender."""
        return self.filter(edited_by__isnull=False).exclude(edited_by=F("message__sender"))
