"""Random conversations for properties, and the obvious (slow, recursive) answers to compare with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Count, Q
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from messaging.models import Conversation, Message
from messaging.tests.conversations import answer, write

properties = settings(
    deadline=None,
    max_examples=25,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

Link = tuple[int, int | None]


class Seed(NamedTuple):
    """A message to be: the position of what it answers (None: nothing), and of its people, and when it was sent."""

    parent: int | None
    sender: int
    receiver: int
    minute: int


@st.composite
def forests(draw: st.DrawFn, *, people: int = 3, most: int = 12) -> list[Seed]:
    """Up to ``most`` messages between ``people`` people, many of them sent at the same time or before their parent."""
    person, minute = st.integers(0, people - 1), st.integers(0, 5)
    seeds = []
    for position in range(draw(st.integers(1, most))):
        parent = draw(st.none() | st.integers(0, position - 1)) if position else None
        seeds.append(Seed(parent, draw(person), draw(person), draw(minute)))
    return seeds


def plant(seeds: Sequence[Seed], people: Sequence[Any], **fields: Any) -> list[Message]:
    """Store a forest; the messages in the order of their seeds."""
    messages: list[Message] = []
    for number, seed in enumerate(seeds):
        who = {"sender": people[seed.sender], "receiver": people[seed.receiver], "minute": seed.minute, **fields}
        content = f"text {number}"
        if seed.parent is None:
            messages.append(write(content=content, **who))
        else:
            messages.append(answer(messages[seed.parent], content, **{**who, "conversation": None}))
    return messages


@contextmanager
def forgotten() -> Iterator[None]:
    """Whatever this block stores is gone afterwards: one example of a property leaves nothing to the next."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def reading_order(links: Sequence[Link]) -> list[tuple[int, int]]:
    """(id, depth) of messages given as (id, parent id), the oldest first: parents before children, recursively."""
    known = {message_id for message_id, _ in links}

    def below(parent_id: int | None, depth: int) -> list[tuple[int, int]]:
        found = []
        for message_id, its_parent in links:
            if (its_parent if its_parent in known else None) == parent_id:
                found += [(message_id, depth), *below(message_id, depth + 1)]
        return found

    return below(None, 0)


def stored_counts() -> dict[int, tuple[Any, ...]]:
    """What conversations say of themselves, by id."""
    rows = Conversation.objects.values_list("id", "message_count", "unread_count", "last_message_at")
    return {row[0]: row[1:] for row in rows}


def true_counts() -> dict[int, tuple[Any, ...]]:
    """What the messages say of their conversations, by id."""
    counts = {}
    for conversation_id in Conversation.objects.values_list("id", flat=True):
        messages = Message.objects.filter(conversation_id=conversation_id)
        figures = messages.aggregate(all=Count("id"), unread=Count("id", filter=Q(read=False)))
        newest = messages.order_by("-timestamp").first()
        counts[conversation_id] = (figures["all"], figures["unread"], newest and newest.timestamp)
    return counts


def chain(sender: Any, receiver: Any, length: int) -> list[Message]:
    """A conversation in which every message answers the one before; quickly."""
    first = write(sender, receiver, "0")
    times = [first.timestamp] * length
    Message.objects.bulk_create(
        Message(
            conversation_id=first.conversation_id,
            sender=(sender, receiver)[number % 2],
            receiver=(receiver, sender)[number % 2],
            content=str(number),
            timestamp=times[number],
        )
        for number in range(1, length)
    )
    messages = list(Message.objects.filter(conversation_id=first.conversation_id).order_by("id"))
    for message, parent in zip(messages[1:], messages, strict=False):
        message.parent_message = parent
    Message.objects.bulk_update(messages[1:], ["parent_message"], batch_size=400)
    return messages
