"""Drafts: texts that participants typed and have not sent."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from messaging.database.moments import moments_within_range, validate_moment


class DraftQuerySet(models.QuerySet["Draft"]):
    def of(self, user_id: Any) -> DraftQuerySet:
        """Drafts by or for a person (a primary key)."""
        return self.filter(Q(user=user_id) | Q(to=user_id))


class Draft(models.Model):
    """A text that ``user`` typed in one place and has not sent: a reply, a new message, an edit of a message.

    ``place`` is a key of ``messaging.participants.drafts``. ``to`` is the receiver, if known. Foreign keys do nothing
    on delete, like those of messages: an erasure of either person removes the draft.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        verbose_name=gettext_lazy("user"),
    )
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        null=True,
        verbose_name=pgettext_lazy("a message to somebody", "to"),
    )
    place = models.CharField(gettext_lazy("place"), max_length=40)
    content = models.TextField(gettext_lazy("content"))
    saved_at = models.DateTimeField(gettext_lazy("saved at"), default=timezone.now, validators=[validate_moment])

    objects = DraftQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("draft")
        verbose_name_plural = gettext_lazy("drafts")
        default_permissions = ()
        ordering = ["-saved_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "place"], name="draft_once_in_a_place"),
            moments_within_range("saved_at", name="draft_moment_within_range"),
        ]

    def __str__(self) -> str:
        return _("Draft %(key)s") % {"key": self.pk}
