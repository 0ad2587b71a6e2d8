"""Reading one conversation in order: ours, the recursion over ``.replies.all()``, and plain SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection

from bench.generate import shape
from bench.measure import Case, Figure, Goal, Timing, repeat
from messaging.threads import load_conversation

MOST_TIMES_RAW, TIMES_FASTER = 3, 100

SQL = """
SELECT m.id, m.parent_message_id, m.sender_id, s.username, m.receiver_id, r.username,
       m.content, m.timestamp, m.edited, m.read
FROM messaging_message m JOIN {user} s ON s.id = m.sender_id JOIN {user} r ON r.id = m.receiver_id
WHERE m.conversation_id = %s
ORDER BY m.timestamp, m.id
"""


def cases(messages: int) -> list[Case]:
    special = shape(messages)
    return [
        Case("long", f"thread of {special.long:,}"),
        Case("chain", f"chain of {special.chain:,}"),
    ]


def goals(figures: Mapping[str, Figure]) -> list[Goal]:
    """Return the goals of a thread."""
    ours, vanilla, raw_sql = figures["ours"], figures["vanilla"], figures["raw"]
    goals = [Goal(f"≤ {MOST_TIMES_RAW}× raw", 0 < ours.best <= MOST_TIMES_RAW * raw_sql.best)]
    if vanilla.best:
        goals.append(Goal(f"≥ {TIMES_FASTER}× vanilla", 0 < ours.best * TIMES_FASTER <= vanilla.best))
    return goals


def run(case: Case, way: str, messages: int) -> Timing:
    """Read the special thread of ``case``; the result is the number of messages. Vanilla may raise RecursionError."""
    length = getattr(shape(messages), case.key)
    conversations = apps.get_model("messaging", "Conversation").objects.filter(message_count=length)
    conversation_id = conversations.order_by("id").values_list("id", flat=True)[0]
    read: dict[str, Callable[[int], list]] = {"ours": load_conversation, "vanilla": recursive, "raw": raw}
    timing = repeat(lambda: len(read[way](conversation_id)))
    if timing.result != length:
        raise RuntimeError(f"{way} read {timing.result} of {length} messages.")
    return timing


def recursive(conversation_id: int) -> list[tuple]:
    """Read the thread the plain way: each message queries its replies, and the names of its people."""
    found: list[tuple] = []

    def visit(message: Any, depth: int) -> None:
        found.append((depth, message.sender.username, message.receiver.username, message.content, message.timestamp))
        for reply in message.replies.all():
            visit(reply, depth + 1)

    beginnings = apps.get_model("messaging", "Message").objects.filter(
        conversation_id=conversation_id, parent_message=None
    )
    for beginning in beginnings:
        visit(beginning, 0)
    return found


def raw(conversation_id: int) -> list[tuple]:
    """Read the same columns in one SQL query."""
    user = connection.ops.quote_name(get_user_model()._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(SQL.format(user=user), [conversation_id])
        return cursor.fetchall()
