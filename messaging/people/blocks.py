"""Blocks between participants."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from messaging.database.moments import moments_within_range, validate_moment


class BlockQuerySet(models.QuerySet["Block"]):
    def of(self, user_id: Any) -> BlockQuerySet:
        """Blocks by or of a person (a primary key)."""
        return self.filter(Q(blocker=user_id) | Q(blocked=user_id))

    def among(self, user_ids: Iterable[Any]) -> BlockQuerySet:
        """Blocks between two of these people (primary keys)."""
        ids = list(user_ids)
        return self.filter(blocker__in=ids, blocked__in=ids)


class Block(models.Model):
    """A block: ``blocker`` gets no new messages that ``blocked`` writes as a participant. Imports are not affected.

    Foreign keys do nothing on delete, like those of messages: an erasure of either person removes the block.
    """

    blocker = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        verbose_name=gettext_lazy("blocker"),
    )
    blocked = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, related_name="+", verbose_name=gettext_lazy("blocked")
    )
    created_at = models.DateTimeField(gettext_lazy("created at"), default=timezone.now, validators=[validate_moment])

    objects = BlockQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("that somebody may not write", "block")
        verbose_name_plural = pgettext_lazy("that somebody may not write", "blocks")
        default_permissions = ()
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["blocker", "blocked"], name="block_once"),
            moments_within_range("created_at", name="block_moment_within_range"),
            models.CheckConstraint(condition=~Q(blocker=F("blocked")), name="block_not_oneself"),
        ]
        indexes = [models.Index(fields=["blocker", "created_at", "id"], name="block_latest")]

    def __str__(self) -> str:
        return _("Block %(key)s") % {"key": self.pk}
