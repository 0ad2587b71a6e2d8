"""How much is new in a saved search: counted by the worker for people who looked at it, and reset by each look.

A message is new if it was stored since, whenever it was sent: an import stores old ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from messaging.models import Conversation, Message
from ops.accounts.time_zone import zone_of
from ops.audit.reasons import gate
from ops.searching.models import Look, SavedSearch
from ops.searching.saved import snapshots
from ops.searching.saved.snapshots import Snapshot

MODELS = {SavedSearch.Scope.CONVERSATIONS: Conversation, SavedSearch.Scope.MESSAGES: Message}
MOST = 1_000  # new messages; beyond, "more than 1,000"
COUNTED_FOR = timedelta(days=14)  # since the person last signed in


def look(saved: SavedSearch, user: Any, stored: Snapshot | None = None) -> None:
    """Record that ``user`` has seen what the search finds among ``stored`` messages (by default those stored now)."""
    stored = stored or snapshots.stored()
    seen = Look(search=saved, person=user, seen_up_to=stored.up_to, missing=stored.missing)
    unique, changed = ["person", "search"], ["seen_up_to", "missing", "new"]
    Look.objects.bulk_create([seen], update_conflicts=True, unique_fields=unique, update_fields=changed)


def may_see(scope: str, user: Any) -> bool:
    """Return whether ``user`` may see the list of this scope."""
    return user.has_perm(f"messaging.view_{MODELS[SavedSearch.Scope(scope)]._meta.model_name}")


def count_new(now: datetime) -> int:
    """Count what is new for everybody who signed in lately; return how many numbers changed.

    If reasons are required for reading texts, nothing is counted: how many texts have a word reveals what they say.
    """
    looks = Look.objects.select_related("search", "person").order_by("person", "pk")
    if gate.is_asked():
        return Look.objects.exclude(new=0).update(new=0)
    changed = 0
    for one in _due(looks, now):
        number = _new(one, now)
        if number != one.new:
            # Do not overwrite a look made meanwhile.
            this = Look.objects.filter(pk=one.pk, seen_up_to=one.seen_up_to, missing=one.missing)
            changed += this.update(new=number)
    return changed


def _due(looks: Any, now: datetime) -> Iterable[Look]:
    active = looks.filter(person__is_active=True, person__is_staff=True, person__last_login__gte=now - COUNTED_FOR)
    return active.iterator(chunk_size=500)


def _new(one: Look, now: datetime) -> int:
    """Count the new messages as the person finds them: with the filters of their role, in their time zone."""
    if not may_see(one.search.scope, one.person):
        return 0
    request: Any = HttpRequest()
    request.method, request.user, request.as_of = "GET", one.person, now
    with timezone.override(zone_of(one.person) or timezone.get_current_timezone()):
        model_admin: Any = admin.site.get_model_admin(MODELS[SavedSearch.Scope(one.search.scope)])
        search = model_admin.asked(request, one.search.words)
        if search.query is None:
            return 0
        some = snapshots.since(Snapshot(one.seen_up_to, one.missing))
        return min(sum(search.query.number_among(messages, most=MOST) for messages in some), MOST + 1)
