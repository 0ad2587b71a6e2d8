"""Hiding sets of messages from their participants, and showing them again. Only this module does so.

A hidden message keeps its place, replies, counts and notifications, and staff can still read it. Its sender and its
receiver read REMOVED in its place, and neither can read its history. The caller records the act.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import DEFAULT_DB_ALIAS, transaction

from messaging import page_cache
from messaging.models import Message
from messaging.writing import ids_subquery, in_batches


def hide(ids: Iterable[int], *, using: str = DEFAULT_DB_ALIAS) -> list[int]:
    """Hide these messages, and return the ids of those that were not hidden before, in ascending order."""
    return _set(ids, hidden=True, using=using)


def show(ids: Iterable[int], *, using: str = DEFAULT_DB_ALIAS) -> list[int]:
    """Let participants read these messages again, and return the ids of those that were hidden, in ascending order."""
    return _set(ids, hidden=False, using=using)


def _set(ids: Iterable[int], *, hidden: bool, using: str) -> list[int]:
    """Change the messages and invalidate the cached pages of their people, in one transaction."""
    changed: list[int] = []
    people: set[object] = set()
    with transaction.atomic(using=using):
        for batch in in_batches(sorted(set(ids))):
            among = ids_subquery(batch, using=using)
            rows = Message.objects.using(using).filter(pk__in=among, hidden=not hidden).order_by("pk")
            # Locked, so that nobody edits a text between this query and the update.
            found = list(rows.select_for_update(of=("self",)).values_list("pk", "sender_id", "receiver_id"))
            keys = [pk for pk, *_ in found]
            Message.objects.using(using).filter(pk__in=ids_subquery(keys, using=using)).update(hidden=hidden)
            changed += keys
            people.update(key for _, *keys in found for key in keys)
        page_cache.invalidate(people, using=using)
    return changed
