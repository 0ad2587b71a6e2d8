"""Holds, which keep an account and its messages from deletion."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, pgettext_lazy

from ops.deletion.models.people import person


class HoldQuerySet(models.QuerySet["Hold"]):
    def open(self) -> HoldQuerySet:
        """Return the holds that have not been lifted."""
        return self.filter(lifted_at=None)

    def lifted(self) -> HoldQuerySet:
        """Return the holds that have been lifted."""
        return self.filter(lifted_at__isnull=False)

    def of(self, user_id: Any) -> HoldQuerySet:
        """Return the holds on one account."""
        return self.filter(user_id=user_id)

    def on_people_called(self, text: str) -> HoldQuerySet:
        """Return the holds on accounts whose username contains ``text``, ignoring case."""
        return self.filter(user__in=get_user_model()._default_manager.filter(username__icontains=text).values("pk"))


class Hold(models.Model):
    """A hold on an account: while it is open, neither the account nor messages it exchanged with others are deleted.

    The reasons are emptied when the person is erased.
    """

    class Kind(models.TextChoices):
        LEGAL = "legal", gettext_lazy("Legal hold")
        INVESTIGATION = "investigation", gettext_lazy("Investigation")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = person(null=False, related_name="holds")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    reason = models.CharField(max_length=1_000, blank=True)
    placed_by = person()
    placed_at = models.DateTimeField(default=timezone.now)
    lifted_by = person()
    lifted_at = models.DateTimeField(null=True, blank=True)
    lift_reason = models.CharField(max_length=1_000, blank=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("on an account", "hold")
        verbose_name_plural = pgettext_lazy("on an account", "holds")
        default_permissions = ("view",)
        permissions = [("hold_account", gettext_noop("Can place and lift holds on accounts"))]
        ordering = ["-placed_at", "-id"]
        indexes = [
            models.Index(fields=["user"], name="hold_of_user"),
            models.Index(fields=["user"], name="hold_open", condition=Q(lifted_at=None)),
            models.Index(fields=["placed_at", "id"], name="hold_latest"),
            models.Index(fields=["placed_at", "id"], name="hold_latest_open", condition=Q(lifted_at=None)),
        ]

    def __str__(self) -> str:
        return _("%(kind)s since %(day)s") % {"kind": self.get_kind_display(), "day": f"{self.placed_at:%Y-%m-%d}"}
