"""Conversations, messages, the older texts of edited messages, and notifications (DESIGN.md §3)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, router, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from messaging import threads
from messaging.editors import current_editor_id
from messaging.managers import ConversationQuerySet, MessageManager, UnreadMessagesManager


class Conversation(models.Model):
    """A first message and everything that answers it, directly or not.

    ``last_message_at``, ``message_count`` and ``unread_count`` are recounted from the messages by
    ``ConversationQuerySet.recount()`` whenever they may have changed; nothing else writes them.
    """

    started_at = models.DateTimeField(default=timezone.now)
    last_message_at = models.DateTimeField(default=timezone.now)
    message_count = models.PositiveIntegerField("messages", default=0)
    unread_count = models.PositiveIntegerField("unread", default=0)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        ordering = ["-last_message_at", "-id"]
        indexes = [
            models.Index(fields=["last_message_at", "id"], name="conversation_latest"),
            models.Index(
                fields=["last_message_at", "id"], name="conversation_unread", condition=Q(unread_count__gt=0)
            ),
            models.Index(fields=["message_count", "last_message_at", "id"], name="conversation_length"),
        ]

    def __str__(self) -> str:
        return f"Conversation {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("messaging:conversation", args=[self.pk])


class Message(models.Model):
    """One text from a sender to a receiver, perhaps answering a parent message.

    ``read`` means that the receiver has read it; staff reading a message never changes it. Foreign keys to the user do
    not cascade in Python: deleting a user erases through ``messaging.erasure``, and the database proves it.
    """

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False, editable=False
    )
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="sent_messages", db_index=False
    )
    receiver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="received_messages", db_index=False
    )
    content = models.TextField("text")
    timestamp = models.DateTimeField("sent at", default=timezone.now)
    edited = models.BooleanField(default=False, editable=False)
    read = models.BooleanField(default=False)
    parent_message = models.ForeignKey(
        "self", on_delete=models.DO_NOTHING, null=True, blank=True, related_name="replies", verbose_name="answers"
    )
    external_id = models.CharField(
        "external id",
        max_length=255,
        null=True,
        blank=True,
        unique=True,
        help_text="The message's id in the system it came from.",
    )

    objects = MessageManager()
    unread = UnreadMessagesManager()

    class Meta:
        ordering = ["-timestamp", "-id"]
        base_manager_name = "objects"
        default_manager_name = "objects"
        constraints = [
            models.CheckConstraint(
                condition=Q(parent_message__isnull=True) | ~Q(parent_message=F("id")),
                name="message_not_its_own_parent",
                violation_error_message="A message cannot answer itself.",
            ),
        ]
        indexes = [
            models.Index(fields=["conversation", "timestamp", "id"], name="message_thread"),
            models.Index(fields=["timestamp", "id"], name="message_latest"),
            models.Index(fields=["sender", "timestamp", "id"], name="message_sent"),
            models.Index(fields=["receiver", "timestamp", "id"], name="message_received"),
            models.Index(fields=["receiver", "timestamp", "id"], name="message_unread_by", condition=Q(read=False)),
            models.Index(fields=["timestamp", "id"], name="message_unread", condition=Q(read=False)),
            models.Index(fields=["timestamp", "id"], name="message_edited", condition=Q(edited=True)),
            models.Index(fields=["conversation"], name="message_edited_in", condition=Q(edited=True)),
        ]

    def __str__(self) -> str:
        return f"Message {self.pk}"

    def get_absolute_url(self) -> str:
        return f"{reverse('messaging:conversation', args=[self.conversation_id])}#m{self.pk}"

    def clean(self) -> None:
        super().clean()
        if "\x00" in (self.content or ""):
            raise ValidationError({"content": "The text holds a character that cannot be stored (U+0000): remove it."})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the message in its conversation, starting one for a message that answers nothing.

        Raises ValidationError where the parent lies in another conversation or answers this message itself. One
        transaction holds the row lock, the kept history and the recounted conversation together.
        """
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        kwargs["using"] = using
        with transaction.atomic(using=using):
            self._join_conversation(using)
            super().save(*args, **kwargs)

    def _join_conversation(self, using: str) -> None:
        parent = self.parent_message
        if parent is None:
            if self.conversation_id is None:
                self.conversation = Conversation.objects.using(using).create(
                    started_at=self.timestamp, last_message_at=self.timestamp
                )
            return
        if self.conversation_id is None:
            self.conversation_id = parent.conversation_id
        if self.conversation_id != parent.conversation_id:
            raise ValidationError({"parent_message": "The message it answers lies in another conversation."})
        if self.pk is not None and not self._state.adding:
            # Two people hanging two branches on each other at once would make a loop that neither of them sees.
            Conversation.objects.using(using).filter(pk=self.conversation_id).lock()
            if parent.pk == self.pk or self.pk in threads.ancestor_ids(parent.pk, using=using):
                raise ValidationError({"parent_message": "The message it answers is an answer to this one: a loop."})

    def keep_history(self, *, update_fields: Collection[str] | None = None, using: str) -> None:
        """Before saving: where the text really changes, keep the stored one as a history and set ``edited``.

        Locks the row, so that of two editors at once the second keeps the first one's text.
        """
        if self.pk is None or (update_fields is not None and "content" not in update_fields):
            return
        row = type(self)._base_manager.using(using).filter(pk=self.pk)
        stored = row.select_for_update(of=("self",)).values_list("content", flat=True).first()
        if stored is None or stored == self.content:
            return
        self.histories.model._base_manager.using(using).create(
            message_id=self.pk, old_content=stored, edited_by_id=current_editor_id()
        )
        self.edited = True
        if update_fields is not None and "edited" not in update_fields:
            row.update(edited=True)

    def notify_receiver(self, *, using: str) -> None:
        """Tell the receiver, once, however often this is called."""
        notification = Notification(user_id=self.receiver_id, message_id=self.pk)
        Notification._base_manager.using(using).bulk_create([notification], ignore_conflicts=True)

    def hand_replies_on(self, *, using: str) -> None:
        """Before deleting: hang the replies on what this message answers, or leave them as further beginnings."""
        messages = type(self)._base_manager.using(using)
        # The stored parent counts: of several messages deleted together, another one may have moved it already.
        parent_id = messages.filter(pk=self.pk).values_list("parent_message_id", flat=True).first()
        messages.filter(parent_message_id=self.pk).update(parent_message_id=parent_id)


class MessageHistory(models.Model):
    """A text that a message had before an edit; the oldest first."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="histories", db_index=False)
    old_content = models.TextField("text before")
    edited_at = models.DateTimeField(default=timezone.now)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["edited_at", "id"]
        verbose_name = "history"
        verbose_name_plural = "histories"
        indexes = [models.Index(fields=["message", "edited_at", "id"], name="history_of_message")]

    def __str__(self) -> str:
        return f"Message {self.message_id} before {self.edited_at:%Y-%m-%d %H:%M} UTC"


class Notification(models.Model):
    """Tells a user of a message they received; one per user and message."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="message_notifications", db_index=False
    )
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="notifications")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["user", "message"], name="one_notification_per_message")]
        indexes = [models.Index(fields=["created_at", "id"], name="notification_latest")]

    def __str__(self) -> str:
        return f"Notification {self.pk}"
