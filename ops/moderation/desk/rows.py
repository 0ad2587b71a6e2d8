"""Rows of the queue: the people, what was reported and why, and who holds the case."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F
from django.utils import timezone

from messaging.models import Message
from ops.console.lists.words import first_words
from ops.moderation.models import Claim, Flag, Label, Outcome, State

MOST_NAMED = 3


@dataclass
class Queued:
    """What a row of the queue shows of its case."""

    people: list[str] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)  # of waiting flags, the most reported first
    reporters: int = 0
    reports: int = 0
    reported: Any = None  # the message reported first among the waiting ones; None once erased, or if it is covered
    reported_by: list[Flag] = field(default_factory=list)  # the flags of that message
    unopened: bool = False  # whether the words are withheld until a reason is given
    edited: bool = False  # whether a text was edited since it was reported
    holder: str = ""
    overdue: bool = False

    @property
    def named(self) -> list[str]:
        return self.people[:MOST_NAMED]

    @property
    def others(self) -> int:
        return max(0, len(self.people) - MOST_NAMED)

    @property
    def is_covered(self) -> bool:
        """Whether one of the labels marks the text as hard to read."""
        return any(label.hard_to_read for label in self.labels)


def prepare(rows: Sequence[Any]) -> None:
    """Set ``queued`` on cases, in four queries however many there are. Without waiting flags, a case shows all of its
    flags."""
    found = {row.pk: Queued() for row in rows}
    flags: defaultdict[int, list[Flag]] = defaultdict(list)
    made = Flag.objects.filter(case__in=found).select_related("label").annotate(now_at=F("message__revision"))
    for flag in made.order_by("created_at", "id"):
        flags[flag.case_id].append(flag)
    chosen = {pk: [one for one in some if one.outcome == Outcome.WAITING] or some for pk, some in flags.items()}
    keys = {pk: next((one.message_id for one in some if one.message_id), None) for pk, some in chosen.items()}
    messages = first_words({key for key in keys.values() if key is not None})
    people = Message.objects.usernames_by_conversation(row.conversation_id for row in rows if row.conversation_id)
    now = timezone.now()
    for claim in Claim.objects.live().filter(case__in=found).select_related("reviewer"):
        found[claim.case_id].holder = claim.reviewer.get_username()
    for row in rows:
        row.queued = queued = found[row.pk]
        some = chosen.get(row.pk, [])
        queued.people = sorted(people.get(row.conversation_id, ()))
        queued.reports = len(some)
        queued.reporters = len({one.reporter_id for one in some} - {None})
        queued.labels = [label for label, _ in Counter(one.label for one in some).most_common()]
        queued.reported = None if queued.is_covered else messages.get(keys.get(row.pk) or 0)
        queued.reported_by = [one for one in some if one.message_id == keys.get(row.pk)]
        queued.edited = any(one.now_at not in (None, one.revision) for one in some)  # type: ignore[attr-defined]
        queued.overdue = row.state != State.CLOSED and row.due_at < now


def withhold(rows: Sequence[Any]) -> None:
    """Remove the words from these rows: they are not shown before a reason is given."""
    for row in rows:
        row.queued.unopened, row.queued.reported = row.queued.reported is not None, None


def withhold_own(rows: Sequence[Any], reader: Any) -> None:
    """Remove the words from rows that only this reader reported, as staff or in an import (Flag.frees)."""
    withhold([row for row in rows if not any(flag.frees(reader.pk) for flag in row.queued.reported_by)])
