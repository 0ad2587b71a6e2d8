"""Threads: recursive queries for replies and ancestors, and the order in which a conversation is read.

Message.save() refuses loops, but all functions here terminate even if a damaged database contains one. Nothing recurses
in Python, so a chain of 5,000 replies works like any other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections

# UNION, unlike UNION ALL, never follows a row twice, so the query ends even if there is a loop.
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

Link = tuple[int, int | None]  # the ids of a message and of its parent


class ThreadMessage(NamedTuple):
    """The fields of a message that a thread shows, lighter than a model instance; ``depth`` is 0 without a parent."""

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


STUB_COLUMNS = ("id", "parent_message_id", "sender_id", "receiver_id", "read", "edited")


class Stub(NamedTuple):
    """A message without its text, with the fields that the layout of a thread needs."""

    id: int
    parent_id: int | None
    sender_id: Any
    receiver_id: Any
    read: bool
    edited: bool


def depth_first(links: Sequence[Link]) -> list[tuple[int, int]]:
    """Put messages in reading order: each is followed by its replies, oldest first.

    ``links`` are (id, parent's id) of messages, oldest first. Return (position in ``links``, depth) of every message. A
    message whose parent is not among them is a root, and so is the oldest message of a loop.
    """
    positions = {message_id: position for position, (message_id, _) in enumerate(links)}
    replies: defaultdict[int, list[int]] = defaultdict(list)
    roots = []
    for position, (_, parent_id) in enumerate(links):
        if parent_id in positions:
            replies[positions[parent_id]].append(position)
        else:
            roots.append(position)
    order: list[tuple[int, int]] = []
    seen = bytearray(len(links))
    for start in (*roots, *range(len(links))):  # after the roots, only loops remain
        stack = [] if seen[start] else [(start, 0)]
        while stack:
            position, depth = stack.pop()
            if seen[position]:
                continue
            seen[position] = 1
            order.append((position, depth))
            if position in replies:
                stack += [(reply, depth + 1) for reply in reversed(replies[position])]
    return order


def _run_query(query: str, message_id: int, using: str) -> list[Link]:
    connection = connections[using]
    table = connection.ops.quote_name(apps.get_model("messaging", "Message")._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(query.format(table=table), [message_id])
        return cursor.fetchall()


def descendants(message_id: int, *, using: str = DEFAULT_DB_ALIAS) -> list[tuple[int, int]]:
    """Return (id, depth) of a message (depth 0) and of all replies below it, in reading order; [] if it is unknown."""
    links = _run_query(DESCENDANTS, message_id, using)
    # Put the message first, so that it becomes the root even of a loop.
    links.sort(key=lambda link: link[0] != message_id)
    return [(links[position][0], depth) for position, depth in depth_first(links)]


def ancestor_ids(message_id: int, *, using: str = DEFAULT_DB_ALIAS) -> list[int]:
    """Return the ids of a message's ancestors, from its parent to the root.

    In a loop, the message itself is the last one.
    """
    parents = dict(_run_query(ANCESTORS, message_id, using))
    ancestors: dict[int, None] = {}  # a dict keeps the order and looks up keys fast
    parent = parents.get(message_id)
    while parent in parents and parent not in ancestors:
        ancestors[parent] = None
        parent = parents[parent]
    return list(ancestors)


def conversation_links(conversation_id: int, *, using: str = DEFAULT_DB_ALIAS) -> list[Link]:
    """Return (id, parent's id) of every message of a conversation, oldest first, in one indexed query."""
    messages = apps.get_model("messaging", "Message").objects.using(using).filter(conversation_id=conversation_id)
    return list(messages.order_by("timestamp", "id").values_list("id", "parent_message_id"))


def conversation_stubs(conversation_id: int, *, using: str = DEFAULT_DB_ALIAS) -> list[Stub]:
    """Return a Stub for every message of a conversation, oldest first, in one indexed query."""
    messages = apps.get_model("messaging", "Message").objects.using(using).filter(conversation_id=conversation_id)
    return list(map(Stub._make, messages.order_by("timestamp", "id").values_list(*STUB_COLUMNS)))


def load_conversation(conversation_id: int, *, using: str = DEFAULT_DB_ALIAS) -> list[ThreadMessage]:
    """Return all messages of a conversation in reading order, in one query."""
    messages = apps.get_model("messaging", "Message").objects.using(using).filter(conversation_id=conversation_id)
    rows = list(
        messages.order_by("timestamp", "id").values_list(
            "id", "parent_message_id", "sender_id", "sender__username", "receiver_id", "receiver__username",
            "content", "timestamp", "edited", "read",
        )
    )  # fmt: skip
    return [ThreadMessage(*rows[position], depth) for position, depth in depth_first([row[:2] for row in rows])]
