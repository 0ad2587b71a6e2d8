"""What the uploader of a file chooses about rows that need a decision."""

from __future__ import annotations

from dataclasses import dataclass

from ops.files.sources import JsonOptions


@dataclass(frozen=True)
class Choices(JsonOptions):
    """How rows that need a decision are treated.

    ``create_users``: missing people get accounts (inactive, without a password). ``start_conversations``: a row whose
    parent is missing starts a conversation. ``existing``: a row whose external id is stored with another text is
    refused ("refuse"), recorded as an edit with history ("edit") or left out ("skip"). ``only_valid``: rows with
    errors are excluded and come back as a file. ``notify``: receivers of new messages are notified.
    """

    create_users: bool = False
    start_conversations: bool = False
    existing: str = "refuse"
    only_valid: bool = False
    notify: bool = False
