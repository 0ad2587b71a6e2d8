"""The events that this room records itself, and all events declared by the rooms (Room.events).

A name is ``area.what_happened`` and is never changed or removed, because stored entries refer to it. The comment beside
an event lists the keys of its ``details``. These hold no message texts or names of people: they cannot be scrubbed.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.db.models import TextChoices
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy

from ops.console.rooms import Room, rooms

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Event(TextChoices):
    # Sessions. The target is the account. Without an actor (refused), actor_name is the username that was entered.
    SIGNED_IN = "session.signed_in", gettext_lazy("Signed in")
    SIGN_IN_REFUSED = "session.refused", gettext_lazy("Failed to sign in")
    # The actor is signed in.
    CONFIRMATION_REFUSED = "session.confirmation_refused", gettext_lazy("Failed to confirm their password")
    SIGN_IN_LOCKED = "session.locked", gettext_lazy("Was locked out after too many failed attempts")
    # Details: recorded (how many were recorded before).
    SIGN_INS_LEFT_OUT = "session.left_out", gettext_lazy("Left out further failed sign-ins within an hour")
    SIGNED_OUT = "session.signed_out", gettext_lazy("Signed out")

    # Accounts. The target is the account (or the group).
    PASSWORD_CHANGED = "account.password_changed", gettext_lazy("Changed a password")
    RENAMED = "account.renamed", gettext_lazy("Changed a username")  # the label is the new one, the reason names both
    # Details: before and after, by flag; or field, with added or removed.
    ROLES_CHANGED = "account.roles_changed", gettext_lazy("Changed a user’s roles")
    GROUP_CHANGED = "group.permissions_changed", gettext_lazy("Changed a role’s permissions")  # field; added or removed
    ACCOUNT_DELETED = "account.deleted", gettext_lazy("Deleted an account with its data")  # rows removed, by name

    # Reading. The target is the object opened; for a list or search it is the model, with the terms as its label.
    SEARCH_MADE = "search.made", gettext_lazy("Searched")  # filters, results, rows; runs of ids: messages, histories
    LIST_READ = "list.read", gettext_lazy("Read a list")  # the same
    REASON_GIVEN = "reading.reason_given", gettext_lazy("Gave a reason to read")  # why; their words are the reason
    GLASS_BROKEN = "reading.glass_broken", gettext_lazy("Broke the glass to read")  # the same; for an export also rows
    AUDIT_READ = "audit.read", gettext_lazy("Read the audit trail")  # filters
    AUDIT_EXPORTED = "audit.exported", gettext_lazy("Exported the audit trail")  # filters, rows

    # Changes. The target is the object changed.
    RECORD_ADDED = "record.added", gettext_lazy("Added a record")
    RECORD_CHANGED = "record.changed", gettext_lazy("Changed a record")  # fields (names)
    RECORD_DELETED = "record.deleted", gettext_lazy("Deleted a record")
    # Reference data files. The target is the model.
    # Details: added, changed, deleted, unchanged, fields (names).
    RECORDS_IMPORTED = "records.imported", gettext_lazy("Imported records")
    RECORDS_EXPORTED = "records.exported", gettext_lazy("Exported records")  # rows, columns, format, filters

    # The trail itself. The target is the person whose copies were emptied, or the request to erase them.
    PERSON_SCRUBBED = (
        "audit.scrubbed",
        gettext_lazy("Redacted an erased person in the audit trail"),
    )  # as_actor, as_target (how many entries); named_in (ids of entries that named the person)


# Failed attempts to prove one's identity.
REFUSALS = (Event.SIGN_IN_REFUSED, Event.CONFIRMATION_REFUSED, Event.SIGN_IN_LOCKED)


@cache
def declared() -> dict[str, StrOrPromise]:
    """Return the label of every declared event by its stored name. Raises ImproperlyConfigured if a room's ``events``
    cannot be imported."""
    return {name: label for room in rooms() if room.events for name, label in _events_of(room).choices}


def _events_of(room: Room) -> Any:
    try:
        return import_string(room.events)
    except ImportError as error:
        words = f"The room {room.label} declares its events at {room.events}, which cannot be imported."
        raise ImproperlyConfigured(f"{words} Correct its apps.py.") from error


def choices() -> list[tuple[str, StrOrPromise]]:
    """Return (name, label) of every event. Model fields get this function, so that a new event needs no migration."""
    return list(declared().items())
