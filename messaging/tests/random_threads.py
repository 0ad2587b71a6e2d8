"""Random conversations for property tests, and slow, plain implementations to compare results with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Count, Q
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from messaging.models import Conversation, Message
from messaging.tests.conversations import answer, write
from messaging.tests.examples import examples

property_test = settings(
    deadline=None,
    max_examples=examples(25),
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

Link = tuple[int, int | None]  # the ids of a message and of its parent


class MessageSpec(NamedTuple):
    """A message to store: the positions of its parent (None without one) and its people, and when it was sent."""

    parent: int | None
    sender: int
    receiver: int
    minute: int


@st.composite
def thread_specs(draw: st.DrawFn, *, people: int = 3, most: int = 12) -> list[MessageSpec]:
    """Draw up to ``most`` messages between ``people`` people, many sent simultaneously or before their parents."""
    person, minute = st.integers(0, people - 1), st.integers(0, 5)
    specs = []
    for position in range(draw(st.integers(1, most))):
        parent = draw(st.none() | st.integers(0, position - 1)) if position else None
        specs.append(MessageSpec(parent, draw(person), draw(person), draw(minute)))
    return specs


def store(specs: Sequence[MessageSpec], people: Sequence[Any], **fields: Any) -> list[Message]:
    """Store a message for each spec, and return them in the same order."""
    messages: list[Message] = []
    for number, spec in enumerate(specs):
        who = {"sender": people[spec.sender], "receiver": people[spec.receiver], "minute": spec.minute, **fields}
        content = f"text {number}"
        if spec.parent is None:
            messages.append(write(content=content, **who))
        else:
            messages.append(answer(messages[spec.parent], content, **{**who, "conversation": None}))
    return messages


@contextmanager
def rolled_back() -> Iterator[None]:
    """Roll back what this block stores, so that one example of a property leaves nothing for the next."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def reading_order(links: Sequence[Link]) -> list[tuple[int, int]]:
    """Return (id, depth) of messages in reading order, by recursion; takes their links, oldest first."""
    known = {message_id for message_id, _ in links}

    def below(parent_id: int | None, depth: int) -> list[tuple[int, int]]:
        found = []
        for message_id, its_parent in links:
            if (its_parent if its_parent in known else None) == parent_id:
                found += [(message_id, depth), *below(message_id, depth + 1)]
        return found

    return below(None, 0)


def stored_counts() -> dict[int, tuple[Any, ...]]:
    """Return the counts stored with the conversations: messages, unread ones, and the latest timestamp, by id."""
    rows = Conversation.objects.values_list("id", "message_count", "unread_count", "last_message_at")
    return {row[0]: row[1:] for row in rows}


def true_counts() -> dict[int, tuple[Any, ...]]:
    """Return the same counts as ``stored_counts``, counted from the messages."""
    counts = {}
    for conversation_id in Conversation.objects.values_list("id", flat=True):
        messages = Message.objects.filter(conversation_id=conversation_id)
        figures = messages.aggregate(all=Count("id"), unread=Count("id", filter=Q(read=False)))
        newest = messages.order_by("-timestamp").first()
        counts[conversation_id] = (figures["all"], figures["unread"], newest and newest.timestamp)
    return counts


def chain(sender: Any, receiver: Any, length: int) -> list[int]:
    """Store a conversation in which every message is a reply to the one before; return their ids.

    One statement copies the first message: creating the messages in Python takes longer than the tests that use them.
    """
    first = write(sender, receiver, "0")
    columns = {name: name for name in (str(field.column) for field in Message._meta.concrete_fields)}
    columns |= {
        "id": "id + number",
        "sender_id": "CASE number % 2 WHEN 0 THEN sender_id ELSE receiver_id END",
        "receiver_id": "CASE number % 2 WHEN 0 THEN receiver_id ELSE sender_id END",
        "content": "CAST(number AS text)",
        "parent_message_id": "id + number - 1",
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE numbers (number) AS"
            f" (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < {length - 1})"
            f" INSERT INTO messaging_message ({', '.join(columns)})"
            f" SELECT {', '.join(columns.values())} FROM messaging_message CROSS JOIN numbers"
            f" WHERE id = {first.pk}"
        )
        for statement in connection.ops.sequence_reset_sql(no_style(), [Message]):
            cursor.execute(statement)
        if connection.vendor == "postgresql":
            # The lookup of a parent was planned for few rows: without this it would read all of them each time.
            cursor.execute("ANALYZE messaging_message")
    Conversation.objects.filter(pk=first.conversation_id).recount()
    return list(range(first.pk, first.pk + length))
