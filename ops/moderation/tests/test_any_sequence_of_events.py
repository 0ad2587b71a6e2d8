"""The promises of the review desk hold after any sequence of changes to messages, reports and cases."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import Count, F
from hypothesis import given
from hypothesis import strategies as st

from messaging.models import Message
from messaging.participants.standing import standing_of
from messaging.tests.cast import make_user
from messaging.tests.random_threads import property_test, rolled_back
from ops.accounts.refusals import Refused
from ops.deletion.models import DeletionRequest
from ops.files.tests.files import row
from ops.imports.tests.importing import stored_import, undone
from ops.moderation import decisions, flagging
from ops.moderation.labels.targets import target_of
from ops.moderation.models import Case, Cause, Decision, Flag, Measure, Outcome, Source, State
from ops.moderation.ranking import rank, ranks_of
from ops.moderation.restoring import restoring
from ops.moderation.tests import happenings
from ops.moderation.tests.desk import MEASURING, decided
from ops.moderation.tests.happenings import ROADS, Crowd, Step
from ops.moderation.transitions import TABLE

numbers = st.integers(0, 7)
steps = st.builds(Step, st.sampled_from(sorted(ROADS)), numbers, numbers)
DECIDING = ["hide", "dismiss", "measure_people"]
BEGINNING = [
    *(Step("write_to_somebody", which, who) for which, who in ((1, 0), (2, 1), (0, 1))),
    Step("answer_somebody", 0, 0),
    Step("write_an_early_answer", 0, 1),
    *(Step("report", which, who) for which, who in ((0, 1), (1, 2), (4, 0))),
]


@pytest.fixture
def crowd(alice: Any, bob: Any, charlie: Any, mona: Any, mike: Any, lena: Any, spam: Any, threat: Any) -> Crowd:
    lena.user_permissions.add(*Permission.objects.filter(codename__in=MEASURING))
    return Crowd([alice, bob, charlie, make_user("dora")], [mona, mike, lena], [spam, threat])


@pytest.fixture
def begun(crowd: Crowd) -> Crowd:
    """The crowd after the steps of BEGINNING, to which each example rolls back."""
    for step in BEGINNING:
        take(crowd, step)
        everything_holds()
    return crowd


def states() -> dict[int, State]:
    return {pk: State(state) for pk, state in Case.objects.values_list("pk", "state")}


def take(crowd: Crowd, step: Step) -> None:
    """Run a step, and check how it changed the states of cases. Refusals are allowed; any other exception fails."""
    function, may_happen = ROADS[step.name]
    before = states()
    with suppress(Refused), transaction.atomic():
        function(crowd, step)
    reached = {(old, state) for (old, happening), state in TABLE.items() if happening in may_happen}
    for pk, state in states().items():
        if pk not in before:
            assert state == State.OPEN
        elif state != before[pk]:
            assert (before[pk], state) in reached
        if state != State.CLOSED and before.get(pk, State.CLOSED) == State.CLOSED:
            assert_ranked_by_its_flags(Case.objects.get(pk=pk))


def assert_ranked_by_its_flags(case: Case) -> None:
    """Assert that waiting flags rank the case. Without any, since a text was changed, it keeps its severity."""
    without = case.severity, rank(case.pending_since, target_of(case.severity), ())
    ranked = ranks_of({case.pk: case.pending_since}, using="default").get(case.pk, without)
    assert (case.severity, (case.due_at, case.rank_at)) == ranked


def everything_holds() -> None:
    pending = Case.objects.pending()
    for many in (pending.values("conversation"), Decision.objects.in_force().values("case")):
        assert not many.order_by().annotate(number=Count("pk")).filter(number__gt=1).exists()
    assert not Flag.objects.filter(message__isnull=False).exclude(case__conversation=F("message__conversation"))
    assert not pending.filter(conversation=None)  # nobody can review an erased conversation
    for case in pending.exclude(flags__outcome=Outcome.WAITING):
        last = case.decisions.filter(reverses=None).last()
        assert last is not None
        assert last.cause in (Cause.TEXT_CHANGED, Cause.UNDONE)
    assert not Case.objects.filter(state=State.CLOSED, flags__outcome=Outcome.WAITING)
    undone = Measure.objects.exclude(decision__reversed_by=None)
    assert not undone.filter(pk__in=Measure.objects.standing().values("pk"))


def queue() -> list[Any]:
    return list(Case.objects.pending().order_by("rank_at", "id").values_list("pk", "rank_at", "due_at", "version"))


@pytest.mark.django_db
@property_test
@given(some=st.lists(steps, max_size=20))
def test_the_invariants_of_the_desk_hold(begun: Crowd, some: list[Step]) -> None:
    with rolled_back():
        for step in some:
            take(begun, step)
            everything_holds()


@pytest.mark.django_db
@property_test
@given(some=st.lists(steps.filter(lambda step: step.name != "anonymise"), max_size=20))
def test_revisions_are_one_more_than_the_texts_that_were_kept(begun: Crowd, some: list[Step]) -> None:
    with rolled_back():
        for step in some:
            take(begun, step)
        kept = Message.objects.annotate(kept=Count("histories"))
        assert not kept.exclude(revision=F("kept") + 1)


@pytest.mark.django_db
@property_test
@given(some=st.lists(steps, max_size=12), last=st.sampled_from(["take_next", "skip", "leases_end"]))
def test_taking_skipping_and_expired_leases_do_not_reorder_the_queue(begun: Crowd, some: list[Step], last: str) -> None:
    with rolled_back():
        for step in some:
            take(begun, step)
        before = queue()
        assert before == sorted(before, key=lambda row: (row[1], row[0]))
        take(begun, Step(last, 0, 0))
        assert queue() == before


@pytest.mark.django_db
@property_test
@given(
    some=st.lists(steps, max_size=12),
    which=numbers,
    who=numbers,
    road=st.sampled_from(["hide", "dismiss", "measure_people"]),
)
def test_undoing_a_decision_at_once_restores_the_state_before(
    begun: Crowd, some: list[Step], which: int, who: int, road: str
) -> None:
    def look() -> Any:
        flags = Flag.objects.order_by("pk").values_list("pk", "outcome", "settled_at")
        messages = Message.objects.order_by("pk").values_list("pk", "hidden", "content", "revision")
        accounts = get_user_model().objects.order_by("pk").values_list("pk", "is_active")
        requested = DeletionRequest.objects.open().order_by("user").values_list("user")
        standing = [standing_of(person) for person in begun.people]
        return list(messages), list(flags), list(accounts), list(requested), standing

    with rolled_back():
        for step in some:
            take(begun, step)
        before, last = look(), Decision.objects.order_by("pk").last()
        take(begun, Step(road, which, who))
        made = Decision.objects.order_by("pk").last()
        if made is not None and made != last:
            decisions.undo(made.pk, by=begun.reviewers[-1])
        assert look() == before
        everything_holds()


@pytest.mark.django_db
@property_test
@given(some=st.lists(steps, max_size=12), which=numbers, who=numbers, road=st.sampled_from(DECIDING))
def test_restoring_an_undone_decision_at_once_restores_its_effects(
    begun: Crowd, some: list[Step], which: int, who: int, road: str
) -> None:
    def look() -> Any:
        standing = [standing_of(person) for person in begun.people]
        return (
            list(Message.objects.order_by("pk").values_list("pk", "hidden", "content", "revision")),
            list(Flag.objects.order_by("pk").values_list("pk", "outcome")),
            list(Case.objects.order_by("pk").values_list("pk", "state")),
            list(get_user_model().objects.order_by("pk").values_list("pk", "is_active")),
            list(DeletionRequest.objects.open().order_by("user").values_list("user")),
            [(one.limits, sorted(warning.text for warning in one.warnings)) for one in standing],
        )

    lead = begun.reviewers[-1]
    with rolled_back():
        for step in some:
            take(begun, step)
        last = Decision.objects.order_by("pk").last()
        take(begun, Step(road, which, who))
        made = Decision.objects.order_by("pk").last()
        if made is None or made == last:
            return
        decided_ = look()
        undo = decisions.undo(made.pk, by=lead)
        if restoring.restoring(undo, by=lead).refusal.startswith("What it was about was erased"):
            return
        restoring.restore(undo.pk, by=lead)
        assert look() == decided_
        everything_holds()


@pytest.mark.django_db
def test_an_import_that_changes_a_text_and_its_undo_both_reopen_the_case(
    alice: Any, bob: Any, mona: Any, spam: Any
) -> None:
    stored_import(row("1", content="Send money"))
    message = Message.objects.get()
    case = flagging.flag(message, label=spam, by=bob, source=Source.PARTICIPANT).case
    first = decided(case, mona, spam, hides=[message.pk])
    import_ = stored_import(row("1", content="Send nothing"), existing="edit")
    case.refresh_from_db()
    assert (case.state, Decision.objects.get(pk=first.pk).cause) == (State.OPEN, Cause.TEXT_CHANGED)
    second = decided(case, mona, spam)
    undone(import_)
    case.refresh_from_db()
    assert (case.state, Decision.objects.get(pk=second.pk).cause) == (State.OPEN, Cause.TEXT_CHANGED)
    assert Message.objects.get().hidden
    everything_holds()


def test_every_declared_event_can_be_produced() -> None:
    assert {one for _, may_happen in happenings.ROADS.values() for one in may_happen} == {one for _, one in TABLE}
