"""Conversations: a first message and all replies to it."""

from __future__ import annotations

from typing import Any

from django.db import models, router, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.database.moments import moments_within_range, validate_moment
from messaging.managers import ConversationQuerySet


class Conversation(models.Model):
    """A first message and all replies to it, direct or not.

    Only ``recount()`` and ``recount_locked()`` of ``ConversationQuerySet`` update ``last_message_at``,
    ``message_count`` and ``unread_count``. Every change of messages that may affect them calls one of the two.
    """

    started_at = models.DateTimeField(gettext_lazy("started at"), default=timezone.now, validators=[validate_moment])
    last_message_at = models.DateTimeField(
        gettext_lazy("last message at"), default=timezone.now, validators=[validate_moment]
    )
    message_count = models.PositiveIntegerField(gettext_lazy("messages"), default=0)
    unread_count = models.PositiveIntegerField(gettext_lazy("unread"), default=0)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("conversation")
        verbose_name_plural = gettext_lazy("conversations")
        ordering = ["-last_message_at", "-id"]
        constraints = [moments_within_range("started_at", "last_message_at", name="conversation_moments_within_range")]
        indexes = [
            models.Index(fields=["last_message_at", "id"], name="conversation_latest"),
            models.Index(fields=["last_message_at", "id"], name="conversation_unread", condition=Q(unread_count__gt=0)),
            models.Index(fields=["message_count", "id"], name="conversation_longest"),
        ]

    def __str__(self) -> str:
        return _("Conversation %(key)s") % {"key": self.pk}

    def get_absolute_url(self) -> str:
        return reverse("messaging:conversation", args=[self.pk])

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the conversation with all its messages, under a lock that keeps others from adding one meanwhile."""
        using = kwargs.setdefault("using", router.db_for_write(type(self), instance=self))
        with transaction.atomic(using=using):
            type(self).objects.using(using).filter(pk=self.pk).lock()
            return super().delete(*args, **kwargs)
