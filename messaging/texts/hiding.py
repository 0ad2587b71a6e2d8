"""Hiding messages from their participants, and showing them again: the one place that does so, for sets of messages.

A hidden message stays where it is, with its replies, counts and notifications, and staff go on reading it. Its two
people read REMOVED in its place, whoever wrote it, and neither its history. Whoever hides messages records it.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import DEFAULT_DB_ALIAS, transaction

from messaging import page_cache
from messaging.models import Message
from messaging.writing import ids_subquery, in_batches


def hide(ids: Iterable[int], *, using: str = DEFAULT_DB_ALIAS) -> list[int]:
    """Hide these messages; returns the ids of those that were not hidden before, in their order."""
    return _set(ids, hidden=True, using=using)


def show(ids: Iterable[int], *, using: str = DEFAULT_DB_ALIAS) -> list[int]:
    """Let participants read these messages again; returns the ids of those that were hidden, in their order."""
    return _set(ids, hidden=False, using=using)


def _set(ids: Iterable[int], *, hidden: bool, using: str) -> list[int]:
    """In one transaction; the pages that their people have in the cache become invalid with it."""
    changed: list[int] = []
    people: set[object] = set()
    with transaction.atomic(using=using):
        for batch in in_batches(sorted(set(ids))):
            among = ids_subquery(batch, using=using)
            rows = Message.objects.using(using).filter(pk__in=among, hidden=not hidden).order_by("pk")
            # Locked, so that nobody edits a text between the look at it and its being hidden.
            found = list(rows.select_for_update(of=("self",)).values_list("pk", "sender_id", "receiver_id"))
            keys = [pk for pk, *_ in found]
            Message.objects.using(using).filter(pk__in=ids_subquery(keys, using=using)).update(hidden=hidden)
            changed += keys
            people.update(key for _, *keys in found for key in keys)
        page_cache.invalidate(people, using=using)
    return changed
