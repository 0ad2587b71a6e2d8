"""Searching the audit trail: an action everywhere, what has no index in the newest part."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from ops.audit.models import Entry, EntryQuerySet

SEARCHED_COPIES = 50_000  # the newest entries, whose copies are read one by one in about 0.1 s
HELP = (
    f"An action’s id in all entries; request ids, names and what entries are about in the newest {SEARCHED_COPIES:,}. "
    "All that one person ever did: “Done by”."
)


def matching(entries: EntryQuerySet, words: str) -> EntryQuerySet:
    """Entries of this action or, among the newest SEARCHED_COPIES, with these words as their request id or within a
    copied name or label. Capital and small letters are alike there (on SQLite only a to z)."""
    action = _action(words)
    if action is not None and entries.filter(action=action).exists():
        return entries.filter(action=action)
    times = Entry.objects.using(entries.db).order_by("-at", "-id").values_list("at", flat=True)
    oldest = times[SEARCHED_COPIES - 1 : SEARCHED_COPIES].first()
    if oldest is not None:
        entries = entries.filter(at__gte=oldest)
    return entries.filter(Q(request_id=words) | Q(actor_name__icontains=words) | Q(target_label__icontains=words))


def _action(words: str) -> UUID | None:
    try:
        return UUID(words)
    except ValueError:
        return None
