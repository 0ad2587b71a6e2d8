"""Notices to staff, and their choices of which notices to get by e-mail."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.notices.kinds import Kind, kind_named


class NoticeQuerySet(models.QuerySet["Notice"]):
    def of(self, user_id: int | None) -> NoticeQuerySet:
        """Select the notices to this person."""
        return self.filter(recipient=user_id)

    def unread(self) -> NoticeQuerySet:
        """Select the notices that the recipient has not read."""
        return self.filter(read_at=None)


class Notice(models.Model):
    """One event that concerns the recipient: its kind, its target, and whether the recipient has read it.

    Stores only keys and times: the sentence is built when it is shown, so no name is stored. ``occasion`` distinguishes
    events that can happen repeatedly to one target; the same event is stored once. ``mailed_at`` is when it was
    claimed for an e-mail.
    """

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=64)
    target_type = models.CharField(max_length=100, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    occasion = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("notice")
        verbose_name_plural = gettext_lazy("notices")
        ordering = ["-at", "-id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "kind", "target_type", "target_id", "occasion"], name="notice_once"
            )
        ]
        indexes = [
            models.Index(fields=["recipient", "at", "id"], name="notice_latest"),
            models.Index(fields=["recipient", "at", "id"], name="notice_unread", condition=Q(read_at=None)),
            models.Index(fields=["at"], name="notice_oldest"),
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def declared(self) -> Kind | None:
        """The kind, or None if this version of the console does not have it."""
        return kind_named(self.kind)

    @property
    def sentence(self) -> str:
        """What happened, as a sentence."""
        kind = self.declared
        return str(kind.sentence) if kind else _("Something happened that this version of the console does not know.")


class EmailReader(models.Model):
    """A person's choice to get notices on one topic by e-mail, from ``chosen_at`` on."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    topic = models.CharField(max_length=32)  # the name of a Topic in ops.notices.topics
    chosen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["person", "topic"], name="email_reader_once")]

    def __str__(self) -> str:
        return f"Notices about {self.topic} by e-mail for account {self.person_id}"
