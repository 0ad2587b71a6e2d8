"""What the audit trail records of reports, cases and decisions.

A name never changes or disappears: stored entries keep it for ever.
"""

from __future__ import annotations

from django.db.models import TextChoices


class ModerationEvent(TextChoices):
    # The target is the case, of a flag the message. The details: case; label; measures by kind; hours; conversation.
    MESSAGE_FLAGGED = "moderation.flagged", "Reported a message"  # case, label
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
    DECISION_UNDONE = "moderation.undone", "Undid a decision"  # decision, skipped
    DECISION_LAPSED = "moderation.lapsed", "A decision lapsed: a text was changed"  # decision
