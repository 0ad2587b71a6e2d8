"""Helpers that store messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from messaging.models import Message

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


def write(sender: Any, receiver: Any, content: str = "hello", *, minute: int = 0, **fields: Any) -> Message:
    """Store a message sent ``minute`` minutes after START."""
    fields.setdefault("timestamp", START + timedelta(minutes=minute))
    return Message.objects.create(sender=sender, receiver=receiver, content=content, **fields)


def answer(parent: Message, content: str = "hello back", *, minute: int = 1, **fields: Any) -> Message:
    """Store a reply to ``parent`` by its receiver."""
    fields = {"sender": parent.receiver, "receiver": parent.sender, **fields}
    return write(content=content, minute=minute, parent_message=parent, **fields)
