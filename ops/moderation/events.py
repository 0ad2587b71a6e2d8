"""What the audit trail records of reports, cases and decisions.

A name never changes or disappears: stored entries keep it for ever.
"""

from __future__ import annotations

from django.db.models import TextChoices


class ModerationEvent(TextChoices):
    # The target is the case, of a flag the message, of a group the group. The details: case; label; measures by kind;
    # hours; conversation; group.
    MESSAGE_FLAGGED = "moderation.flagged", "Reported a message"  # case, label
    FLAGS_IMPORTED = "moderation.flags_imported", "Imported reports"  # flags, known, cases
    FLAGS_IMPORT_UNDONE = "moderation.flags_import_undone", "Undid an import of reports"  # flags, kept, cases
    CASE_OPENED = "moderation.case_opened", "Opened a case"  # conversation
    CASE_READ = "moderation.case_read", "Opened a case"  # messages, histories
    CASE_CLAIMED = "moderation.claimed", "Claimed a case"
    CASE_TAKEN_OVER = "moderation.taken_over", "Took over a case"  # from (account)
    CASE_RELEASED = "moderation.released", "Released a case"
    CASE_SKIPPED = "moderation.skipped", "Skipped a case"
    CASE_ESCALATED = "moderation.escalated", "Escalated a case"
    CASE_RETURNED = "moderation.returned", "Returned a case to the queue"
    CASE_WAITS = "moderation.waits", "Set a case to wait"  # hours, reply
    CASE_DECIDED = "moderation.decided", "Decided a case"  # decision, label, measures
    WARNING_CONFIRMED = "moderation.warning_confirmed", "Confirmed a warning"  # decision
    DECISION_UNDONE = "moderation.undone", "Undid a decision"  # decision, restored, skipped
    # The target is the view. The details: team.
    VIEW_SAVED = "moderation.view_saved", "Saved a view of the queue"
    VIEW_CHANGED = "moderation.view_changed", "Changed a view of the queue"
    VIEW_DELETED = "moderation.view_deleted", "Deleted a view of the queue"
    # The target is the conversation or account that the note is about. The details: note; author.
    NOTE_ADDED = "moderation.note_added", "Added a note"
    NOTE_DELETED = "moderation.note_deleted", "Deleted a note"
    DECISION_LAPSED = "moderation.lapsed", "A decision lapsed: a text was changed"  # decision
    GROUP_DECIDED = "moderation.group_decided", "Decided many cases at once"  # cases, left out, label, action, of
    GROUP_UNDONE = "moderation.group_undone", "Undid many decisions at once"  # cases, left out, of
