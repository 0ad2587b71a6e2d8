"""What the page of a case shows of its conversation: reported messages with a few around them, and no more."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from messaging.differences import Difference, compare, shortened
from messaging.models import MessageHistory
from ops.console.thread.parts import PART_SIZE, Thread
from ops.console.thread.rows import Row
from ops.moderation.models import Flag, Outcome

AROUND = 5  # messages shown before and after a reported one


@dataclass
class Shown:
    """A message on the page of a case: its row, how many are left out before it, and its flags.

    ``then`` is the text that was reported, where it reads otherwise now, with what changed since (``changes``).
    """

    row: Row
    left_out: int
    flags: list[Flag] = field(default_factory=list)
    then: str | None = None
    changes: list[Difference] = field(default_factory=list)

    @property
    def is_covered(self) -> bool:
        """Whether the text comes covered, with a word of warning."""
        return any(flag.label.hard_to_read for flag in self.flags)

    @property
    def waits(self) -> bool:
        """Whether one of its flags is to be decided."""
        return any(flag.outcome == Outcome.WAITING for flag in self.flags)


class Excerpt(Thread):
    """The reported messages of a conversation with AROUND messages on both sides, in reading order."""

    def __init__(self, conversation_id: int, reported: Collection[int]) -> None:
        super().__init__(conversation_id, with_edits=False)
        places = [self.indexes[pk] for pk in reported if pk in self.indexes]
        near = {index for place in places for index in range(place - AROUND, place + AROUND + 1)}
        self.selected = sorted(near & set(range(self.total)))[:PART_SIZE]
        self.selected_total = len(self.selected)
        self.parts = self.part = 1


def shown_of(conversation_id: int, flags: Collection[Flag], *, with_histories: bool) -> list[Shown]:
    """Return what the page of a case shows. Texts as they were reported only ``with_histories``."""
    by_message: dict[int, list[Flag]] = {}
    for flag in flags:
        if flag.message_id is not None:
            by_message.setdefault(flag.message_id, []).append(flag)
    excerpt = Excerpt(conversation_id, by_message)
    shown, before = [], 0
    for row in excerpt.rows:
        shown.append(Shown(row, row.position - before - 1, by_message.get(row.message.pk, [])))
        before = row.position
    if with_histories:
        _compare(shown)
    return shown


def _compare(shown: list[Shown]) -> None:
    """Set the reported texts where they read otherwise now: those of the latest report."""
    wanted: dict[int, int] = {}
    for one in shown:
        revision = max((flag.revision for flag in one.flags), default=one.row.message.revision)
        if revision < one.row.message.revision:
            wanted[one.row.message.pk] = revision
    if not wanted:
        return
    stored = MessageHistory.objects.filter(message__in=wanted).order_by()
    texts: dict[Any, str] = {
        message: text
        for message, revision, text in stored.values_list("message", "revision", "old_content")
        if wanted[message] == revision
    }
    for one in shown:
        if one.row.message.pk in texts:
            one.then = texts[one.row.message.pk]
            one.changes = shortened(compare(one.then, one.row.message.content).differences)
