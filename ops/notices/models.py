"""Notices: what happened to what is somebody's; and who wants them by e-mail."""

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
        """Those that this person was given."""
        return self.filter(recipient=user_id)

    def unread(self) -> NoticeQuerySet:
        """Those that the recipient has not read."""
        return self.filter(read_at=None)


class Notice(models.Model):
    """One thing that happened to what is the recipient's: its kind, what it was about, and whether they have read it.

    Keys and times alone: the sentence is made when it is shown, so no name is kept here. ``occasion`` tells apart what
    may happen several times to the same target; the same happening is stored once.
    ``mailed_at`` is when it was put into an e-mail.
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
        """Its kind, or None where this version of the console does not have it."""
        return kind_named(self.kind)

    @property
    def sentence(self) -> str:
        """What happened."""
        kind = self.declared
        return str(kind.sentence) if kind else _("Something happened that this version of the console does not know.")


class EmailReader(models.Model):
    """Somebody who chose to get notices about one topic by e-mail, and since when."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    topic = models.CharField(max_length=32)  # the name of one of ops.notices.topics
    chosen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["person", "topic"], name="email_reader_once")]

    def __str__(self) -> str:
        return f"Notices about {self.topic} by e-mail for account {self.person_id}"
