"""QuerySets as vocabulary: what screens and commands say about sets of messages and conversations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce

from messaging.writing import MessageWriting, in_batches

SEARCHED_TEXTS = 50_000  # the newest messages, whose texts a search without an index reads in about 0.1 s


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
        # Ordered by nothing, again: from Django 6 on a union takes up the order of its model.
        return self.filter(pk__in=sent.union(received).order_by())

    def matching(self, text: str) -> ConversationQuerySet:
        """Conversations with a message that ``MessageQuerySet.matching`` finds."""
        return self.filter(pk__in=self._messages().found_by(text, "conversation_id"))

    def for_list(self) -> ConversationQuerySet:
        """With what a list row shows: ``beginnings`` (messages that answer nothing, with their people, the oldest
        first) and ``edited_count``."""
        edited = self._messages().filter(conversation=OuterRef("pk"), edited=True).order_by().values("conversation")
        beginnings = self._messages().filter(parent_message=None).select_related("sender", "receiver")
        return self.annotate(
            edited_count=Coalesce(Subquery(edited.annotate(figure=Count("*")).values("figure")), 0)
        ).prefetch_related(Prefetch("messages", queryset=beginnings.order_by("timestamp", "id"), to_attr="beginnings"))

    def with_opening_people(self) -> ConversationQuerySet:
        """With ``opening_sender`` and ``opening_receiver``: usernames of its oldest message, None where it is empty."""
        oldest = self._messages().filter(conversation=OuterRef("pk")).order_by("timestamp", "id")
        return self.annotate(
            opening_sender=Subquery(oldest.values("sender__username")[:1]),
            opening_receiver=Subquery(oldest.values("receiver__username")[:1]),
        )

    def lock(self) -> list[int]:
        """Hold these rows until the transaction ends, so that counts cannot be taken twice at once; their ids.

        Every writer of messages takes it before it locks a message, in the order of ids, so that nobody deadlocks.
        """
        return list(self.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))

    def recount(self) -> int:
        """Set the counts from the messages in one UPDATE; returns how many conversations there were.

        The rows are locked by a statement of their own first: on PostgreSQL an UPDATE that waits for another one would
        still count what its own beginning saw.
        """
        with transaction.atomic(using=self.db, savepoint=False):
            ids = self.lock()
            for batch in in_batches(ids):
                self.model._base_manager.using(self.db).filter(pk__in=batch).update(
                    message_count=self._counted(Count("*")),
                    unread_count=self._counted(Count("pk", filter=Q(read=False))),
                    last_message_at=Coalesce(self._of_messages(Max("timestamp")), F("last_message_at")),
                )
        return len(ids)

    def delete(self) -> tuple[int, dict[str, int]]:
        """As Django's; nobody can add a message to what is about to go."""
        with transaction.atomic(using=self.db):
            if not self.query.is_sliced:
                self.lock()
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def remove_empty(self) -> int:
        """Delete those without a message; returns how many."""
        messages = self._messages().filter(conversation=OuterRef("pk"))
        return self.filter(~Exists(messages))._raw_delete(self.db)

    def _messages(self) -> Any:
        message: Any = self.model._meta.get_field("messages").related_model
        return message._base_manager.using(self.db)

    def _of_messages(self, aggregate: models.Aggregate) -> Subquery:
        grouped = self._messages().filter(conversation=OuterRef("pk")).order_by().values("conversation")
        return Subquery(grouped.annotate(figure=aggregate).values("figure"))

    def _counted(self, aggregate: models.Aggregate) -> Coalesce:
        return Coalesce(self._of_messages(aggregate), 0)


class MessageQuerySet(MessageWriting):
    """Messages. No method of it changes a text without keeping the old one, or a count without recounting."""

    def mark_read(self) -> int:
        """Mark as read by their receivers; returns how many were unread."""
        return self.filter(read=False).update(read=True)

    def with_replies(self) -> MessageQuerySet:
        """Messages that somebody answered."""
        return self.filter(Exists(self.model._base_manager.filter(parent_message=OuterRef("pk"))))

    def without_replies(self) -> MessageQuerySet:
        """Messages that nobody answered."""
        return self.filter(~Exists(self.model._base_manager.filter(parent_message=OuterRef("pk"))))

    def for_list(self) -> MessageQuerySet:
        """With what a list row shows: the people, ``reply_count`` and ``history_count``."""
        replies = self.model._base_manager.filter(parent_message=OuterRef("pk")).order_by().values("parent_message")
        histories = self._histories().filter(message=OuterRef("pk")).order_by().values("message")
        return self.select_related("sender", "receiver").annotate(
            reply_count=Coalesce(Subquery(replies.annotate(figure=Count("*")).values("figure")), 0),
            history_count=Coalesce(Subquery(histories.annotate(figure=Count("*")).values("figure")), 0),
        )

    def matching(self, text: str) -> MessageQuerySet:
        """Messages of people whose username holds ``text``, with it as their external id, or, among the newest
        SEARCHED_TEXTS, holding it in their text. Capital and small letters are alike (on SQLite only a to z)."""
        messages: Any = self.model._base_manager.using(self.db)
        return self.filter(pk__in=messages.found_by(text, "pk"))

    def found_by(self, text: str, column: str) -> models.QuerySet:
        """``column`` of the messages that ``matching`` means, as a subquery that uses an index for each way."""
        people = get_user_model()._base_manager.using(self.db).filter(username__icontains=text).values("pk")
        within = self.filter(content__icontains=text)
        oldest = self.order_by("-timestamp", "-id").values_list("timestamp", flat=True)[SEARCHED_TEXTS - 1 :].first()
        if oldest is not None:
            within = within.filter(timestamp__gte=oldest)
        ways = [self.filter(receiver__in=people), self.filter(external_id=text), within]
        first = self.filter(sender__in=people)
        return first.order_by().values(column).union(*(way.order_by().values(column) for way in ways)).order_by()

    def people_by_conversation(self, conversation_ids: Iterable[int]) -> dict[int, list[str]]:
        """The usernames of everybody in each of these conversations, sorted."""
        messages = self.filter(conversation_id__in=list(conversation_ids)).order_by()
        senders = messages.values_list("conversation_id", "sender__username")
        everybody = senders.union(messages.values_list("conversation_id", "receiver__username")).order_by()
        people: dict[int, list[str]] = {}
        for conversation_id, username in everybody:
            people.setdefault(conversation_id, []).append(username)
        return {conversation_id: sorted(names) for conversation_id, names in people.items()}

    def of(self, user: Any) -> MessageQuerySet:
        """Messages that ``user`` sent or received."""
        return self.filter(Q(sender=user) | Q(receiver=user))


MessageManager = models.Manager.from_queryset(MessageQuerySet)


class UnreadMessagesManager(MessageManager):
    """``Message.unread``: only what its receiver has not read, with the questions that the screens ask of it."""

    def get_queryset(self) -> MessageQuerySet:
        unread: MessageQuerySet = super().get_queryset().filter(read=False)  # type: ignore[assignment]
        return unread

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
        conversation: Any = self.model._meta.get_field("conversation").related_model
        return conversation.objects.unread()
