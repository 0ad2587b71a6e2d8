"""Audit events of reports, cases and decisions.

A name never changes or disappears: stored entries keep it for ever.
"""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy


class ModerationEvent(TextChoices):
    # The target is the case; for a report the message, for an import of reports the import, for a group the group. The
    # comments name the details; a decision of a group also has ``group``.
    MESSAGE_FLAGGED = "moderation.flagged", gettext_lazy("Reported a message")  # case, label
    FLAGS_IMPORTED = "moderation.flags_imported", gettext_lazy("Imported reports")  # flags, known, cases
    FLAGS_IMPORT_UNDONE = (
        "moderation.flags_import_undone",
        gettext_lazy("Undid an import of reports"),
    )  # flags, kept, cases
    CASE_OPENED = "moderation.case_opened", gettext_lazy("Opened a case")  # conversation
    CASE_READ = "moderation.case_read", gettext_lazy("Read a case")  # messages, histories
    CASE_CLAIMED = "moderation.claimed", gettext_lazy("Claimed a case")
    CASE_TAKEN_OVER = "moderation.taken_over", gettext_lazy("Took over a case")  # holder (account)
    CASE_RELEASED = "moderation.released", gettext_lazy("Released a case")
    CASE_SKIPPED = "moderation.skipped", gettext_lazy("Skipped a case")
    CASE_ESCALATED = "moderation.escalated", gettext_lazy("Escalated a case")
    CASE_RETURNED = "moderation.returned", gettext_lazy("Returned a case to the queue")
    CASE_WAITS = "moderation.waits", gettext_lazy("Set a case to wait")  # hours, reply
    CASE_DECIDED = "moderation.decided", gettext_lazy("Decided a case")  # decision, label, measures
    WARNING_CONFIRMED = "moderation.warning_confirmed", gettext_lazy("Confirmed a warning")  # decision
    DECISION_RESTORED = (
        "moderation.restored",
        gettext_lazy("Restored a decision"),
    )  # decision, label, measures, restores (the undo)
    DECISION_UNDONE = "moderation.undone", gettext_lazy("Undid a decision")  # decision, restored, skipped
    # The target is the view. Details: team.
    VIEW_SAVED = "moderation.view_saved", gettext_lazy("Saved a view of the queue")
    VIEW_CHANGED = "moderation.view_changed", gettext_lazy("Changed a view of the queue")
    VIEW_DELETED = "moderation.view_deleted", gettext_lazy("Deleted a view of the queue")
    # The target is the conversation or account that the note is about. Details: note, author.
    NOTE_ADDED = "moderation.note_added", gettext_lazy("Added a note")
    NOTE_DELETED = "moderation.note_deleted", gettext_lazy("Deleted a note")
    DECISION_LAPSED = "moderation.lapsed", gettext_lazy("A decision lapsed: a text was changed")  # decision
    GROUP_DECIDED = (
        "moderation.group_decided",
        gettext_lazy("Decided many cases at once"),
    )  # cases, left_out, label, action, warns, of
    GROUP_UNDONE = "moderation.group_undone", gettext_lazy("Undid many decisions at once")  # cases, left_out, of
