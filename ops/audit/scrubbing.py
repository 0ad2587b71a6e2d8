"""Emptying the personal copies of an erased person, while the record of what happened stays and its chain holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Q
from django.utils import timezone

from messaging.writing import in_batches
from ops.audit import recording
from ops.audit.events import Event
from ops.audit.models import ACTOR_COPIES, TARGET_COPIES, Entry, EntryQuerySet

CHUNK = 5_000  # entries read at a time
SHORTEST = 3  # a shorter name is a word like others: it counts only where nothing else is said
# The copies in which a name may stand that nobody chose from a list.
NAMING = ("actor_name", "target_label", "reason")


class StillThere(Exception):
    """The person was not erased; the text says what to do first."""


def entries_naming(
    names: Iterable[str],
    *,
    user_id: Any,
    progress: Callable[[], Any] = lambda: None,
    using: str = DEFAULT_DB_ALIAS,
) -> list[int]:
    """The ids of entries that are not about this account and name it all the same, for ``scrub_person``.

    Searches, refused sign-ins and reasons hold what somebody wrote. One of ``names`` is found as a word of its own, in
    capital or small letters. Reads the whole trail with flat memory; ``progress`` is called now and then.
    """
    pattern = pattern_of(names)
    if pattern is None:
        return []
    person = get_user_model()._meta.label_lower
    written = Entry.objects.using(using).filter(
        (Q(actor=None) & ~Q(actor_name="")) | ~Q(target_label="") | ~Q(reason="")
    )
    rows = written.exclude(event=Event.PERSON_SCRUBBED).order_by("pk")
    found: list[int] = []
    last = 0
    while chunk := list(
        rows.filter(pk__gt=last).values_list("pk", "actor_id", "target_type", "target_id", *NAMING)[:CHUNK]
    ):
        for pk, actor_id, target_type, target_id, actor_name, label, reason in chunk:
            account = target_id if target_type == person else ""
            # The name of who acted, and of the account that it was about, is emptied with the account that has it.
            texts = (actor_name if actor_id is None else "", "" if account else label, reason)
            if account != str(user_id) and any(map(pattern.search, texts)):
                found.append(pk)
        last = chunk[-1][0]
        progress()
    return found


def pattern_of(names: Iterable[str]) -> re.Pattern[str] | None:
    """What finds one of ``names`` in a text, as a word of its own and in any case of letters; None without a name.

    Accents may be composed with their letters or not: which one is typed depends on the keyboard.
    """
    written = {form for name in names for form in (name, *(unicodedata.normalize(way, name) for way in ("NFC", "NFD")))}
    words = [_as_word(name) for name in sorted(written) if name]
    return re.compile("|".join(words), re.IGNORECASE) if words else None


def _as_word(name: str) -> str:
    return rf"^{re.escape(name)}$" if len(name) < SHORTEST else rf"(?<!\w){re.escape(name)}(?!\w)"


def scrub_person(
    user_id: Any,
    *,
    by: Any,
    reason: str,
    named: Collection[int] = (),
    anonymised: bool = False,
    using: str = DEFAULT_DB_ALIAS,
) -> Entry:
    """Empty what the audit trail copied about a person whose account is gone; returns the entry that records this.

    Emptied are name, address and browser where they acted, or failed to sign in; label and reason where something was
    done to their account; and what the entries ``named`` say (see ``entries_naming``), whose ids are recorded. What
    happened, when, and the account's number stay. Entries are marked with the moment, and ``verify_audit`` accepts
    empty copies only where an entry such as this one explains them. ``reason`` says why, without naming the person.
    Raises StillThere where the account exists, unless it is there without its name (``anonymised``).
    """
    user = get_user_model()
    if not anonymised and user._default_manager.using(using).filter(pk=user_id).exists():
        raise StillThere("This account still exists: delete it first. Only what is left of erased people is emptied.")
    target_type = user._meta.label_lower
    with transaction.atomic(using=using):
        entries = Entry.objects.using(using)
        # Entries of scrubbing itself hold nothing of the person, and their reasons are wanted.
        about = Q(target_type=target_type, target_id=str(user_id)) & ~Q(event=Event.PERSON_SCRUBBED)
        # Whoever failed to sign in is nobody, under the name of this account.
        acted = entries.filter(Q(actor_id=user_id) | (Q(actor=None) & about))
        details: dict[str, Any] = {
            "as_actor": _empty(acted, "actor_salt", ACTOR_COPIES),
            "as_target": _empty(entries.filter(about), "target_salt", TARGET_COPIES),
        }
        for batch in in_batches(sorted(named)):
            naming = entries.filter(pk__in=batch)
            _empty(naming.filter(actor=None), "actor_salt", ACTOR_COPIES)
            _empty(naming, "target_salt", TARGET_COPIES)
        if named:
            details["named_in"] = sorted(named)
        target = (target_type, user_id)
        return recording.record(
            Event.PERSON_SCRUBBED, actor=by, target=target, details=details, reason=reason, using=using
        )


def _empty(entries: EntryQuerySet, salt: str, copies: tuple[str, ...]) -> int:
    """Empty one group of copies where it is not empty yet; how many there were."""
    return entries.exclude(**{salt: ""}).empty((salt, *copies), at=timezone.now())
