"""A conversation of the real chats in ../shared/data, for tests of how threads are read."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings

from messaging.models import Conversation, Message
from messaging.tests.cast import make_user

FILE = Path(settings.BASE_DIR).parent / "shared/data/irc-ubuntu/messages.csv"


def store_conversation(size: int) -> Conversation:
    """Store a conversation of just ``size`` messages from the chats; skip the test if the chats are missing."""
    if not FILE.exists():
        pytest.skip(f"The chats are not there ({FILE}).")
    with FILE.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    beginnings: dict[str, str] = {}
    conversations = defaultdict(list)
    for row in rows:  # parents come before their replies
        begin = beginnings.get(row["parent_external_id"], row["external_id"])
        beginnings[row["external_id"]] = begin
        conversations[begin].append(row)
    chosen = next(one for one in conversations.values() if len(one) == size)
    names = {row[role] for row in chosen for role in ("sender", "receiver")}
    people = {name: make_user(name) for name in sorted(names)}
    first = chosen[0]["timestamp"].replace("Z", "+00:00")
    conversation = Conversation.objects.create(started_at=datetime.fromisoformat(first))
    stored: dict[str, Message] = {}
    for row in chosen:
        stored[row["external_id"]] = Message.objects.create(
            conversation=conversation,
            sender=people[row["sender"]],
            receiver=people[row["receiver"]],
            content=row["content"],
            timestamp=datetime.fromisoformat(row["timestamp"].replace("Z", "+00:00")),
            parent_message=stored.get(row["parent_external_id"]),
            read=True,
        )
    return conversation
