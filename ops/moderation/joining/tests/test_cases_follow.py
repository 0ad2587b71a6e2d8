"""Cases follow messages to other conversations, in the same number of statements for many as for few."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messaging import joining
from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.audit.models import Entry
from ops.moderation import claims, decisions, flagging
from ops.moderation.cases import REOPENED_WITHIN
from ops.moderation.joining import following
from ops.moderation.models import Case, CasePerson, Flag, Label, Note, Outcome, Source, State
from ops.moderation.notes import writing
from ops.moderation.tests.desk import decided, message_of

pytestmark = pytest.mark.django_db


class World:
    """Answers that were stored before their parents, each in its own conversation with a case."""

    def __init__(self, reviewer: Any, label: Label) -> None:
        self.reviewer, self.label = reviewer, label
        self.ann, self.ben, self.carla, self.dirk = (make_user(name) for name in ("ann", "ben", "carla", "dirk"))

    def report(self, message: Message) -> Flag:
        return flagging.flag(message, label=self.label, by=message.receiver, source=Source.PARTICIPANT)

    def orphan(self, name: str) -> Message:
        return write(self.ann, self.ben, "An answer", awaited_parent_external_id=name, external_id=f"answer-{name}")

    def parent(self, name: str) -> Message:
        """Store a parent that an answer awaits; the answer does not join it yet."""
        message = write(self.carla, self.dirk, "A question")
        set_external_id(message, name)
        return message

    def prepare(self, name: str, kind: str) -> None:
        """Store a conversation that will become part of another one, with what ``kind`` puts into either."""
        orphan, parent = self.orphan(name), self.parent(name)
        flag = self.report(orphan)
        if kind == "decided":
            decided(flag.case, self.reviewer, self.label, hides=[orphan.pk])
        if kind in ("both", "closed there", "long closed there"):
            there = self.report(parent)
            if kind != "both":
                decided(there.case, self.reviewer, self.label)
        if kind == "long closed there":
            Case.objects.filter(pk=there.case_id).update(closed_at=timezone.now() - 2 * REOPENED_WITHIN)
        if kind == "erased":
            later = answer(orphan)
            self.report(later)
            Message.objects.filter(pk=later.pk).delete()
        if kind == "noted":
            writing.add("Look at this", orphan.conversation, by=self.reviewer)


def set_external_id(message: Message, name: str) -> None:
    """Set the ID alone: the usual update would also join the answers that await it."""
    QuerySet.update(Message._base_manager.filter(pk=message.pk), external_id=name)


KINDS = ("alone", "decided", "both", "closed there", "long closed there", "erased", "noted")


@pytest.fixture
def world(mona: Any, spam: Label) -> World:
    return World(mona, spam)


def join(names: list[str]) -> list[joining.Move]:
    return joining.join_awaiting(names, using="default")


def everything_holds() -> None:
    assert not Flag.objects.filter(message__isnull=False).exclude(case__conversation=F("message__conversation"))
    assert not Case.objects.pending().filter(conversation=None)
    assert not Case.objects.filter(state=State.CLOSED, flags__outcome="waiting")
    for flag in Flag.objects.filter(message__isnull=False).select_related("message"):
        assert flag.message is not None
        people = {flag.message.sender_id, flag.message.receiver_id}
        assert people <= set(CasePerson.objects.filter(case=flag.case).values_list("user", flat=True))


def test_twice_as_many_conversations_take_the_same_statements(world: World) -> None:
    numbers = []
    for start, end in ((0, len(KINDS)), (len(KINDS), 3 * len(KINDS))):
        names = [str(number) for number in range(start, end)]
        for number, name in enumerate(names):
            world.prepare(name, KINDS[number % len(KINDS)])
        with CaptureQueriesContext(connection) as queries:
            moves = join(names)
        assert len(moves) == len(names)
        everything_holds()
        numbers.append(len(queries))
        with CaptureQueriesContext(connection) as queries:
            joining.undo_joins(moves, using="default")
        everything_holds()
        numbers.append(len(queries))
    assert numbers[0] == numbers[2]


def test_cases_that_move_to_one_conversation_become_one_case(world: World) -> None:
    parent = world.parent("q")
    flags = [world.report(world.orphan("q"))]
    others = [write(world.ann, world.ben, f"Another {place}", awaited_parent_external_id="q") for place in range(3)]
    flags += [world.report(one) for one in others]
    join(["q"])
    first = min(flag.case_id for flag in flags)
    assert set(Flag.objects.values_list("case", flat=True)) == {first}
    assert dict(Case.objects.values_list("pk", "state")) == {
        flag.case_id: "open" if flag.case_id == first else "closed" for flag in flags
    }
    assert set(Case.objects.values_list("conversation", flat=True)) == {parent.conversation_id}
    everything_holds()


def test_a_pending_case_moves_beside_one_that_was_closed_lately(world: World) -> None:
    """The closed case stays decided."""
    world.prepare("q", "closed there")
    states = {flag.case_id: "open" if flag.outcome == Outcome.WAITING else "closed" for flag in Flag.objects.all()}
    assert sorted(states.values()) == ["closed", "open"]
    join(["q"])
    assert dict(Case.objects.values_list("pk", "state")) == states
    assert len(set(Case.objects.values_list("conversation", flat=True))) == 1
    everything_holds()


class TestParting:
    """Undoing the join: then flags of one case are in several conversations."""

    def joined(self, world: World) -> tuple[list[joining.Move], Flag, Flag]:
        orphan, parent = world.orphan("q"), world.parent("q")
        moves = join(["q"])
        orphan.refresh_from_db()
        return moves, world.report(parent), world.report(orphan)

    def test_undoing_a_join_puts_each_flag_in_a_case_of_its_conversation(self, world: World) -> None:
        moves, here, there = self.joined(world)
        assert here.case_id == there.case_id
        joining.undo_joins(moves, using="default")
        here.refresh_from_db()
        there.refresh_from_db()
        assert here.case_id != there.case_id
        assert set(Case.objects.values_list("state", flat=True)) == {"open"}
        assert Entry.objects.filter(event="moderation.case_opened").count() == 2
        everything_holds()

    def test_undoing_a_join_does_not_reopen_settled_flags(self, world: World) -> None:
        moves, here, there = self.joined(world)
        decided(here.case, world.reviewer, world.label)
        joining.undo_joins(moves, using="default")
        there.refresh_from_db()
        assert there.case.state == State.CLOSED
        everything_holds()

    def test_a_lapsed_decision_leaves_its_case_open(self, world: World) -> None:
        moves, here, _there = self.joined(world)
        decided(here.case, world.reviewer, world.label, hides=[message_of(here).pk])
        Message.objects.filter(content="A question").update(content="Another question")
        joining.undo_joins(moves, using="default")
        here.refresh_from_db()
        assert here.case.state == State.OPEN
        everything_holds()


def test_a_case_moves_to_a_conversation_that_another_case_leaves(world: World) -> None:
    """In whatever order the database updates the cases, no conversation has two pending ones in between."""
    third, second, first = (write(world.ann, world.ben, f"Words {place}") for place in range(3))
    leaves, follows = world.report(second), world.report(first)
    places = [one.conversation_id for one in (second, first)]
    for message, place in ((second, third.conversation_id), (first, second.conversation_id)):
        QuerySet.update(Message._base_manager.filter(pk=message.pk), conversation=place)
    following.follow(places, {}, using="default")
    assert dict(Case.objects.pending().values_list("pk", "conversation")) == {
        leaves.case_id: third.conversation_id,
        follows.case_id: second.conversation_id,
    }
    everything_holds()


def test_notes_follow(world: World) -> None:
    world.prepare("q", "noted")
    parent = Message.objects.get(external_id="q")
    join(["q"])
    assert Note.objects.get().conversation_id == parent.conversation_id


def test_waiting_cases_still_wait_after_moving(world: World, mona: Any) -> None:
    flag = world.report(world.orphan("q"))
    world.parent("q")
    claim = claims.claim(mona, flag.case)
    until = timezone.now() + timedelta(hours=1)
    decisions.wait(flag.case_id, until=until, for_reply=False, by=mona, token=claim.token, version=claim.case.version)
    join(["q"])
    case = Case.objects.get()
    assert (case.state, case.waits_until) == (State.WAITING, until)
