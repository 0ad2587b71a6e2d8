"""Searching the audit trail: action ids in all entries, columns without an index only in the newest."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.functional import lazy
from django.utils.translation import gettext as _

from messaging.languages.wording import grouped
from ops.audit.models import Entry, EntryQuerySet

SEARCHED_ENTRIES = 50_000  # the newest entries, which a search without an index reads in about 0.1 s


def _help() -> str:
    words = _(
        "An action’s id in all entries; request ids, names and what entries are about in the newest %(number)s. "
        "For everything that one person did, use “User”."
    )
    return words % {"number": grouped(SEARCHED_ENTRIES)}


HELP: Any = lazy(_help, str)()  # a lazy text


def matching(entries: EntryQuerySet, text: str) -> EntryQuerySet:
    """Return the entries of the action ``text``, or else those among the newest SEARCHED_ENTRIES that match it.

    An entry matches by its whole request id or the proxy's part of it, or by a part of the actor's name or the target's
    label, ignoring case (on SQLite only of ASCII letters).
    """
    action = _parse_action(text)
    if action is not None and entries.filter(action=action).exists():
        return entries.filter(action=action)
    times = Entry.objects.using(entries.db).order_by("-at", "-id").values_list("at", flat=True)
    oldest = times[SEARCHED_ENTRIES - 1 : SEARCHED_ENTRIES].first()
    if oldest is not None:
        entries = entries.filter(at__gte=oldest)
    request = Q(request_id=text) | Q(request_id__startswith=f"{text}.")
    return entries.filter(request | Q(actor_name__icontains=text) | Q(target_label__icontains=text))


def _parse_action(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
