"""A thread as the console shows it: in parts, each message with its place, depth and edits."""

from __future__ import annotations

import math
from dataclasses import dataclass

from messaging import threads
from messaging.edits import Edits, edits_by_message
from messaging.models import Message

PART = 200  # messages on one page
MOST_INDENTED = 6  # deeper replies are not indented further; "reply to …" says where they belong


@dataclass(frozen=True)
class Row:
    """A message in its thread. ``position`` counts from 1 in reading order; the parent's is None for a beginning."""

    message: Message
    position: int
    depth: int
    parent_position: int | None
    parent_part: int | None
    edits: Edits | None

    @property
    def indent(self) -> int:
        return min(self.depth, MOST_INDENTED)


class Thread:
    """One part of a conversation in reading order; four queries whatever its length."""

    part_size = PART

    def __init__(
        self, conversation_id: int, *, part: int = 1, position: int | None = None, message_id: int | None = None
    ) -> None:
        """The part numbered ``part``, or the one that holds the message at ``position`` or with ``message_id``.

        A part or position beyond either end gives the nearest; an unknown message the first part.
        """
        self.links = threads.conversation_links(conversation_id)
        self.order = threads.depth_first(self.links)
        self.positions = {self.links[place][0]: number for number, (place, _) in enumerate(self.order, start=1)}
        self.total = len(self.links)
        self.parts = max(1, math.ceil(self.total / PART))
        if message_id is not None:
            position = self.positions.get(message_id)
        if position is not None:
            part = self.part_of(min(max(position, 1), max(self.total, 1)))
        self.part = min(max(part, 1), self.parts)
        self.marked_id = self.id_at(position) if position else None

    @staticmethod
    def part_of(position: int) -> int:
        return (position - 1) // PART + 1

    def id_at(self, position: int) -> int | None:
        """The id of the message at ``position``, or at the nearest end; None in an empty conversation."""
        if not self.order:
            return None
        place, _ = self.order[min(max(position, 1), self.total) - 1]
        return self.links[place][0]

    @property
    def first_position(self) -> int:
        return (self.part - 1) * PART + 1

    @property
    def last_position(self) -> int:
        return min(self.part * PART, self.total)

    @property
    def part_numbers(self) -> range:
        return range(1, self.parts + 1)

    def rows(self) -> list[Row]:
        """The messages of this part, with their people, histories and differences."""
        places = self.order[self.first_position - 1 : self.last_position]
        messages = Message.objects.select_related("sender", "receiver").in_bulk(
            [self.links[place][0] for place, _ in places]
        )
        edits = edits_by_message(messages.values())
        found = ((messages.get(self.links[place][0]), depth) for place, depth in places)
        # A message that was deleted since the order was read is left out.
        return [self._row(message, depth, edits.get(message.pk)) for message, depth in found if message is not None]

    def _row(self, message: Message, depth: int, edits: Edits | None) -> Row:
        parent = self.positions.get(message.parent_message_id) if message.parent_message_id else None
        return Row(
            message=message,
            position=self.positions[message.pk],
            depth=depth,
            parent_position=parent,
            parent_part=self.part_of(parent) if parent else None,
            edits=edits,
        )


@dataclass(frozen=True)
class Context:
    """What surrounds a message: its nearest ancestors (the furthest first), how many come before those, its first
    direct replies, and how many more there are."""

    ancestors: list[Row]
    earlier: int
    replies: list[Row]
    more_replies: int


def context_of(message: Message, *, most_ancestors: int = 10, most_replies: int = 50) -> Context:
    """What ``message`` answers and what answers it, in six queries however much there is."""
    ids = threads.ancestor_ids(message.pk)
    nearest = list(reversed(ids[:most_ancestors]))
    messages = Message.objects.select_related("sender", "receiver")
    found = messages.in_bulk(nearest)
    replies = messages.filter(parent_message=message).order_by("timestamp", "id")
    shown = list(replies[:most_replies])
    edits = edits_by_message([*found.values(), *shown])
    return Context(
        ancestors=[_row_alone(found[one], edits.get(one)) for one in nearest if one in found],
        earlier=len(ids) - len(nearest),
        replies=[_row_alone(reply, edits.get(reply.pk)) for reply in shown],
        more_replies=max(0, replies.count() - most_replies),
    )


def row_alone(message: Message) -> Row:
    """A message outside of its thread: without a place."""
    return _row_alone(message, edits_by_message([message]).get(message.pk))


def _row_alone(message: Message, edits: Edits | None) -> Row:
    return Row(message, position=0, depth=0, parent_position=None, parent_part=None, edits=edits)
