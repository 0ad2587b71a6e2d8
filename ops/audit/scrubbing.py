"""Emptying the personal copies of an erased person, while the record of what happened stays and its chain holds."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Q
from django.utils import timezone

from ops.audit import recording
from ops.audit.events import Event
from ops.audit.models import ACTOR_COPIES, TARGET_COPIES, Entry


class StillThere(Exception):
    """The person was not erased; the text says what to do first."""


def scrub_person(user_id: Any, *, by: Any, reason: str, using: str = DEFAULT_DB_ALIAS) -> Entry:
    """Empty what the audit trail copied about a person whose account is gone; returns the entry that records this.

    Emptied are name, address and browser where they acted, or failed to sign in; label and reason where something was
    done to their account. What happened, when, and the account's number stay. Entries are marked with the moment, and
    ``verify_audit`` accepts empty copies only where an entry such as this one explains them. ``reason`` says why,
    without naming the person. Raises StillThere where the account exists.
    """
    user = get_user_model()
    if user._default_manager.using(using).filter(pk=user_id).exists():
        raise StillThere("This account still exists: delete it first. Only what is left of erased people is emptied.")
    target_type = user._meta.label_lower
    with transaction.atomic(using=using):
        entries = Entry.objects.using(using)
        now = timezone.now()
        # Entries of scrubbing itself hold nothing of the person, and their reasons are wanted.
        about = Q(target_type=target_type, target_id=str(user_id)) & ~Q(event=Event.PERSON_SCRUBBED)
        # Whoever failed to sign in is nobody, under the name of this account.
        acted = entries.filter(Q(actor_id=user_id) | (Q(actor=None) & about))
        counts = {
            "as_actor": acted.exclude(actor_salt="").empty(("actor_salt", *ACTOR_COPIES), at=now),
            "as_target": entries.filter(about).exclude(target_salt="").empty(("target_salt", *TARGET_COPIES), at=now),
        }
        target = (target_type, user_id)
        return recording.record(
            Event.PERSON_SCRUBBED, actor=by, target=target, details=counts, reason=reason, using=using
        )
