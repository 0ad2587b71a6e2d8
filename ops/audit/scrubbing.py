"""Emptying the personal copies of an erased person. The entries stay, and the chain remains valid."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Q
from django.utils import timezone

from messaging.people.naming import name_pattern
from messaging.writing import in_batches
from ops.audit import recording
from ops.audit.events import Event
from ops.audit.models import ACTOR_COPIES, TARGET_COPIES, Entry, EntryQuerySet

CHUNK = 5_000  # entries read at a time
# The copies that may hold a name that somebody typed.
FREE_TEXT = ("actor_name", "target_label", "reason", "request_id")


class AccountExists(Exception):
    """The account has not been deleted; the message says what to do first."""


def entries_naming(
    names: Iterable[str],
    *,
    user_id: Any,
    apart: Collection[tuple[str, str]] = (),
    progress: Callable[[], Any] = lambda: None,
    using: str = DEFAULT_DB_ALIAS,
) -> list[int]:
    """Return the ids of entries that contain one of ``names`` but are neither about this account nor about the targets
    ``apart`` (see ``scrub_target``), for ``scrub_person``.

    Names occur in text that people typed: searches, refused sign-ins and reasons. ``name_pattern`` matches them. Reads
    the whole trail in chunks and calls ``progress`` after each.
    """
    pattern = name_pattern(names)
    if pattern is None:
        return []
    user_type = get_user_model()._meta.label_lower
    with_text = Entry.objects.using(using).filter(
        (Q(actor=None) & ~Q(actor_name="")) | ~Q(target_label="") | ~Q(reason="") | ~Q(request_id="")
    )
    rows = with_text.exclude(event=Event.PERSON_SCRUBBED).order_by("pk")
    found: list[int] = []
    last = 0
    while chunk := list(
        rows.filter(pk__gt=last).values_list("pk", "actor_id", "target_type", "target_id", *FREE_TEXT)[:CHUNK]
    ):
        for pk, actor_id, target_type, target_id, actor_name, label, reason, request_id in chunk:
            account = target_id if target_type == user_type else ""
            # Names of the actor's and the target's own accounts are scrubbed when those accounts are erased.
            texts = (
                actor_name if actor_id is None else "",
                "" if account else label,
                reason,
                request_id.replace("_", " "),
            )
            skipped = account == str(user_id) or (target_type, target_id) in apart
            if not skipped and any(map(pattern.search, texts)):
                found.append(pk)
        last = chunk[-1][0]
        progress()
    return found


def scrub_person(
    user_id: Any,
    *,
    by: Any,
    reason: str,
    named: Collection[int] = (),
    using: str = DEFAULT_DB_ALIAS,
) -> Entry:
    """Empty the personal copies of a person whose account was deleted; return the entry that records it.

    Empties name, address and browser where the person acted or failed to sign in, label, reason and request id where
    their account was the target, and the copies of the entries ``named`` (ids from ``entries_naming``), which the entry
    lists. The event, its time and the account's id remain. ``verify_audit`` accepts empty copies only with such a
    record. ``reason`` must not name the person. Raises AccountExists.
    """
    user = get_user_model()
    if user._default_manager.using(using).filter(pk=user_id).exists():
        raise AccountExists("This account still exists: delete it first. Only entries of erased people are scrubbed.")
    target = (user._meta.label_lower, user_id)
    with transaction.atomic(using=using):
        details: dict[str, Any] = _empty_account(user_id, using)
        _empty_naming(named, using)
        if named:
            details["named_in"] = sorted(named)
        return recording.record(
            Event.PERSON_SCRUBBED, actor=by, target=target, details=details, reason=reason, using=using
        )


def scrub_anonymised(
    user_id: Any,
    *,
    thing: tuple[str, str],
    by: Any,
    reason: str,
    named: Collection[int] = (),
    using: str = DEFAULT_DB_ALIAS,
) -> int:
    """Empty the personal copies of an account that was anonymised and stays, and of the ``thing`` (its deletion
    request); return how many groups of copies were emptied.

    The one entry that records it is about the thing, and nothing in it leads to the account: neither its number nor the
    ids of its own entries. ``verify_audit`` accepts those because the account exists and its erasure is proven.
    """
    with transaction.atomic(using=using):
        emptied = sum(_empty_account(user_id, using).values())
        _empty_naming(named, using)
        entries = Entry.objects.using(using)
        own = {pk for some in in_batches(sorted(named)) for pk in _ids(entries.by_person(user_id).filter(pk__in=some))}
        entry = scrub_target(thing, by=by, reason=reason, named=set(named) - own, using=using)
    return emptied + len(named) + int(entry.details["as_target"])


def scrub_target(
    target: tuple[str, str],
    *,
    by: Any,
    reason: str,
    named: Collection[int] = (),
    using: str = DEFAULT_DB_ALIAS,
) -> Entry:
    """Empty the target copies of entries about a thing that concerned only an erased person; return the entry about the
    thing that records it and lists the entries ``named``, which were emptied already."""
    with transaction.atomic(using=using):
        entries = Entry.objects.using(using).about(*target).exclude(event=Event.PERSON_SCRUBBED)
        details: dict[str, Any] = {"as_target": _empty(entries, "target_salt", TARGET_COPIES)}
        if named:
            details["named_in"] = sorted(named)
        return recording.record(
            Event.PERSON_SCRUBBED, actor=by, target=target, details=details, reason=reason, using=using
        )


def _empty_account(user_id: Any, using: str) -> dict[str, int]:
    """Empty the copies in entries of what an account did and in entries about it; return how many of each."""
    entries = Entry.objects.using(using)
    target_type = get_user_model()._meta.label_lower
    # Entries that record scrubbing hold nothing about the person, and their reasons are kept.
    about = Q(target_type=target_type, target_id=str(user_id)) & ~Q(event=Event.PERSON_SCRUBBED)
    # Failed sign-ins have no actor and this account as their target.
    acted = entries.filter(Q(actor_id=user_id) | (Q(actor=None) & about))
    return {
        "as_actor": _empty(acted, "actor_salt", ACTOR_COPIES),
        "as_target": _empty(entries.filter(about), "target_salt", TARGET_COPIES),
    }


def _empty_naming(named: Collection[int], using: str) -> None:
    for batch in in_batches(sorted(named)):
        naming = Entry.objects.using(using).filter(pk__in=batch)
        _empty(naming.filter(actor=None), "actor_salt", ACTOR_COPIES)
        _empty(naming, "target_salt", TARGET_COPIES)


def _ids(entries: EntryQuerySet) -> list[int]:
    return list(entries.order_by().values_list("pk", flat=True))


def _empty(entries: EntryQuerySet, salt: str, copies: tuple[str, ...]) -> int:
    """Empty one group of copies in the entries that still have it; return how many."""
    return entries.exclude(**{salt: ""}).empty_copies((salt, *copies), at=timezone.now())
