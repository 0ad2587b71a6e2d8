"""Threads: recursive queries over replies, and the order in which a conversation is read.

Everything ends on loops, which saving forbids but which a damaged database may hold, and nothing recurses in Python,
so that a chain of 5,000 replies works like any other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections

# UNION, not UNION ALL: a row that was already found is not followed again, so a loop ends.
DESCENDANTS = """
WITH RECURSIVE tree(id, parent_id, sent_at) AS (
    SELECT id, parent_message_id, "timestamp" FROM {table} WHERE id = %s
    UNION
    SELECT reply.id, reply.parent_message_id, reply."timestamp"
    FROM {table} reply JOIN tree ON reply.parent_message_id = tree.id
)
SELECT id, parent_id FROM tree ORDER BY sent_at, id
"""
ANCESTORS = """
WITH RECURSIVE line(id, parent_id) AS (
    SELECT id, parent_message_id FROM {table} WHERE id = %s
    UNION
    SELECT parent.id, parent.parent_message_id
    FROM {table} parent JOIN line ON parent.id = line.parent_id
)
SELECT id, parent_id FROM line
"""

Link = tuple[int, int | None]  # a message's id and its parent's


class ThreadMessage(NamedTuple):
    """A message as a thread shows it, without the weight of a model object; ``depth`` is 0 for a beginning."""

    id: int
    parent_id: int | None
    sender_id: Any
    sender: str
    receiver_id: Any
    receiver: str
    content: str
    timestamp: datetime
    edited: bool
    read: bool
    depth: int


def depth_first(links: Sequence[Link]) -> list[tuple[int, int]]:
    """Put messages in reading order: each followed by its replies.

    ``links`` are (id, parent id) with the oldest first. Returns (position in ``links``, depth) for every one of them.
    A message whose parent is not among them begins a thread of its own, and so does the oldest one of a loop.
    """
    positions = {message_id: position for position, (message_id, _) in enumerate(links)}
    replies: defaultdict[int, list[int]] = defaultdict(list)
    beginnings = []
    for position, (_, parent_id) in enumerate(links):
        if parent_id in positions:
            replies[positions[parent_id]].append(position)
        else:
            beginnings.append(position)
    found: list[tuple[int, int]] = []
    seen = bytearray(len(links))
    for start in (*beginnings, *range(len(links))):
        waiting = [] if seen[start] else [(start, 0)]
        while waiting:
            position, depth = waiting.pop()
            if seen[position]:
                continue
            seen[position] = 1
            found.append((position, depth))
            if position in replies:
                waiting += [(reply, depth + 1) for reply in reversed(replies[position])]
    return found


def _links(query: str, message_id: int, using: str) -> list[Link]:
    connection = connections[using]
    table = connection.ops.quote_name(apps.get_model("messaging", "Message")._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(query.format(table=table), [message_id])
        return cursor.fetchall()


def descendants(message_id: int, *, using: str = DEFAULT_DB_ALIAS) -> list[tuple[int, int]]:
    """(id, depth) of a message (depth 0) and of all that answers it, in reading order; empty where it is unknown."""
    links = _links(DESCENDANTS, message_id, using)
    # The start goes first, so that the thread begins with it even in a loop.
    links.sort(key=lambda link: link[0] != message_id)
    return [(links[position][0], depth) for position, depth in depth_first(links)]


def ancestor_ids(message_id: int, *, using: str = DEFAULT_DB_ALIAS) -> list[int]:
    """The ids of what a message answers: its parent first, the beginning of the conversation last.

    In a loop the message itself is the last one.
    """
    parents = dict(_links(ANCESTORS, message_id, using))
    found: dict[int, None] = {}
    parent = parents.get(message_id)
    while parent in parents and parent not in found:
        found[parent] = None
        parent = parents[parent]
    return list(found)


def conversation_links(conversation_id: int, *, using: str = DEFAULT_DB_ALIAS) -> list[Link]:
    """(id, parent id) of every message of a conversation, the oldest first, in one indexed query."""
    messages = apps.get_model("messaging", "Message").objects.using(using).filter(conversation_id=conversation_id)
    return list(messages.order_by("timestamp", "id").values_list("id", "parent_message_id"))


def read_conversation(conversation_id: int, *, using: str = DEFAULT_DB_ALIAS) -> list[ThreadMessage]:
    """A whole conversation in one query, in reading order."""
    messages = apps.get_model("messaging", "Message").objects.using(using).filter(conversation_id=conversation_id)
    rows = list(
        messages.order_by("timestamp", "id").values_list(
            "id", "parent_message_id", "sender_id", "sender__username", "receiver_id", "receiver__username",
            "content", "timestamp", "edited", "read",
        )
    )  # fmt: skip
    return [ThreadMessage(*rows[position], depth) for position, depth in depth_first([row[:2] for row in rows])]
