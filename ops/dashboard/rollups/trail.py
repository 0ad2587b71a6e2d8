"""Counting the audit trail by day: messages shown, openings without a report, searches for staff, failed sign-ins."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, tzinfo
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q

from ops.audit.events import REFUSALS, Event
from ops.audit.models import Entry, ShownMessages
from ops.audit.readings import reading_events
from ops.dashboard.rollups import measures
from ops.dashboard.rollups.days import Days, recount
from ops.moderation.events import ModerationEvent
from ops.moderation.models import Opening

SHOWING = (Event.SEARCH_MADE, Event.LIST_READ)  # search results, and lists that show the beginnings of texts
WORD = re.compile(r"[\w@.+-]+")


def count(quarters: Collection[str], days: set[date], zone: tzinfo, using: str) -> None:
    """Count these days again, in which something changed. Call it within a transaction."""
    recount(add_to, days, zone, measures.TRAIL, using)


def add_to(days: Days, using: str) -> None:
    """Count the current rows of these days."""
    _add_shown(days, using)
    _add_openings(days, using)
    _add_searches(days, using)
    refused = Entry.objects.using(using).filter(event__in=REFUSALS, **days.within("at")).order_by()
    for event, at in refused.values_list("event", "at"):
        days.add(at, measures.REFUSED, event)


def _accounts(using: str) -> Any:
    """Return the keys of existing accounts. Entries keep those of erased ones; numbers do not (numbers/erasing.py)."""
    return get_user_model()._default_manager.using(using).order_by().values("pk")


def _add_shown(days: Days, using: str) -> None:
    shown = ShownMessages.objects.using(using).filter(
        entry__event__in=(*reading_events(), *SHOWING), entry__actor_id__in=_accounts(using), **days.within("entry__at")
    )
    columns = ("entry__event", "entry__actor_id", "entry__at", "first", "last")
    for event, reader, at, first, last in shown.values_list(*columns).iterator():
        days.add(at, measures.READINGS, reader, last - first + 1)
        if event == ModerationEvent.CASE_READ:
            days.add(at, measures.CASE_READINGS, reader, last - first + 1)


def _add_openings(days: Days, using: str) -> None:
    rows = Opening.objects.using(using).filter(reader__isnull=False, **days.within("at")).order_by()
    for reader, at, conversations, broke_glass in rows.values_list("reader_id", "at", "conversations", "broke_glass"):
        days.add(at, measures.OPENINGS, reader)
        days.add(at, measures.UNREPORTED, reader, conversations)
        if broke_glass:
            days.add(at, measures.GLASS, reader)


def _add_searches(days: Days, using: str) -> None:
    """Count searches for the name of another console user, by current names."""
    searches = Entry.objects.using(using).filter(event=Event.SEARCH_MADE, **days.within("at")).exclude(target_label="")
    searches = searches.filter(actor_id__in=_accounts(using))
    rows = list(searches.order_by().values_list("actor_id", "at", "target_label"))
    if not rows:
        return
    accounts: Any = get_user_model()._default_manager.using(using)
    staff = accounts.filter(Q(is_staff=True) | Q(is_superuser=True))
    names = {one.get_username().casefold(): one.pk for one in staff}
    for actor, at, terms in rows:
        # "from:rita" is a search for rita, and so is "@rita".
        words = {word.strip("@.") for text in terms.casefold().split(":") for word in WORD.findall(text)}
        if any(names[word] != actor for word in words & names.keys()):
            days.add(at, measures.STAFF_SEARCHES, actor)
