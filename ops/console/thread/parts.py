"""A conversation as the console shows it: in parts, each message with its place in the thread, its text and edits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging import threads
from messaging.edits import Edits, edits_by_message
from messaging.languages.wording import listed, numbered
from messaging.models import Message
from messaging.reading import branching
from ops.console.thread import unread
from ops.console.thread.rows import Answered, NotRead, Row, row_of
from ops.console.thread.texts import Find

PART_SIZE = 200  # messages in one part
MAX_INDENT = 6  # levels; deeper branches are not indented further, but name the message that they answer
MOST_CHARACTERS = 2_000_000  # of the texts of one page; beyond, long texts are cut after their beginning
MOST_PEOPLE = 100  # listed individually; an artificial conversation may have thousands
NAMED_READERS = 3  # for more people, a divider shows their number


@dataclass
class Participant:
    """A person in a conversation, with the numbers of messages sent and received, of sent ones that were edited, and
    of received ones that are unread."""

    person: Any
    sent: int = 0
    received: int = 0
    edited: int = 0
    unread: int = 0
    share: int = 0  # of all messages, in per cent


def people_in_words(names: Sequence[str]) -> str:
    """Return names for a title: at most three of them, "" for none."""
    if len(names) <= 3:
        return listed(names)
    others = len(names) - 2
    text = ngettext("%(first)s, %(second)s and %(number)s other", "%(first)s, %(second)s and %(number)s others", others)
    return numbered(text, others, first=names[0], second=names[1])


class Thread:
    """One part of a conversation in reading order, loaded by five queries however long the conversation is."""

    part_size = PART_SIZE

    def __init__(
        self,
        conversation_id: int,
        *,
        part: int = 1,
        position: int | None = None,
        message_id: int | None = None,
        person_id: int | None = None,
        find: Find | None = None,
        with_edits: bool = True,
    ) -> None:
        """Select the part numbered ``part``, or the one with the message at ``position`` or with ``message_id``.

        A part or position beyond either end selects the nearest one, an unknown message the part numbered ``part``.
        With ``person_id``, only messages from this person are selected, with their positions in the whole thread, or
        all if this person sent none. Rows mark the words that ``find`` finds, and have older texts only ``with_edits``.
        """
        self.with_edits, self.find = with_edits, find
        stubs = threads.conversation_stubs(conversation_id)
        order = threads.depth_first([(stub.id, stub.parent_id) for stub in stubs])
        self.stubs = [stubs[place] for place, _ in order]  # in reading order
        self.depths = [depth for _, depth in order]
        self.indexes = {stub.id: index for index, stub in enumerate(self.stubs)}
        self.parents = [self.indexes.get(stub.parent_id) if stub.parent_id else None for stub in self.stubs]
        self.heads = branching.runs(self.parents, [stub.sender_id for stub in self.stubs])
        by_person: list[int] = []
        if person_id is not None:
            by_person = [index for index, stub in enumerate(self.stubs) if stub.sender_id == person_id]
        self.person_id = person_id if by_person else None
        self.selected: Sequence[int] = by_person or range(len(self.stubs))
        self.total, self.selected_total = len(self.stubs), len(self.selected)
        self.parts = max(1, math.ceil(self.selected_total / PART_SIZE))
        self.marked_id = self._id_at(position) if position else None
        if message_id is not None:
            self.marked_id = message_id if message_id in self.indexes else None
        if self.marked_id is not None:
            part = self._part_of(self.indexes[self.marked_id])
        self.part = min(max(part, 1), self.parts)

    def _part_of(self, index: int) -> int:
        """Return the part with the selected message at this index, or with the nearest one before it."""
        before = sum(1 for one in self.selected if one <= index) if self.person_id else index + 1
        return max(before - 1, 0) // PART_SIZE + 1

    def _id_at(self, position: int) -> int | None:
        """Return the id of the message at ``position`` or at the nearer end; None if the conversation is empty."""
        return self.stubs[min(max(position, 1), self.total) - 1].id if self.stubs else None

    @property
    def part_numbers(self) -> range:
        return range(1, self.parts + 1)

    @property
    def shown(self) -> Sequence[int]:
        """The indexes of this part's messages."""
        return self.selected[(self.part - 1) * PART_SIZE : self.part * PART_SIZE]

    @property
    def first_position(self) -> int:
        """The position of this part's first message among the selected ones, counted from 1."""
        return (self.part - 1) * PART_SIZE + 1

    @property
    def last_position(self) -> int:
        return min(self.part * PART_SIZE, self.selected_total)

    @cached_property
    def people(self) -> dict[Any, Any]:
        """Everybody in the conversation by primary key, in the order in which they appear."""
        ids = dict.fromkeys(one for stub in self.stubs for one in (stub.sender_id, stub.receiver_id))
        found = get_user_model()._base_manager.in_bulk(list(ids))
        return {one: found[one] for one in ids if one in found}

    @cached_property
    def participants(self) -> list[Participant]:
        """Everybody in the conversation, most messages sent first."""
        everybody = {one: Participant(person) for one, person in self.people.items()}
        nobody = Participant(None)  # deleted since the thread was read
        for stub in self.stubs:
            sender, receiver = everybody.get(stub.sender_id, nobody), everybody.get(stub.receiver_id, nobody)
            sender.sent += 1
            sender.edited += stub.edited
            receiver.received += 1
            receiver.unread += not stub.read
        for one in everybody.values():
            one.share = round(100 * one.sent / self.total)
        return sorted(everybody.values(), key=lambda one: -one.sent)

    @property
    def most_active(self) -> list[Participant]:
        """The participants that a page lists individually."""
        return self.participants[:MOST_PEOPLE]

    @property
    def less_active(self) -> int:
        """How many participants a page leaves out."""
        return len(self.participants) - len(self.most_active)

    @property
    def only(self) -> Participant | None:
        """The participant to whom the thread is narrowed."""
        return next((one for one in self.participants if one.person.pk == self.person_id), None)

    @cached_property
    def rows(self) -> list[Row]:
        """The messages of this part, with their people and edits."""
        # Messages deleted since the order was read are left out.
        found = Message.objects.in_bulk([self.stubs[index].id for index in self.shown])
        shown = [index for index in self.shown if self.stubs[index].id in found]
        messages = [found[self.stubs[index].id] for index in shown]
        for message in messages:
            for role, key in (("sender", message.sender_id), ("receiver", message.receiver_id)):
                if key in self.people:
                    setattr(message, role, self.people[key])
        edits = edits_by_message(messages) if self.with_edits else {}
        return list(self._laid_out(shown, messages, edits))

    def _laid_out(self, shown: Sequence[int], messages: Sequence[Message], edits: dict[int, Edits]) -> Iterator[Row]:
        direct = branching.right_below(shown, self.parents, self.heads)
        levels = branching.levels(self.parents, self.depths, self.heads) if self.person_id is None else None
        dividers, single = self._unread(shown)
        characters = 0
        row = None
        for index, message, follows in zip(shown, messages, direct, strict=True):
            characters += len(message.content)
            row = row_of(
                message,
                edits.get(message.pk),
                before=row,
                find=self.find,
                with_rest=characters <= MOST_CHARACTERS,
                position=index + 1,
                depth=self.depths[index],
                level=min(levels[index], MAX_INDENT) if levels else 0,
                answered=None if follows else self._answered(index),
                names_receiver=self._names_receiver(index),
                not_read_by=dividers.get(index),
                is_single_unread=index in single,
            )
            yield row

    def _answered(self, index: int) -> Answered | None:
        """Return the message that this one answers, or None."""
        parent = self.parents[index]
        if parent is None:
            return None
        stub = self.stubs[parent]
        person = self.people.get(stub.sender_id)
        return Answered(stub.id, parent + 1, person.get_username() if person else "", parent in self._shown_set)

    @cached_property
    def _shown_set(self) -> set[int]:
        return set(self.shown)

    def _names_receiver(self, index: int) -> bool:
        """Whether a row must name the receiver: not between two people, nor if it answers a message of the receiver."""
        parent = self.parents[index]
        answers_receiver = parent is not None and self.stubs[parent].sender_id == self.stubs[index].receiver_id
        return len(self.people) > 2 and not answers_receiver

    def _unread(self, shown: Sequence[int]) -> tuple[dict[int, NotRead], set[int]]:
        """Return the dividers of this part, by the index of a shown message, and the other unread messages."""
        stubs = [self.stubs[index] for index in self.selected]
        found = unread.not_yet_read([stub.receiver_id for stub in stubs], [stub.read for stub in stubs])
        single = {self.selected[place] for place in found.single}
        dividers: dict[int, list[Any]] = {}
        for place, people in found.dividers.items():
            index = self.selected[place]
            # A divider in an earlier part applies to this whole part: repeat it at the top.
            at = next((one for one in shown if one >= index), None)
            if at is not None:
                dividers.setdefault(at, []).extend(people)
        receivers = len({stub.receiver_id for stub in stubs})
        return {index: self._not_read(people, of=receivers) for index, people in dividers.items()}, single

    def _not_read(self, keys: Sequence[Any], *, of: int) -> NotRead:
        """Return the people of a divider; ``of`` is the number of receivers."""
        if len(keys) == of > 2:
            return NotRead(anyone=True)
        names = [self.people[key].get_username() for key in keys if key in self.people]
        return NotRead(number=len(names)) if len(names) > NAMED_READERS else NotRead(listed(names))

    @property
    def title(self) -> str:
        """A title made of the people in the conversation."""
        names = [person.get_username() for person in self.people.values()]
        return people_in_words(names) or _("Empty conversation")
