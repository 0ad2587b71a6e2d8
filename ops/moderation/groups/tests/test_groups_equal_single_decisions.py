"""Deciding cases together stores the same as deciding them one by one; so do undoing and restoring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.models import Message
from messaging.tests.conversations import write
from messaging.tests.random_threads import property_test, rolled_back
from ops.audit.models import Entry
from ops.moderation import decisions, flagging
from ops.moderation.groups import kinds, preparing
from ops.moderation.groups.tests.many import previewed
from ops.moderation.measures.kinds import Order
from ops.moderation.models import (
    Act,
    Case,
    Claim,
    CoveredMessage,
    Decision,
    DecisionGroup,
    Flag,
    GroupAction,
    Label,
    Measure,
    Source,
)
from ops.moderation.restoring import restoring
from ops.moderation.tests.desk import decided, many_reports

pytestmark = pytest.mark.django_db
# What happened to a case before: nothing, a second message reported, its message hidden, decided and reported again, or
# a second message reported and the first hidden.
BEFORE = ("", "second", "hidden", "again", "both")


def prepare(before: Sequence[str], label: Label, by: Any) -> list[Case]:
    cases = many_reports(label, len(before))
    for case, what in zip(cases, before, strict=True):
        message = case.flags.get().message
        assert message is not None
        if what == "again":
            decided(case, by, label, hides=[message.pk])
        if what in ("second", "again", "both"):
            other = write(message.sender, message.receiver, "More", parent_message=message)
            flagging.flag(other, label=label, by=message.receiver, source=Source.PARTICIPANT)
        if what in ("hidden", "both"):
            Message.objects.filter(pk=message.pk).update(hidden=True)
    return cases


def one_by_one(
    cases: Sequence[Case], action: GroupAction, warns: bool, sent: str, label: Label, by: Any
) -> list[Decision]:
    made = []
    for case in cases:
        waiting = Flag.objects.waiting().filter(case=case)
        chosen = {"sent": sent, "upholds": action == GroupAction.UPHOLD}
        if action == GroupAction.HIDE:
            chosen["hides"] = list(waiting.values_list("message", flat=True))
        if warns:
            authors = sorted(set(waiting.values_list("message__sender", flat=True)))
            chosen["measures"] = [Order(Act.WARN, user=pk) for pk in authors]
        made.append(decided(case, by, label, **chosen))
    return made


def look() -> Any:
    """Return what is stored, without values that always differ: keys of new rows, times, the group."""
    numbers = {
        pk: place for place, pk in enumerate(Decision.objects.order_by("case", "pk").values_list("pk", flat=True))
    }
    decisions_ = Decision.objects.order_by("case", "pk").values_list(
        "case", "label", "sent", "note", "decided_by", "version_before", "version_after", "in_force", "cause", "upholds"
    )
    events = ["moderation.decided", "moderation.undone", "moderation.restored"]
    entries = Entry.objects.filter(event__in=events).order_by("target_id", "pk")
    return {
        "cases": list(Case.objects.order_by("pk").values_list("pk", "state", "version", "severity", "waits_for_reply")),
        "moments": [(one.closed_at is None, one.first_decided_at is None) for one in Case.objects.order_by("pk")],
        "flags": list(Flag.objects.order_by("pk").values_list("pk", "outcome")),
        "messages": list(Message.objects.order_by("pk").values_list("pk", "hidden", "revision")),
        "decisions": list(decisions_),
        "covered": sorted(
            (numbers[a], b, c) for a, b, c in CoveredMessage.objects.values_list("decision", "message", "revision")
        ),
        "measures": sorted(
            (numbers[a], act, *map(str, rest))
            for a, act, *rest in Measure.objects.values_list("decision", "act", "message", "user", "before", "after")
        ),
        "claims": Claim.objects.count(),
        "entries": [
            (
                one.event,
                one.actor_id,
                one.target_id,
                {k: v for k, v in one.details.items() if k not in ("decision", "group", "restores")},
            )
            for one in entries
        ],
    }


def done(group: DecisionGroup, by: Any) -> DecisionGroup:
    """Process all of a group in one batch, as its job does; a job's batches cannot run inside another transaction."""
    group.started_at = group.made_at
    group.save()
    kinds.do_batch(group, list(group.members.to_do()), by=by)
    return group


def after(do: Callable[[], Any]) -> Any:
    with rolled_back():
        do()
        return look()


@property_test
@given(
    before=st.lists(st.sampled_from(BEFORE), min_size=1, max_size=4),
    action=st.sampled_from(GroupAction),
    sent=st.sampled_from(["", "Do not."]),
    warns=st.booleans(),
    steps=st.integers(0, 2),  # decide; undo too; restore too
)
def test_deciding_together_has_the_same_effect_as_deciding_one_by_one(
    lena: Any,
    mona: Any,
    spam: Label,
    threat: Label,
    before: list[str],
    action: GroupAction,
    sent: str,
    warns: bool,
    steps: int,
) -> None:
    warns, sent = warns and action != GroupAction.DISMISS, sent or ("Do not." if warns else "")

    def single() -> None:
        for decision in one_by_one(cases, action, warns, sent, threat, lena):
            if steps:
                undo = decisions.undo(decision.pk, by=lena, note="Not spam")
                if steps > 1:
                    restoring.restore(undo.pk, by=lena, note="It was spam")

    def together() -> None:
        group = done(previewed(cases, lena, threat, action, warns=warns, sent=sent), lena)
        for note in ("Not spam", "It was spam")[:steps]:
            group = done(preparing.prepare_reversal(group, note=note, by=lena), lena)

    with rolled_back():
        cases = prepare(before, spam, mona)
        for case in cases:
            case.refresh_from_db()
        assert after(together) == after(single)
