"""Protection of reviewers from texts that are hard to read: their own settings, and counts of their hard cases."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models

from ops.moderation.models.cases import Case


class Comfort(models.Model):
    """The settings and counts of one reviewer, private to them. The row is created when it is first needed.

    ``uncovers``: texts with hard labels are not covered for them. ``in_a_row`` counts the hard cases that they claimed
    one after the other, ``on_day`` those of the day ``day``. ``last_case`` was counted last, so claiming it again does
    not count twice. ``paused_until`` is when they planned to return.
    """

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    uncovers = models.BooleanField(default=False)
    in_a_row = models.PositiveIntegerField(default=0)
    on_day = models.PositiveIntegerField(default=0)
    day = models.DateField(null=True, blank=True)
    last_case = models.ForeignKey(Case, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    paused_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Comfort of account {self.person_id}"

    def read_on(self, day: date) -> int:
        """Return how many hard cases they claimed on this day."""
        return self.on_day if self.day == day else 0


def comfort_of(user: Any) -> Comfort:
    """Return the row of ``user``, or an unsaved one with defaults."""
    return Comfort.objects.filter(person=user.pk).first() or Comfort(person_id=user.pk)
