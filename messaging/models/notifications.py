"""Notifications of new messages."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.database.moments import moments_within_range, validate_moment
from messaging.models.messages import Message


class Notification(models.Model):
    """The notice to a user about a message that they received; at most one for each user and message."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="message_notifications",
        db_index=False,
        verbose_name=gettext_lazy("user"),
    )
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="notifications", verbose_name=gettext_lazy("message")
    )
    created_at = models.DateTimeField(gettext_lazy("created at"), default=timezone.now, validators=[validate_moment])

    class Meta:
        verbose_name = gettext_lazy("notification")
        verbose_name_plural = gettext_lazy("notifications")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "message"], name="one_notification_per_message"),
            moments_within_range("created_at", name="notification_moment_within_range"),
        ]
        indexes = [models.Index(fields=["created_at", "id"], name="notification_latest")]

    def __str__(self) -> str:
        return _("Notification %(key)s") % {"key": self.pk}
