"""Generated cases equal cases made by the desk, and the goals are checked against the right figures."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import F

from bench.generate import Forest
from bench.load import load
from bench.measure import Figure
from bench.scenarios import reviewing
from messaging.models import Conversation, Message
from ops.moderation import claims
from ops.moderation.models import Case, Decision, Flag, State


@pytest.fixture
def made(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Store the cases of 1,000 messages, in the transaction of the test."""
    load(Forest(1_000))
    monkeypatch.setattr(reviewing, "tidy", lambda: None)
    reviewing.make_cases()


def test_every_conversation_has_a_pending_case_and_a_closed_one(made: None) -> None:
    conversations = Conversation.objects.count()
    assert Case.objects.pending().values("conversation").distinct().count() == conversations
    assert Case.objects.filter(state=State.CLOSED).values("conversation").distinct().count() == conversations
    assert Case.objects.count() == Flag.objects.count() == 2 * conversations
    assert not Flag.objects.exclude(message__conversation=F("case__conversation"))
    assert Decision.objects.in_force().count() == conversations


def test_cases_are_given_to_reviewers_and_decisions_lapse(made: None) -> None:
    people = reviewing.reviewers()
    first, second = claims.claim_next(next(people)), claims.claim_next(next(people))
    assert first is not None
    assert second is not None
    assert [first.case, second.case] == list(Case.objects.pending().order_by("rank_at", "id")[:2])
    decision = Decision.objects.in_force().earliest("pk")
    Message.objects.filter(pk__in=decision.covered.values("message")).update(content="another text")
    decision.refresh_from_db()
    assert not decision.in_force


def test_cases_are_decided_at_once(made: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviewing, "TOGETHER", 10)
    first = set(Case.objects.pending().order_by("rank_at", "id")[:10].values_list("pk", flat=True))
    reviewing.decide_together()()
    assert set(Decision.objects.filter(group__isnull=False).values_list("case", flat=True)) == first
    assert Message.objects.filter(hidden=True).count() == 10


@pytest.mark.parametrize(("seconds", "met"), [(4.9, True), (5.1, False)])
def test_the_goal_limits_the_time_of_simultaneous_decisions(seconds: float, met: bool) -> None:
    ours = Figure(best=seconds, result=reviewing.TOGETHER)
    assert [goal.met for goal in reviewing.goals({"ours": ours})] == [met]


@pytest.mark.parametrize(
    ("key", "ours", "met"),
    [
        (reviewing.FIRST, 0.11, [True]),
        (reviewing.FIRST, 0.13, [False]),
        (reviewing.SLOWEST, 0.004, [True]),
        (reviewing.SLOWEST, 0.006, [False]),
        (reviewing.PAGE, 0.14, [True]),
        (reviewing.PAGE, 0.16, [False]),
        (reviewing.NEXT, 1.0, []),
    ],
)
def test_the_goals_limit_the_time_of_each_case(key: str, ours: float, met: list[bool]) -> None:
    figures = {
        "ours": Figure(best=ours, result=key),
        "vanilla": Figure(best=0.1),
        "raw": Figure(),
        "small": Figure(best=0.1),
    }
    assert [goal.met for goal in reviewing.goals(figures)] == met
