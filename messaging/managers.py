"""QuerySets and managers: what screens and commands ask of sets of messages and conversations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce

from messaging.writing import MessageWriting, in_batches

# Texts have no index: a search reads those of so many newest messages, which takes about 0.1 s.
SEARCHED_TEXTS = 50_000


class ConversationQuerySet(models.QuerySet):
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

    def matching(self, text: str) -> ConversationQuerySet:
        """Conversations with a message that ``MessageQuerySet.matching`` finds."""
        return self.filter(pk__in=self._messages().matching_values(text, "conversation_id"))

    def for_list(self) -> ConversationQuerySet:
        """Add what a list row shows.

        ``edited_count``, and ``root_messages``: a list of the messages without a parent, oldest first, with their
        senders and receivers.
        """
        edited = self._messages().filter(conversation=OuterRef("pk"), edited=True).order_by().values("conversation")
        roots = self._messages().filter(parent_message=None).select_related("sender", "receiver")
        return self.annotate(
            edited_count=Coalesce(Subquery(edited.annotate(number=Count("*")).values("number")), 0)
        ).prefetch_related(Prefetch("messages", queryset=roots.order_by("timestamp", "id"), to_attr="root_messages"))

    def with_opening_people(self) -> ConversationQuerySet:
        """Add ``opening_sender`` and ``opening_receiver``, the usernames of the oldest message (None without one)."""
        oldest = self._messages().filter(conversation=OuterRef("pk")).order_by("timestamp", "id")
        return self.annotate(
            opening_sender=Subquery(oldest.values("sender__username")[:1]),
            opening_receiver=Subquery(oldest.values("receiver__username")[:1]),
        )

    def lock(self) -> list[int]:
        """Lock these conversations until the transaction ends, and return their ids.

        Every writer of messages does so before it locks a message, so that recounts cannot overlap. The order of ids
        avoids deadlocks.
        """
        return list(self.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))

    def recount(self) -> int:
        """Set the counts from the messages, in one UPDATE; returns the number of conversations.

        The rows are locked by a statement before it: on PostgreSQL, an UPDATE that waits for a lock would go on to
        count the messages as they were when it started.
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
    """Messages. None of its methods changes a text without its history, or counts without a recount."""

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
        return self.filter(pk__in=messages.matching_values(text, "pk"))

    def matching_values(self, text: str, column: str) -> models.QuerySet:
        """Return ``column`` of the messages that ``matching`` finds, as a subquery.

        A union, because each of its parts can use its own index; conditions joined by OR would use none.
        """
        people = get_user_model()._base_manager.using(self.db).filter(username__icontains=text).values("pk")
        containing = self.filter(content__icontains=text)
        oldest = self.order_by("-timestamp", "-id").values_list("timestamp", flat=True)[SEARCHED_TEXTS - 1 :].first()
        if oldest is not None:
            containing = containing.filter(timestamp__gte=oldest)
        parts = [self.filter(receiver__in=people), self.filter(external_id=text), containing]
        first = self.filter(sender__in=people)
        return first.order_by().values(column).union(*(part.order_by().values(column) for part in parts)).order_by()

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
            .only("conversation_id", "content", "timestamp", "sender__username")
            .order_by("-timestamp", "-id")
        )

    def for_users(self, users: Iterable[Any]) -> MessageQuerySet:
        """The messages that any of ``users`` has not read, newest first, as above but with the receiver's username."""
        return (
            self.get_queryset()
            .filter(receiver__in=users)
            .select_related("sender", "receiver")
            .only("conversation_id", "content", "timestamp", "sender__username", "receiver__username")
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
