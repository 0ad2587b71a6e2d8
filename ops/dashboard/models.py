"""The source of the dashboards' figures: numbers by day, updated from the rows that changed (rollups/)."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy, gettext_noop


class Family(models.TextChoices):
    """Measures that change together and are counted together."""

    MESSAGES = "messages", "Messages"
    DESK = "desk", "Reports, cases and decisions"
    TRAIL = "trail", "The audit trail"


class Noted(models.Model):
    """A quarter of an hour, beginning ``at``, in which something changed and which must be counted again.

    Triggers insert it in the transaction of the change (rollups/triggers.py), on PostgreSQL mostly once per statement.
    There is no unique constraint: two transactions noting the same quarter would block each other.
    """

    family = models.CharField(max_length=8, choices=Family)
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["family", "at"], name="noted_quarter")]

    def __str__(self) -> str:
        return f"{self.family} at {self.at:%Y-%m-%d %H:%M} UTC"


class NumbersField(models.TextField):
    """Numbers by key, as JSON in a text column: a JSON column takes several times as long to write.

    Or the keys alone, each repeated as often as its number, as in "17,4,17": the form in which an import leaves the
    people of a day (rollups/numbers/storing.py).
    """

    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def from_db_value(self, value: str, *_: Any) -> Any:
        if value.startswith("{"):
            return json.loads(value)
        return dict(Counter(value.split(","))) if value else {}

    def get_prep_value(self, value: Any) -> str:
        return json.dumps(value)


class DayNumbers(models.Model):
    """One measure of one day in the console's zone, such as the messages sent: numbers by key.

    The measure defines the keys (rollups/measures.py). ``total`` is the sum. ``imported`` rows count imported history.
    A day with nothing to count has no row.
    """

    day = models.DateField()
    measure = models.CharField(max_length=24)
    imported = models.BooleanField(default=False)
    numbers: Any = NumbersField(default=dict)
    total = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = gettext_lazy("day numbers")
        verbose_name_plural = gettext_lazy("day numbers")
        default_permissions = ()
        permissions = [
            ("view_review", gettext_noop("Can open the review dashboard")),
            ("view_team", gettext_noop("Can open the team dashboard")),
            ("view_accounts", gettext_noop("Can open the accounts dashboard")),
            ("view_data", gettext_noop("Can open the data dashboard")),
            ("view_oversight", gettext_noop("Can open the oversight dashboard")),
        ]
        constraints = [models.UniqueConstraint(fields=["measure", "day", "imported"], name="day_measured_once")]

    def __str__(self) -> str:
        return f"{self.measure} on {self.day}"


class Beginning(models.Model):
    """When a conversation began, and when somebody other than its first sender first replied: numbers and times only.

    ``conversation`` is its id. Once its messages are deleted, the next count deletes the row.
    """

    conversation = models.BigIntegerField(primary_key=True)
    began_at = models.DateTimeField()
    replied_at = models.DateTimeField(null=True)
    imported = models.BooleanField()

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["began_at"], name="beginning_at"),
            models.Index(fields=["replied_at"], name="beginning_replied", condition=Q(replied_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"Conversation {self.conversation}"


class EarlierPending(models.Model):
    """A time during which a reopened case was pending before it was closed. The case itself keeps only the latest one.

    A trigger writes it when a closed case is reopened (rollups/triggers.py).
    """

    case = models.ForeignKey("moderation.Case", on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField(db_index=True)
    until = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Case {self.case_id} until {self.until:%Y-%m-%d %H:%M} UTC"


class Keeping(models.Model):
    """The progress of counting, in a single row.

    ``zone`` is the zone in which days begin, with the lengths of blocks of days: "UTC 16/128/1024". ``kept_at`` is when
    the last round started; a round that ran out of time has counted only a part of the changes, the latest first.
    """

    zone = models.CharField(max_length=64)
    kept_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Figures in {self.zone}"


class DigestReader(models.Model):
    """A user who chose the weekly digest, and the Monday of the last week for which they received it."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    chosen_at = models.DateTimeField(default=timezone.now)
    last_week = models.DateField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Weekly digest of account {self.person_id}"
