"""Queries for the page of every case, compiled once (messaging/database/statements.py)."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Case, When

from messaging.database.statements import CompiledQuerySet, slot
from ops.moderation.models import CasePerson, Claim, Decision, Flag, Outcome

MOST_EARLIER = 10  # earlier decisions, of this case and of others about the same people
MOST_FLAGS = 200
USING = DEFAULT_DB_ALIAS
CASE, CONVERSATION = slot("case"), slot("conversation")


@cache
def flags() -> CompiledQuerySet:
    """Return the query for the reports of a case: the waiting ones first, then the oldest."""
    found = Flag.objects.filter(case=CASE).select_related("label", "reporter", "brought_by")
    settled = Case(When(outcome=Outcome.WAITING, then=0), default=1)
    return CompiledQuerySet(found.order_by(settled, "created_at", "id")[:MOST_FLAGS], using=USING)


@cache
def claims() -> CompiledQuerySet:
    """Return the query for the live claim on a case."""
    return CompiledQuerySet(Claim.objects.live().filter(case=CASE).select_related("reviewer").order_by(), using=USING)


@cache
def decisions() -> CompiledQuerySet:
    """Return the query for the latest decisions on a case, including undos."""
    found = Decision.objects.filter(case=CASE).select_related("label", "reverses", "restores")
    return CompiledQuerySet(_latest(found), using=USING)


@cache
def latest_decision() -> CompiledQuerySet:
    """Return the query for the last decision about a conversation that was not undone."""
    found = Decision.objects.filter(case__conversation=CONVERSATION, reverses=None, reversed_by=None)
    return CompiledQuerySet(found.order_by("-decided_at", "-id")[:1], using=USING)


@cache
def decisions_elsewhere() -> CompiledQuerySet:
    """Return the query for the latest decisions on other cases about the people of a case."""
    people = CasePerson.objects.filter(case=CASE).values("user")
    others = CasePerson.objects.filter(user__in=people).exclude(case=CASE).values("case")
    return CompiledQuerySet(
        _latest(Decision.objects.filter(reverses=None, case__in=others).select_related("label")), using=USING
    )


def _latest(found: Any) -> Any:
    return found.order_by("-decided_at", "-id")[:MOST_EARLIER]
