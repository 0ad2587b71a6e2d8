"""The vocabulary of the audit trail: every event by its stored name, with the sentence that staff read.

A name is ``area.what_happened`` and never changes or disappears: stored entries keep it for ever. What ``details`` hold
is said beside each; they never hold a message's text or a person's name, because they cannot be scrubbed.
"""

from __future__ import annotations

from django.db.models import TextChoices


class Event(TextChoices):
    # Sessions. The target is the account; a refused sign-in has no actor, and the name that was tried as actor's name.
    SIGNED_IN = "session.signed_in", "Signed in"
    SIGN_IN_REFUSED = "session.refused", "Failed to sign in"
    SIGN_IN_LOCKED = "session.locked", "Was locked out after too many failed attempts"
    SIGNED_OUT = "session.signed_out", "Signed out"
    IDENTITY_CONFIRMED = "session.confirmed", "Entered the password again"

    # Accounts. The target is the account (or the group).
    PASSWORD_CHANGED = "account.password_changed", "Changed a password"
    ROLES_CHANGED = "account.roles_changed", "Changed what somebody may do"  # {field: {before, after | added, removed}}
    GROUP_CHANGED = "group.permissions_changed", "Changed what a role may do"  # {added, removed}
    DELETION_REQUESTED = "account.deletion_requested", "Asked for an account to be deleted"  # request, basis, mode
    DELETION_APPROVED = "account.deletion_approved", "Approved the deletion of an account"  # request, basis, mode
    DELETION_REFUSED = "account.deletion_refused", "Refused the deletion of an account"  # request, basis, mode
    DELETION_CANCELLED = "account.deletion_cancelled", "Cancelled the deletion of an account"  # request, basis, mode
    ACCOUNT_HELD = "account.held", "Put a hold on an account"  # kind
    HOLD_LIFTED = "account.hold_lifted", "Lifted a hold on an account"  # kind
    ACCOUNT_DELETED = "account.deleted", "Deleted an account with its data"  # rows removed, by name
    ACCOUNT_ANONYMISED = "account.anonymised", "Took a person out of their conversations"  # rows changed, by name
    IDENTIFIER_LIFTED = "identifier.lifted", "Let the name of an erased account be used again"  # kind, receipt

    # Reading. The target is what was opened; a search or list has the model as target and the terms as its label.
    CONVERSATION_READ = "conversation.read", "Read a conversation"
    MESSAGE_READ = "message.read", "Read a message"
    PERSON_READ = "person.read", "Read a person's account"
    SEARCH_MADE = "search.made", "Searched"  # filters, results
    AUDIT_READ = "audit.read", "Read the audit trail"  # filters
    AUDIT_EXPORTED = "audit.exported", "Exported the audit trail"  # filters, rows
    MESSAGES_EXPORTED = "export.made", "Exported messages"  # filters, rows

    # Changes. The target is what was changed.
    MESSAGE_EDITED = "message.edited", "Corrected a message"  # conversation (id)
    RECORD_ADDED = "record.added", "Added a record"
    RECORD_CHANGED = "record.changed", "Changed a record"  # fields (names)
    RECORD_DELETED = "record.deleted", "Deleted a record"
    IMPORT_MADE = "import.made", "Imported messages"  # rows by outcome, batch
    IMPORT_UNDONE = "import.undone", "Undid an import"  # rows by outcome, batch
    JOB_CANCELLED = "job.cancelled", "Cancelled a job"
    JOB_RETRIED = "job.retried", "Started a job again"
    THEME_CHANGED = "settings.theme_changed", "Changed the theme"  # {field: {before, after}}
    SETTING_CHANGED = "settings.changed", "Changed a setting"  # {field: {before, after}}

    # The trail itself. The target is the person whose copies were emptied.
    PERSON_SCRUBBED = (
        "audit.scrubbed",
        "Emptied an erased person's copies in the audit trail",
    )  # entries as actor, target; named_in: the entries that named the person


def choices() -> list[tuple[str, str]]:
    """Every event with its sentence. A function, so that a new event needs no migration."""
    return Event.choices
