"""The page of a group: what it would do, its progress, its results, and which cases were left out and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import Count, F, Q
from django.utils import timezone

from messaging.models import Message
from ops.console.thread.parts import people_in_words
from ops.jobs.leases import UNDER_WAY
from ops.jobs.permissions import may_control
from ops.moderation import decisions
from ops.moderation.groups import preparing
from ops.moderation.groups.fitness import authors
from ops.moderation.measures import registry
from ops.moderation.measures.kinds import Acting, Order
from ops.moderation.models import (
    DONE,
    Act,
    Case,
    Decision,
    DecisionGroup,
    Flag,
    GroupAction,
    GroupKind,
    LeftOut,
    Measure,
)

MOST_LISTED = 200  # left-out cases
MOST_SENTENCES = 20  # about messages that stay unchanged


@dataclass
class Reason:
    """The cases left out for one reason: their number, and those that are listed, each with its people."""

    words: str
    number: int
    cases: list[tuple[int, str]] = field(default_factory=list)

    @property
    def unlisted(self) -> int:
        return self.number - len(self.cases)


@dataclass
class GroupPage:
    """A group as one person sees it."""

    group: DecisionGroup
    user: Any

    @cached_property
    def outcomes(self) -> Counter[str]:
        found = self.group.members.order_by().values_list("outcome").annotate(number=Count("pk"))
        return Counter(dict(found))

    @property
    def to_do(self) -> int:
        return self.outcomes[""]

    @property
    def done(self) -> int:
        return self.outcomes[DONE]

    @property
    def left_out(self) -> int:
        return sum(self.outcomes.values()) - self.to_do - self.done

    @property
    def is_preview(self) -> bool:
        return self.group.started_at is None

    @property
    def is_under_way(self) -> bool:
        return self.group.job is not None and self.group.job.state in UNDER_WAY

    @property
    def may_retry(self) -> bool:
        """Whether this person can resume a group that ended early."""
        job = self.group.job
        ended = job is not None and job.state in (job.State.FAILED, job.State.CANCELLED)
        return bool(self.to_do) and ended and may_control(self.user, job)  # type: ignore[arg-type]

    @property
    def undoes(self) -> bool:
        return self.group.kind == GroupKind.UNDO

    @property
    def title(self) -> str:
        return preparing.title_of(self.group, self.to_do if self.is_preview else self.to_do + self.done)

    @property
    def offers_reversal(self) -> bool:
        return not self.is_preview and not preparing.why_not_reverse(self.group, self.user)

    @cached_property
    def reasons(self) -> list[Reason]:
        """Why cases were left out, the most frequent reason first; at most MOST_LISTED cases are named."""
        reasons = {
            code: Reason(str(LeftOut(code).label), number)
            for code, number in self.outcomes.most_common()
            if code not in ("", DONE)
        }
        rows = self.group.members.left_out().order_by("pk").values_list("outcome", "case", "case__conversation")
        found = list(rows[:MOST_LISTED])
        names = Message.objects.usernames_by_conversation({place for *_, place in found if place is not None})
        for code, pk, place in found:
            people = sorted(names.get(place, ()))
            reasons[code].cases.append((pk, people_in_words(people) if people else ""))
        return list(reasons.values())

    @cached_property
    def effect(self) -> Effect:
        return Effect(self.group)

    @cached_property
    def in_force(self) -> int:
        return self.group.decisions.in_force().count()

    @cached_property
    def ended(self) -> list[tuple[str, int]]:
        """The number of its decisions that are no longer in force, by cause."""
        rows = self.group.decisions.exclude(cause="").order_by("cause").values_list("cause")
        return list(rows.annotate(number=Count("pk")))

    @property
    def reversals(self) -> Any:
        """Groups that undid this one, or parts of it."""
        return self.group.reversed_by.started().order_by("started_at")


@dataclass
class Effect:
    """What a preview would do, in numbers."""

    group: DecisionGroup

    @cached_property
    def numbers(self) -> dict[str, int]:
        """For a group that decides: the numbers of reports, their messages and authors, and cases with an edited
        text."""
        waiting = Flag.objects.waiting().filter(case__in=self._cases)
        edited = Q(message__revision__gt=F("revision"))
        return waiting.aggregate(
            reports=Count("pk"),
            messages=Count("message", distinct=True),
            authors=Count("message__sender", distinct=True),
            edited=Count("case", distinct=True, filter=edited),
        )

    @property
    def hides(self) -> int:
        return self.numbers["messages"] if self.group.action == GroupAction.HIDE else 0

    @cached_property
    def warns(self) -> int:
        """The number of people who are warned, each counted once."""
        if not self.group.warns:
            return 0
        return authors().filter(case__in=self._cases).aggregate(number=Count("user", distinct=True))["number"]

    @property
    def writes_to(self) -> int:
        """The number of people who read the text: authors of hidden messages, or else those who are warned."""
        if not self.group.sent:
            return 0
        return self.numbers["authors"] if self.hides else self.warns

    @cached_property
    def again(self) -> registry.Again:
        """For a group that restores decisions: the measures that it takes again."""
        before = self.group.reverses.reverses_id if self.group.reverses else None
        undone = Decision.objects.filter(group=before, case__in=self._cases)
        measures = Measure.objects.filter(decision__in=undone.values("pk")).order_by("pk")
        return registry.again(list(measures), Acting(self.group.made_by, timezone.now(), "default"))

    @property
    def hides_again(self) -> int:
        """For a group that restores decisions: the number of messages that it hides."""
        return len({one.message for one in self._orders_again if one.act == Act.HIDE})

    @property
    def warns_again(self) -> int:
        """For a group that restores decisions: the number of people whom it warns."""
        return len({one.user for one in self._orders_again if one.act == Act.WARN})

    @property
    def _orders_again(self) -> list[Order]:
        return [one for orders in self.again.orders.values() for one in orders]

    @property
    def not_again(self) -> list[str]:
        """Sentences about measures that are not taken again, each once, at most MOST_SENTENCES."""
        return list(dict.fromkeys(self.again.skipped.values()))[:MOST_SENTENCES]

    @cached_property
    def reversal(self) -> registry.Reversal:
        """For a group that undoes: the measures that it undoes, and those that stay."""
        found = Decision.objects.filter(group=self.group.reverses_id, case__in=self._cases)
        whole = registry.Reversal()
        for one in decisions.preview_undos(list(found), by=self.group.made_by).values():
            whole.undone += one.plan.undone
            whole.stays |= one.plan.stays
        return whole

    @property
    def will_undo(self) -> list[str]:
        return registry.will_undo(self.reversal, using="default")

    @property
    def stays(self) -> list[str]:
        """Sentences about what stays unchanged, at most MOST_SENTENCES."""
        return list(self.reversal.stays.values())[:MOST_SENTENCES]

    @property
    def more_stays(self) -> int:
        return max(0, len(self.reversal.stays) - MOST_SENTENCES)

    @property
    def _cases(self) -> Any:
        return Case.objects.filter(pk__in=self.group.members.to_do().values("case")).order_by().values("pk")


def prepare(rows: list[Any]) -> None:
    """Set ``title`` and the numbers ``done``, ``left_out``, ``to_do`` and ``in_force`` on the groups of a list, in two
    queries."""
    by_pk = {row.pk: row for row in rows}
    for row in rows:
        row.done = row.left_out = row.to_do = row.in_force = 0
    members = DecisionGroup.objects.filter(pk__in=by_pk).order_by().values_list("pk", "members__outcome")
    for pk, outcome, number in members.annotate(number=Count("members")):
        name = {DONE: "done", "": "to_do"}.get(outcome, "left_out")
        setattr(by_pk[pk], name, getattr(by_pk[pk], name) + number)
    standing = Decision.objects.in_force().filter(group__in=by_pk).order_by().values_list("group")
    for pk, number in standing.annotate(number=Count("pk")):
        by_pk[pk].in_force = number
    for row in rows:
        row.title = preparing.title_of(row, row.done + row.to_do)
