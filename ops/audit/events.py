"""Events of the audit trail: those that this room records itself, and all that the rooms declare (Room.events).

A name is ``area.what_happened`` and never changes or disappears: stored entries keep it for ever. What ``details`` hold
is said beside each; they never hold a message's text or a person's name, because they cannot be scrubbed.
"""

from __future__ import annotations

from functools import cache

from django.db.models import TextChoices
from django.utils.module_loading import import_string

from ops.console.rooms import rooms


class Event(TextChoices):
    # Sessions. The target is the account; a refused sign-in has no actor, and the name that was tried as actor's name.
    SIGNED_IN = "session.signed_in", "Signed in"
    SIGN_IN_REFUSED = "session.refused", "Failed to sign in"
    SIGN_IN_LOCKED = "session.locked", "Was locked out after too many failed attempts"
    SIGNED_OUT = "session.signed_out", "Signed out"

    # Accounts. The target is the account (or the group).
    PASSWORD_CHANGED = "account.password_changed", "Changed a password"
    ROLES_CHANGED = "account.roles_changed", "Changed what somebody may do"  # {field: {before, after | added, removed}}
    GROUP_CHANGED = "group.permissions_changed", "Changed what a role may do"  # {added, removed}
    ACCOUNT_DELETED = "account.deleted", "Deleted an account with its data"  # rows removed, by name

    # Reading. The target is what was opened; a search or list has the model as target and the terms as its label.
    SEARCH_MADE = "search.made", "Searched"  # filters, results
    AUDIT_READ = "audit.read", "Read the audit trail"  # filters
    AUDIT_EXPORTED = "audit.exported", "Exported the audit trail"  # filters, rows

    # Changes. The target is what was changed.
    RECORD_ADDED = "record.added", "Added a record"
    RECORD_CHANGED = "record.changed", "Changed a record"  # fields (names)
    RECORD_DELETED = "record.deleted", "Deleted a record"
    # Files of reference data. The target is the model.
    RECORDS_IMPORTED = "records.imported", "Imported records"  # added, changed, deleted, unchanged, fields (names)
    RECORDS_EXPORTED = "records.exported", "Exported records"  # rows, columns, format, filters

    # The trail itself. The target is the person whose copies were emptied.
    PERSON_SCRUBBED = (
        "audit.scrubbed",
        "Emptied an erased person's copies in the audit trail",
    )  # entries as actor, target; named_in: the entries that named the person


@cache
def declared() -> dict[str, str]:
    """Every event that a room declares, by its stored name, with the sentence that staff read."""
    return {name: sentence for room in rooms() if room.events for name, sentence in import_string(room.events).choices}


def choices() -> list[tuple[str, str]]:
    """Every event with its sentence, for fields and filters. A function, so that a new event needs no migration."""
    return list(declared().items())
