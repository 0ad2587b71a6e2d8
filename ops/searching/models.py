"""Saved searches, and how much is new in them for each person."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy, gettext_noop

from messaging.search.language import LONGEST


class SavedSearchQuerySet(models.QuerySet["SavedSearch"]):
    def offered_to(self, user_id: Any) -> list[SavedSearch]:
        """Those of the team and of this person, the team's first, with ``new``: how many messages are new to them, 0
        where they have never looked."""
        rows = self.filter(Q(owner=None) | Q(owner=user_id)).order_by(models.F("owner").asc(nulls_first=True), "name")
        found: list[SavedSearch] = list(rows)
        looks = Look.objects.filter(person=user_id, search__in=found) if found else ()
        new = {one.search_id: one.new for one in looks}
        for one in found:
            one.new = new.get(one.pk, 0)
        return found


class SavedSearch(models.Model):
    """What somebody typed into the search box of a list, under a name; without an ``owner``, the team's."""

    class Scope(models.TextChoices):
        CONVERSATIONS = "conversations", gettext_lazy("Conversations")
        MESSAGES = "messages", gettext_lazy("Messages")

    name = models.CharField(gettext_lazy("name"), max_length=60)
    scope = models.CharField(max_length=20, choices=Scope.choices)
    words = models.CharField(gettext_lazy("words"), max_length=LONGEST)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )

    objects = SavedSearchQuerySet.as_manager()
    new = 0  # see SavedSearchQuerySet.offered_to

    class Meta:
        verbose_name = gettext_lazy("saved search")
        verbose_name_plural = gettext_lazy("saved searches")
        default_permissions = ()
        permissions = [("share_savedsearch", gettext_noop("Can look after the team's saved searches"))]
        constraints = [
            models.CheckConstraint(condition=~Q(name="") & ~Q(words=""), name="saved_search_has_words"),
            models.UniqueConstraint(fields=["owner", "name"], name="saved_search_own_name_once"),
            models.UniqueConstraint(fields=["name"], condition=Q(owner=None), name="saved_search_team_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Look(models.Model):
    """That somebody looked at what a search finds: which messages were stored by then, and how many of those that were
    stored since it finds, as it was last counted: up to 1,000 and one more.

    Those were stored that have keys up to ``seen_up_to`` and in none of the runs [first, last] of ``missing``
    (ops/searching/saved/arriving.py).
    """

    search = models.ForeignKey(SavedSearch, on_delete=models.CASCADE, related_name="looks")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    seen_up_to = models.BigIntegerField()
    missing = models.JSONField(default=list)
    new = models.PositiveSmallIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["person", "search"], name="look_once")]

    def __str__(self) -> str:
        return f"{self.new} new in {self.search_id} for {self.person_id}"
