"""The earlier texts of edited messages."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from messaging.database.moments import moments_within_range, validate_moment
from messaging.managers import MessageHistoryQuerySet
from messaging.models.messages import Message


class MessageHistory(models.Model):
    """A text that a message had before an edit, with its ``revision``.

    ``by_staff``: somebody other than the sender made the edit. Stored, because ``edited_by`` is emptied when the
    editor's account is deleted.

    Code that shows, lists, exports or compares old texts must read ``text`` of ``objects.readable()``: ``old_content``
    may hold words that moderators removed.
    """

    message = models.ForeignKey(
        Message,
        on_delete=models.CASCADE,
        related_name="histories",
        db_index=False,
        verbose_name=gettext_lazy("message"),
    )
    revision = models.PositiveIntegerField(gettext_lazy("revision"), editable=False)
    old_content = models.TextField(gettext_lazy("text before"))
    edited_at = models.DateTimeField(gettext_lazy("edited at"), default=timezone.now, validators=[validate_moment])
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=gettext_lazy("edited by"),
    )
    by_staff = models.BooleanField(gettext_lazy("by staff"), default=False, db_default=False, editable=False)

    objects = MessageHistoryQuerySet.as_manager()

    class Meta:
        ordering = ["edited_at", "id"]
        verbose_name = gettext_lazy("history")
        verbose_name_plural = gettext_lazy("histories")
        constraints = [
            moments_within_range("edited_at", name="history_moment_within_range"),
            models.CheckConstraint(condition=Q(revision__gte=1), name="history_revision_from_one"),
            models.UniqueConstraint(fields=["message", "revision"], name="one_history_per_revision"),
        ]
        permissions = [("read_redacted", gettext_noop("Can read what moderators removed from messages"))]
        indexes = [
            models.Index(fields=["message", "edited_at", "id"], name="history_of_message"),
            models.Index(fields=["edited_at", "id"], name="history_latest"),
        ]

    def __str__(self) -> str:
        moment = f"{self.edited_at:%Y-%m-%d %H:%M} UTC"
        return _("Message %(key)s before %(moment)s") % {"key": self.message_id, "moment": moment}
