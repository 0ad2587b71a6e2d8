"""The ids of the rows that an import adds: one reserved range per table, by which they are all known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model

from messaging.models import Conversation, Message, MessageHistory
from ops.imports.models import Import
from ops.imports.staging.base import Staging


@dataclass(frozen=True, slots=True)
class Bases:
    """The id before the first reserved one of each table, None where none were reserved.

    The id of a row's message is its base plus the row's number; likewise for conversations and histories.
    """

    messages: int | None = None
    conversations: int | None = None
    users: int | None = None
    histories: int | None = None

    @classmethod
    def of(cls, import_: Import) -> Bases:
        """Return the bases of an import."""
        return cls(import_.message_base, import_.conversation_base, import_.user_base, import_.history_base)

    def set_on(self, import_: Import) -> None:
        import_.message_base, import_.conversation_base = self.messages, self.conversations
        import_.user_base, import_.history_base = self.users, self.histories


def reserve_ids(staging: Staging, counts: dict[str, Any], last_row: int) -> Bases:
    """Reserve ids for the new and changed rows and the missing people in ``counts`` (of the check)."""
    new, changed, users = counts["new"], counts["changed"], counts["users"]
    return Bases(
        messages=staging.reserve_ids(Message, last_row) if new else None,
        conversations=staging.reserve_ids(Conversation, last_row) if new else None,
        histories=staging.reserve_ids(MessageHistory, last_row) if changed else None,
        users=staging.reserve_ids(get_user_model(), users) if users else None,
    )


def ids_after(base: int | None, number: int) -> tuple[int, int]:
    """Return the range of reserved ids: above the first number, up to the second. Empty without a base."""
    return (base, base + number) if base is not None else (0, 0)
