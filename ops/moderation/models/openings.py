"""Openings without a report: who opened texts of conversations that nobody had reported, or broke the glass.

An index of the audit trail, whose entries hold the details.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.audit.models import Entry
from ops.deletion.models.people import person


class OpeningQuerySet(models.QuerySet["Opening"]):
    def by_person(self, user_id: Any) -> OpeningQuerySet:
        """Return openings by this person."""
        return self.filter(reader=user_id)

    def with_broken_glass(self) -> OpeningQuerySet:
        """Return openings that record breaking the glass itself, not what was opened afterwards."""
        return self.filter(broke_glass=True)


class Opening(models.Model):
    """An audit entry for opening a number of ``conversations`` without a report, or for breaking the glass.

    ``given`` is the entry of the reason that opened them, if one was needed.
    """

    entry = models.ForeignKey(Entry, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    given = models.ForeignKey(
        Entry, on_delete=models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    reader = person()
    at = models.DateTimeField()
    conversations = models.PositiveIntegerField(default=0)
    broke_glass = models.BooleanField(default=False)

    objects = OpeningQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        verbose_name = gettext_lazy("opening without a report")
        verbose_name_plural = gettext_lazy("openings without a report")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["at", "id"], name="opening_at"),
            models.Index(fields=["reader", "at", "id"], name="opening_by_reader"),
            models.Index(fields=["at", "id"], name="opening_broke_glass", condition=models.Q(broke_glass=True)),
        ]

    def __str__(self) -> str:
        return _("Opening %(number)s") % {"number": self.pk}
