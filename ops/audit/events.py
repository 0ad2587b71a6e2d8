"""The events that this room records itself, and all those declared by the rooms (Room.events).

A name is ``area.what_happened`` and is never changed or removed, because stored entries refer to it. The comment beside
an event lists the keys of its ``details``. These hold no message texts or names of people: they cannot be scrubbed.
"""

from __future__ import annotations

from functools import cache

from django.db.models import TextChoices
from django.utils.module_loading import import_string

from ops.console.rooms import rooms


class Event(TextChoices):
    # Sessions. The target is the account. Without an actor (refused), actor_name is the username that was tried.
    SIGNED_IN = "session.signed_in", "Signed in"
    SIGN_IN_REFUSED = "session.refused", "Failed to sign in"
    CONFIRMATION_REFUSED = "session.confirmation_refused", "Failed to confirm their password"  # somebody signed in
    SIGN_IN_LOCKED = "session.locked", "Was locked out after too many failed attempts"
    SIGN_INS_LEFT_OUT = "session.left_out", "Left out further failed sign-ins within an hour"  # recorded (before)
    SIGNED_OUT = "session.signed_out", "Signed out"

    # Accounts. The target is the account (or the group).
    PASSWORD_CHANGED = "account.password_changed", "Changed a password"
    RENAMED = "account.renamed", "Changed a username"  # the label is the new one, the reason names both
    ROLES_CHANGED = "account.roles_changed", "Changed a user’s roles"  # {field: {before, after | added, removed}}
    GROUP_CHANGED = "group.permissions_changed", "Changed a role’s permissions"  # {added, removed}
    ACCOUNT_DELETED = "account.deleted", "Deleted an account with its data"  # rows removed, by name

    # Reading. The target is the object opened; for a list or search it is the model, with the terms as its label.
    SEARCH_MADE = "search.made", "Searched"  # filters, results, rows; runs of ids: messages, histories
    LIST_READ = "list.read", "Read a list"  # the same
    REASON_GIVEN = "reading.reason_given", "Gave a reason to read"  # why; the reason has their words
    GLASS_BROKEN = "reading.glass_broken", "Broke the glass to read"  # the same; of an export rows
    AUDIT_READ = "audit.read", "Read the audit trail"  # filters
    AUDIT_EXPORTED = "audit.exported", "Exported the audit trail"  # filters, rows

    # Changes. The target is the object changed.
    RECORD_ADDED = "record.added", "Added a record"
    RECORD_CHANGED = "record.changed", "Changed a record"  # fields (names)
    RECORD_DELETED = "record.deleted", "Deleted a record"
    # Reference data files. The target is the model.
    RECORDS_IMPORTED = "records.imported", "Imported records"  # added, changed, deleted, unchanged, fields (names)
    RECORDS_EXPORTED = "records.exported", "Exported records"  # rows, columns, format, filters

    # The trail itself. The target is the person whose copies were emptied, or the request to erase them.
    PERSON_SCRUBBED = (
        "audit.scrubbed",
        "Redacted an erased person in the audit trail",
    )  # entries as actor, target; named_in: the entries that named the person


@cache
def declared() -> dict[str, str]:
    """Return the label of every declared event by its stored name."""
    return {name: label for room in rooms() if room.events for name, label in import_string(room.events).choices}


def choices() -> list[tuple[str, str]]:
    """Return (name, label) of every event. Model fields get this function, so that a new event needs no migration."""
    return list(declared().items())
