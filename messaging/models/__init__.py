"""Conversations, messages, the earlier texts of edited messages, and notifications."""

from messaging.models.conversations import Conversation
from messaging.models.histories import MessageHistory
from messaging.models.messages import (
    HIDDEN_TEXT_STAYS,
    ORIGINAL_WITHHELD,
    REDACTED_TEXT_STAYS,
    REMOVED,
    TEXT_CHANGED,
    UNSTORABLE_TEXT,
    Message,
    TextChanged,
)
from messaging.models.notifications import Notification
from messaging.people.blocks import Block
from messaging.people.drafts import Draft

__all__ = [
    "HIDDEN_TEXT_STAYS",
    "ORIGINAL_WITHHELD",
    "REDACTED_TEXT_STAYS",
    "REMOVED",
    "TEXT_CHANGED",
    "UNSTORABLE_TEXT",
    "Block",
    "Conversation",
    "Draft",
    "Message",
    "MessageHistory",
    "Notification",
    "TextChanged",
]
