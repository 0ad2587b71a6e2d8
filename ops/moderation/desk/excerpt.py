"""The excerpt of a conversation on the page of a case: reported messages and a few around each, and no more."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from messaging.differences import Difference, compare, shortened
from messaging.models import MessageHistory
from ops.console.thread.covering import cover
from ops.console.thread.parts import PART_SIZE, Thread
from ops.console.thread.rows import Row
from ops.moderation.models import Flag, Outcome

AROUND = 5  # messages shown before and after a reported one


@dataclass
class Shown:
    """A message on the page of a case: its row, the number of messages left out before it, and its flags.

    ``is_free``: it opens without a reason, because it or a message near it was reported. ``then`` is the reported text
    if the text has changed since, and ``changes`` are the differences. ``withheld``: the text changed because
    moderators removed part of it, so the reported text is not shown. ``is_newer``: it was sent after the last decision
    about the conversation; ``begins_newer``: it is the first such message.
    """

    row: Row
    left_out: int
    is_free: bool
    flags: list[Flag] = field(default_factory=list)
    then: str | None = None
    withheld: bool = False
    is_newer: bool = False
    begins_newer: bool = False
    changes: list[Difference] = field(default_factory=list)

    @property
    def waits(self) -> bool:
        """Whether one of its flags is waiting for a decision."""
        return any(flag.outcome == Outcome.WAITING for flag in self.flags)


class Excerpt(Thread):
    """The reported messages of a conversation with AROUND messages on both sides, in reading order.

    With ``rest``, as many messages as one page holds, starting half a page before the first reported one. ``free``
    holds the ids of the messages around those in ``freeing``.
    """

    def __init__(
        self, conversation_id: int, reported: Collection[int], *, freeing: Collection[int], rest: bool
    ) -> None:
        super().__init__(conversation_id, with_edits=False)
        places = [self.indexes[pk] for pk in reported if pk in self.indexes]
        near_ones = self._around(reported)[:PART_SIZE]
        self.free = {self.stubs[index].id for index in self._around(freeing)[:PART_SIZE]}
        self.selected = near_ones
        if rest and places:
            start = max(0, min(min(places) - PART_SIZE // 2, self.total - PART_SIZE))
            self.selected = sorted({*near_ones, *range(start, min(start + PART_SIZE, self.total))})[:PART_SIZE]
        self.selected_total = len(self.selected)
        self.parts = self.part = 1

    def _around(self, keys: Collection[int]) -> list[int]:
        """Return the indexes of these messages and of AROUND messages on both sides, in reading order."""
        places = [self.indexes[pk] for pk in keys if pk in self.indexes]
        near = {index for place in places for index in range(place - AROUND, place + AROUND + 1)}
        return sorted(near & set(range(self.total)))


def shown_of(
    conversation_id: int,
    flags: Collection[Flag],
    *,
    user: Any,
    rest: bool,
    with_histories: bool,
    decided_at: datetime | None,
) -> tuple[list[Shown], int]:
    """Return the messages that the page of a case shows ``user``, and how many it leaves out. ``rest`` adds the rest of
    the conversation, as far as one page holds it. Reported texts that have changed since are set only
    ``with_histories``. ``decided_at`` is the time of the last decision about the conversation."""
    by_message: dict[int, list[Flag]] = {}
    for flag in flags:
        if flag.message_id is not None:
            by_message.setdefault(flag.message_id, []).append(flag)
    freeing = {key for key, some in by_message.items() if any(flag.frees(user.pk) for flag in some)}
    excerpt = Excerpt(conversation_id, by_message, freeing=freeing, rest=rest)
    cover(user, excerpt.rows)
    shown, before = [], 0
    for row in excerpt.rows:
        key = row.message.pk
        shown.append(Shown(row, row.position - before - 1, key in excerpt.free, by_message.get(key, [])))
        before = row.position
    if decided_at is not None:
        for one in shown:
            one.is_newer = one.row.message.timestamp > decided_at
        first = next((one for one in shown if one.is_newer), None)
        if first is not None:
            first.begins_newer = True
    if with_histories:
        _compare(shown)
    return shown, excerpt.total - len(shown)


def _compare(shown: list[Shown]) -> None:
    """Set the reported text on messages whose text has changed since their latest report."""
    wanted: dict[int, int] = {}
    for one in shown:
        revision = max((flag.revision for flag in one.flags), default=one.row.message.revision)
        if revision < one.row.message.revision:
            wanted[one.row.message.pk] = revision
    if not wanted:
        return
    stored = MessageHistory.objects.filter(message__in=wanted).readable().order_by()
    texts: dict[Any, tuple[str, bool]] = {
        message: (text, withheld)
        for message, revision, text, withheld in stored.values_list("message", "revision", "text", "withheld")
        if wanted[message] == revision
    }
    for one in shown:
        if one.row.message.pk not in texts:
            continue
        text, one.withheld = texts[one.row.message.pk]
        if not one.withheld:
            one.then = text
            one.changes = shortened(compare(one.then, one.row.message.content).differences)
