"""How somebody who reviews bears what is hard to read: their own choices, and how much of it they were given lately."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models

from ops.moderation.models.cases import Case


class Comfort(models.Model):
    """Of one person, whom alone it concerns. There is none before it is needed.

    ``uncovers`` says that texts with hard labels do not come covered for them. ``in_a_row`` counts the hard cases that
    they claimed one after the other, ``on_day`` those of the day ``day``; ``last_case`` was counted last, so that it is
    not counted again when it is claimed again. ``paused_until`` is when they wanted to return.
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
        """How many hard cases they claimed on this day."""
        return self.on_day if self.day == day else 0


def comfort_of(user: Any) -> Comfort:
    """What is kept of ``user``; what it is before anything is kept, not stored, where there is nothing."""
    return Comfort.objects.filter(person=user.pk).first() or Comfort(person_id=user.pk)
