"""Saved searches, and how much is new in them for each person."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy, gettext_noop

from messaging.database.statements import Statement, compiled_statement, slot
from messaging.search.language import LONGEST


class SavedSearch(models.Model):
    """The words that were typed into the search box of a list, under a name; without an ``owner``, the team's."""

    class Scope(models.TextChoices):
        CONVERSATIONS = "conversations", gettext_lazy("Conversations")
        MESSAGES = "messages", gettext_lazy("Messages")

    name = models.CharField(gettext_lazy("name"), max_length=60)
    scope = models.CharField(max_length=20, choices=Scope.choices)
    words = models.CharField(gettext_lazy("words"), max_length=LONGEST)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )

    new = 0  # see offered_to

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
    """A person's last look at what a search finds: which messages were stored by then, and how many of those stored
    since the search finds (``new``), as last counted: 1,001 at most.

    The messages stored by then have keys up to ``seen_up_to``, outside of the runs [first, last] of ``missing``
    (ops/searching/saved/snapshots.py).
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


def offered_to(user_id: Any, scope: str = "", *, using: str = DEFAULT_DB_ALIAS) -> list[SavedSearch]:
    """Return the searches of the team and of this person, the team's first, of one scope or of all. Their ``new`` is
    how many messages are new to the person, 0 if they have never looked."""
    found = []
    for pk, name, searched, words, owner, new in _offered(using).ask(using=using, person=user_id):
        if scope in ("", searched):
            one = SavedSearch(pk=pk, name=name, scope=searched, words=words, owner_id=owner)
            one.new = new or 0
            found.append(one)
    return found


@cache
def _offered(using: str) -> Statement:
    """Return the query, with its SQL cached, because each list runs it."""
    rows = SavedSearch.objects.filter(Q(owner=None) | Q(owner=slot("person")))
    new = Look.objects.filter(search=OuterRef("pk"), person=slot("person")).values("new")[:1]
    rows = rows.order_by(models.F("owner").asc(nulls_first=True), "name")
    return compiled_statement(rows.values_list("pk", "name", "scope", "words", "owner", Subquery(new)), using=using)
